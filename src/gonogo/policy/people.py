"""``environments/people.toml``: everybody whose word counts, with the roles in which it does, and the keys of signers.

Attestations, waivers and signatures name entries of this list. Two words are of one person when they are of one entry,
however they spell it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
    load_ssh_public_key,
)
from pydantic import AfterValidator, Field, model_validator

from gonogo.base.errors import UsageError
from gonogo.base.moments import Ending, Moment, Words
from gonogo.base.toml_files import Document, read_toml
from gonogo.base.wording import did_you_mean, nearest_or_all
from gonogo.policy.names import problem_of, skeleton

FILE = "people.toml"
FORMER = "signers.toml"
RoleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


def _name(value: str) -> str:
    if problem := problem_of(value):
        raise ValueError(problem)
    return value


def _email(value: str) -> str:
    local, at, domain = value.rpartition("@")
    shown = value.isascii() and value.isprintable() and " " not in value
    if not (local and at and "." in domain and shown) or set(value) & set('<>,;"'):
        raise ValueError("an address is expected, as in 'davi.lima@example.com'")
    return value.lower()


def _pem(value: str) -> str:
    try:
        key = load_pem_public_key(value.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("a public key in PEM is expected, as gonogo key new writes it") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("an ECDSA key on P-256 is expected, as gonogo key new makes it")  # noqa: TRY004 - pydantic collects ValueError
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _ssh(value: str) -> str:
    try:
        key = load_ssh_public_key(value.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("a public SSH key is expected, as in 'ssh-ed25519 AAAA…'") from None
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


class Key(Document):
    """A public key that a person signs with, for a while."""

    role: RoleName | None = None
    """The role that it signs in; None: the only one that the person has."""
    key: Annotated[str, AfterValidator(_pem)] | None = None
    ssh: Annotated[str, AfterValidator(_ssh)] | None = None
    """In place of ``key``, for teams that have SSH keys."""
    valid_from: Moment
    valid_until: Ending

    @model_validator(mode="after")
    def _is_one_key(self) -> Self:
        if (self.key is None) == (self.ssh is None):
            raise ValueError("either key or ssh is needed, not both")
        return self


class ListedPerson(Document):
    """One entry."""

    name: Annotated[Words, AfterValidator(_name)]
    email: Annotated[Words, AfterValidator(_email)]
    roles: Annotated[tuple[RoleName, ...], Field(min_length=1)]
    keys: tuple[Key, ...] = ()

    @model_validator(mode="after")
    def _signs_in_one_role(self) -> Self:
        signing = {self.role_of(key) for key in self.keys}
        if None in signing:
            raise ValueError(f"{self.name} has several roles: say in which one the key signs (role)")
        if foreign := sorted(role for role in signing if role and role not in self.roles):
            raise ValueError(f"{self.name} has a key for {foreign[0]}, which is not among the roles of this person")
        if len(signing) > 1:
            shown = ", ".join(sorted(map(str, signing)))
            raise ValueError(f"{self.name} has keys for {shown}; a person signs in exactly one role")
        return self

    def role_of(self, key: Key) -> str | None:
        """The role that one of the keys is for."""
        return key.role or (self.roles[0] if len(self.roles) == 1 else None)


class People(Document):
    """The whole file."""

    person: tuple[ListedPerson, ...] = Field(default=())

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        problems = [*_same(self.person)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def names(self) -> Sequence[str]:
        """The names of all people, in the order of the file."""
        return [entry.name for entry in self.person]

    def find(self, reference: str) -> ListedPerson | None:
        """The entry of this name, or of this address, exactly as it stands there."""
        return next(
            (entry for entry in self.person if reference == entry.name or reference.lower() == entry.email), None
        )


def _same(people: Sequence[ListedPerson]) -> Iterator[str]:
    """Entries that are one person's, whatever they call themselves."""
    looks: dict[str, str] = {}
    for entry in people:
        if first := looks.get(skeleton(entry.name)):
            yield f"{entry.name} looks the same as {first}; a person has one entry"
        looks[skeleton(entry.name)] = entry.name
    for address, count in Counter(entry.email for entry in people).items():
        if count > 1:
            yield f"{address} is the address of {count} entries; a person has one entry"
    keys = Counter(key.key or key.ssh for entry in people for key in entry.keys)
    for key, count in keys.items():
        if count > 1:
            yield f"the key {_short(key or '')} is listed {count} times; a key is one person's"


def _short(key: str) -> str:
    text = "".join(line for line in key.splitlines() if not line.startswith("-----"))
    return f"{text[-16:]}"


def read_people(root: Path) -> People:
    """Everybody; nobody, while there is no such file. Raises UsageError."""
    folder = root / "environments"
    if (folder / FORMER).exists():
        raise UsageError(
            f"{folder / FORMER}: is not read any more: write an entry [[person]] with name, email and roles for each "
            f"signer into {folder / FILE}, each key below it as [[person.keys]], and remove this file (docs/sign-off.md)"
        )
    path = folder / FILE
    return read_toml(path, People) if path.is_file() else People()


def unknown_person(reference: str, people: People, path: Path | str, role: str = "ROLE") -> str:
    """Why this name is nobody's, and the entry that would make it somebody's; empty: it is an entry's."""
    if people.find(reference) is not None:
        return ""
    odd = problem_of(reference)
    near = did_you_mean(reference, people.names) or _alike(reference, people)
    if odd:
        return f"{reference!r} {odd}{near}"
    if not people.person:
        return (
            f"{reference!r} is not known: {path} lists nobody yet; add this entry, with the person's own address, "
            f'and have it reviewed:\n\n    [[person]]\n    name = "{reference}"\n    email = "NAME@example.com"\n'
            f'    roles = ["{role}"]\n'
        )
    return f"{reference!r} is not in {path}{near or nearest_or_all(reference, people.names)}"


def _alike(reference: str, people: People) -> str:
    name = next((entry.name for entry in people.person if skeleton(entry.name) == skeleton(reference)), "")
    return f"; did you mean {name}?" if name else ""


def unknown_role(role: str, roles: Collection[str], where: str) -> str:
    """Why there is no such role; empty: there is."""
    if role in roles:
        return ""
    names = sorted(roles)
    return f"no role {role!r} in {where}{nearest_or_all(role, names)}"


def foreign_role(reference: str, role: str, people: People, path: Path | str) -> str:
    """Why this person does not speak in this role; empty: the person does, or is unknown."""
    person = people.find(reference)
    if person is None or role in person.roles:
        return ""
    return f"{person.name} does not have the role {role} in {path}, but {', '.join(person.roles)}"


def role_problems(people: People, roles: Collection[str], path: Path | str) -> Iterator[str]:
    """Roles of people that gates.toml does not have."""
    for number, person in enumerate(people.person):
        for role in person.roles:
            if roles and (problem := unknown_role(role, roles, "gates.toml")):
                yield f"{path}: person.{number}.roles: {problem}"
