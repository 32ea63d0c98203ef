"""Keys that people sign with: ECDSA on P-256, kept encrypted (PKCS#8), never anywhere but on their own machine."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from gonogo.base.errors import UsageError
from gonogo.base.toml_files import build, editable, entries_of
from gonogo.base.whole_files import write_whole
from gonogo.policy.people import FILE, People, read_people

SHORTEST_PASSPHRASE = 8
LIFETIME = timedelta(days=365)


def new_key(path: Path, passphrase: str) -> str:
    """Write a new private key to ``path``; its public half in PEM. Raises UsageError, and overwrites nothing."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise UsageError(f"the passphrase has fewer than {SHORTEST_PASSPHRASE} characters; choose a longer one")
    key = generate_private_key(SECP256R1())
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
    except FileExistsError:
        raise UsageError(
            f"{path}: exists already, and a key is never overwritten; choose another file with --out"
        ) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def load_key(path: Path, passphrase: str) -> EllipticCurvePrivateKey:
    """The private key. Raises UsageError that never shows the passphrase."""
    try:
        key = load_pem_private_key(path.read_bytes(), passphrase.encode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); make one: gonogo key new") from None
    except TypeError:
        raise UsageError(f"{path}: is not encrypted, and a key that signs must be; make one: gonogo key new") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(
            f"{path}: cannot be opened: the passphrase is wrong, or the file is not a key in PEM"
        ) from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise UsageError(f"{path}: is not an ECDSA P-256 key; make one: gonogo key new")
    return key


def enrol(project: Path, *, name: str, role: str, public: str, email: str | None = None) -> Path:
    """Add the public key to ``people.toml``, which goes through the team's code review. Raises UsageError.

    Everything else in the file stays as it is, comments included.
    """
    import tomlkit  # noqa: PLC0415 - most commands write no such file

    path = project / "environments" / FILE
    now = datetime.now(UTC).replace(microsecond=0)
    people = read_people(project)
    key = tomlkit.string(public, multiline="\n" in public)
    new = {"role": role, "key": key, "valid_from": now, "valid_until": now + LIFETIME}
    document = editable(path)
    entries = entries_of(document, "person")
    person = people.find(name)
    if person is None:
        entries.append({"name": name, "email": _address(name, email, path), "roles": [role], "keys": [new]})
    else:
        entry = entries[people.person.index(person)]
        if role not in entry["roles"]:
            entry["roles"].append(role)
        for older in entry.get("keys", ()):
            older.setdefault("role", person.roles[0])
        if "keys" in entry:
            entry["keys"].append(new)
        else:
            entry["keys"] = [new]
    build(People, str(path), **document.unwrap())
    write_whole(path, document.as_string().encode())
    return path


def _address(name: str, email: str | None, path: Path) -> str:
    if email is None:
        raise UsageError(
            f"{path}: has no entry {name!r} yet; give the e-mail address as well, as in --email davi@example.com"
        )
    return email
