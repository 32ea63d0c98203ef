"""The signers of ``environments/people.toml``: which key is whose, for exactly one role, and for how long."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from gonogo.base.errors import UsageError
from gonogo.policy.people import FILE, People, read_people


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One key of one person."""

    name: str
    role: str
    key: str | None = None
    ssh: str | None = None
    """In place of ``key``, for teams that have SSH keys."""
    valid_from: datetime
    valid_until: datetime

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key, in hex: of its DER form, or of the text of an SSH key."""
        return public_key_id(self.key) if self.key else hashlib.sha256((self.ssh or "").encode()).hexdigest()

    def holds(self, at: datetime) -> bool:
        """Tells whether the signer may sign at this moment."""
        return self.valid_from <= at < self.valid_until


def public_key_id(pem: str) -> str:
    """SHA-256 of the DER form (SubjectPublicKeyInfo), in hex: the hint in a bundle, and what cosign shows."""
    der = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def read_signers(project: Path) -> Sequence[Signer]:
    """Everybody who may sign. Raises UsageError."""
    people = read_people(project)
    if not people.person:
        raise UsageError(
            f"{project / 'environments' / FILE}: does not exist, or lists nobody; "
            "begin it with: gonogo key new --role ROLE --name NAME --email ADDRESS"
        )
    return list(signers_among(people))


def signers_among(people: People) -> Iterator[Signer]:
    """One for each key."""
    for person in people.person:
        for key in person.keys:
            yield Signer(
                name=person.name,
                role=person.role_of(key) or "",
                key=key.key,
                ssh=key.ssh,
                valid_from=key.valid_from,
                valid_until=key.valid_until,
            )
