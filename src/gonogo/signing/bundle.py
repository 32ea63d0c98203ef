"""One role's signature: an in-toto Statement in a DSSE envelope in a Sigstore bundle, or signed with an SSH key."""

import base64
import json
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import rfc8785
from pydantic import Field, ValidationError

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.base.moments import Moment
from gonogo.base.toml_files import Document
from gonogo.signing.signers import Signer

if TYPE_CHECKING:  # brings the clients of every cloud that may keep a key, where they are installed
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from securesystemslib.dsse import Envelope

VALID = timedelta(hours=24)
"""How long a signature holds: it speaks of a service as it was observed, and the next day is another."""

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:gonogo:sign-off/v1"
SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SSH = "application/vnd.gonogo.ssh-signature.v1+json"
SSH_NAMESPACE = "gonogo-sign-off"
SUFFIXES = {SIGSTORE: ".sigstore.json", SSH: ".ssh.json"}
LARGEST_BYTES = 256 * 1024
"""A bundle has some kilobytes; whatever somebody put in its place is not read whole into memory."""
_SSH_SECONDS = 30
"""The time for ssh-keygen, in which a person may touch a security key or type a passphrase."""


class SignOff(Document):
    """The predicate of the signed statement: what is signed beside the files."""

    role: str
    signer: str
    decision: Literal["GO", "NO-GO", "HOLD"]
    comment: str = ""
    run: str
    environment: str
    gate: str
    release: str | None
    verdict: str
    """The machine's."""
    asked: str = ""
    """How much of the list the gate asked, in words; empty where there is no list."""
    statements: Mapping[str, str] = Field(default_factory=dict)
    """The role's statements: id to status when it was signed."""
    exceptions: tuple[str, ...] = ()
    """Ids of the checks whose waivers are accepted with it."""
    policy: Mapping[str, str] = Field(default_factory=dict)
    """Digests of the catalogue, the checks, the environment and the team's files."""
    witnessed: Mapping[str, str] = Field(default_factory=dict)
    """Signatures that lay there already, by file: SHA-256. None of them can be dropped unnoticed."""
    time: Moment
    expires: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle as it was read; nothing of it is verified yet."""

    path: Path
    kind: str
    envelope: "Envelope"
    keyid: str
    subjects: Mapping[str, str]
    """File to SHA-256, in hex; ``release`` to the commit."""
    predicate: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed(Bundle):
    """A bundle that holds a sign-off."""

    signoff: SignOff


def statement(subjects: Mapping[str, str], signoff: SignOff) -> bytes:
    """The bytes that are signed for a run."""
    return statement_of(PREDICATE_TYPE, subjects, signoff, release=signoff.release)


def statement_of(
    predicate_type: str, subjects: Mapping[str, str], predicate: Document, *, release: str | None = None
) -> bytes:
    """An in-toto Statement v1 as canonical JSON (RFC 8785), the same on every machine."""
    commit = [{"name": "release", "digest": {"gitCommit": release}}] if release else []
    document: dict[str, Any] = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(subjects.items())] + commit,
        "predicateType": predicate_type,
        "predicate": predicate.model_dump(mode="json"),
    }
    return rfc8785.dumps(document)


def signed_with_key(payload: bytes, key: "EllipticCurvePrivateKey", signer: Signer) -> bytes:
    """A Sigstore bundle v0.3 with a public-key hint."""
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - only where something is signed, and slow to import
    from securesystemslib.signer import (  # type: ignore[attr-defined]  # noqa: PLC0415 - public by its documentation
        CryptoSigner,
        SSlibKey,
    )

    public = SSlibKey.from_crypto(key.public_key(), keyid=signer.keyid)
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(key, public))
    return _bundle(SIGSTORE, envelope.to_dict(), signer.keyid)


def signed_with_ssh(payload: bytes, key: Path, signer: Signer) -> bytes:
    """Sign the same envelope with ``ssh-keygen -Y sign``, which asks for the passphrase or the agent itself."""
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - as above

    # DSSE's pre-authentication encoding: the type is signed with the payload, so that neither stands for another.
    pae = Envelope(payload, PAYLOAD_TYPE, {}).pae()
    signed = _ssh_keygen(["-Y", "sign", "-f", str(key), "-n", SSH_NAMESPACE], pae)
    if signed.returncode:
        raise UsageError(f"{key}: ssh-keygen did not sign: {signed.stderr.decode(errors='replace').strip()}")
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": base64.b64encode(signed.stdout).decode(), "keyid": signer.keyid}],
    }
    return _bundle(SSH, envelope, signer.keyid)


def read_bundle(path: Path) -> Signed:
    """The sign-off of a run. Raises IntegrityError for everything that is no bundle of ours."""
    bundle = read_statement(path, PREDICATE_TYPE)
    try:
        signoff = SignOff.model_validate(bundle.predicate)
    except ValidationError as error:
        raise _not_ours(path, error) from None
    return Signed(**{name: getattr(bundle, name) for name in Bundle.__dataclass_fields__}, signoff=signoff)


def read_statement(path: Path, predicate_type: str) -> Bundle:
    """A statement of this type. Raises IntegrityError for everything that is no bundle of ours."""
    from securesystemslib.dsse import Envelope  # noqa: PLC0415 - as above
    from securesystemslib.exceptions import FormatError  # noqa: PLC0415

    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise IntegrityError(f"{path.name}: is larger than {LARGEST_BYTES // 1024} KiB, so it is not a signature")
        document = json.loads(content)
        envelope = Envelope.from_dict(document["dsseEnvelope"])
        payload = json.loads(envelope.payload)
        kind, (keyid,) = document["mediaType"], envelope.signatures
        if document["verificationMaterial"]["publicKey"]["hint"] != keyid:
            raise IntegrityError(f"{path.name}: its key hint names a different key than its signature")
        return Bundle(
            path=path,
            kind=kind,
            envelope=envelope,
            keyid=keyid,
            subjects=_subjects(path, envelope, payload, predicate_type),
            predicate=payload["predicate"],
        )
    # RecursionError: deeply nested JSON. Anybody may put a file there, and none of them may end the verification.
    except (OSError, ValueError, KeyError, TypeError, FormatError, RecursionError) as error:
        raise _not_ours(path, error) from None


def _not_ours(path: Path, error: Exception) -> IntegrityError:
    return IntegrityError(f"{path.name}: is not a signature made by gonogo ({type(error).__name__})")


def verify_signature(signed: Bundle, signer: Signer) -> None:
    """Raises IntegrityError if this key did not sign exactly these bytes."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - as above
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError  # noqa: PLC0415
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # noqa: PLC0415

    wrong = IntegrityError(f"{signed.path.name}: its signature was not made by {signer.name}'s key over this content")
    if signed.kind == SSH and signer.ssh:
        if not _ssh_verified(signed, signer.ssh):
            raise wrong
    elif signed.kind == SIGSTORE and signer.key:
        key = SSlibKey.from_crypto(load_pem_public_key(signer.key.encode()), keyid=signer.keyid)
        try:
            signed.envelope.verify([key], 1)
        except (VerificationError, UnverifiedSignatureError):
            raise wrong from None
    else:
        raise wrong


def _subjects(path: Path, envelope: "Envelope", payload: Mapping[str, Any], predicate_type: str) -> dict[str, str]:
    if envelope.payload_type != PAYLOAD_TYPE or payload["_type"] != STATEMENT_TYPE:
        raise IntegrityError(f"{path.name}: does not contain an in-toto Statement")
    if payload["predicateType"] != predicate_type:
        raise IntegrityError(f"{path.name}: is a statement of another kind: {payload['predicateType']!r}")
    return {subject["name"]: next(iter(subject["digest"].values())) for subject in payload["subject"]}


def _bundle(kind: str, envelope: Mapping[str, Any], keyid: str) -> bytes:
    document = {
        "mediaType": kind,
        "verificationMaterial": {"publicKey": {"hint": keyid}, "tlogEntries": []},
        "dsseEnvelope": envelope,
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def _ssh_verified(signed: Bundle, public: str) -> bool:
    """Ask ssh-keygen whether this public key made the signature, in gonogo's namespace, over these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        # A file of allowed signers with this one key: the user's own configuration must not vouch for anybody.
        allowed, signature = Path(folder, "allowed"), Path(folder, "signature")
        allowed.write_text(f'signer namespaces="{SSH_NAMESPACE}" {public}\n')
        signature.write_bytes(bytes.fromhex(signed.envelope.signatures[signed.keyid].signature))
        arguments = ["-Y", "verify", "-f", str(allowed), "-I", "signer", "-n", SSH_NAMESPACE, "-s", str(signature)]
        return _ssh_keygen(arguments, signed.envelope.pae()).returncode == 0


def _ssh_keygen(arguments: list[str], content: bytes) -> "subprocess.CompletedProcess[bytes]":
    """Run OpenSSH's own tool. Raises UsageError if there is none, or if it waits for somebody for too long."""
    try:
        return subprocess.run(  # noqa: S603 - a fixed program; what it is given are paths, never a command line
            ["ssh-keygen", *arguments],  # noqa: S607 - wherever this system has it
            input=content,
            capture_output=True,
            timeout=_SSH_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("ssh-keygen is not installed; install OpenSSH's client") from None
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"ssh-keygen did not answer within {_SSH_SECONDS} s; does the SSH agent wait for a passphrase, or for a touch of the security key?"
        ) from None
