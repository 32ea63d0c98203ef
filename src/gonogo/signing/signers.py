"""``environments/signers.toml``: which key is whose, for exactly one role, and for how long."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
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
from gonogo.base.toml_files import Document, Moment, Words, read_toml

FILE = "signers.toml"


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


class Signer(Document):
    """One key of one person."""

    name: Words
    role: Words
    key: Annotated[str, AfterValidator(_pem)] | None = None
    ssh: Annotated[str, AfterValidator(_ssh)] | None = None
    """In place of ``key``, for teams that have SSH keys."""
    valid_from: Moment
    valid_until: Moment

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if (self.key is None) == (self.ssh is None):
            raise ValueError(f"{self.name}: either key or ssh is needed, and not both")
        return self

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key, in hex: of its DER form, or of the text of an SSH key."""
        return public_key_id(self.key) if self.key else hashlib.sha256((self.ssh or "").encode()).hexdigest()

    def holds(self, at: datetime) -> bool:
        """At this moment."""
        return self.valid_from <= at < self.valid_until


class Signers(Document):
    """The whole file."""

    signer: tuple[Signer, ...] = Field(default=())

    @model_validator(mode="after")
    def _nobody_signs_twice(self) -> Self:
        people = {one.name.strip().casefold(): set[str]() for one in self.signer}
        for one in self.signer:
            people[one.name.strip().casefold()].add(one.role)
        for name, roles in people.items():
            if len(roles) > 1:
                raise ValueError(f"{name} has the roles {', '.join(sorted(roles))}; a person has exactly one")
        doubled = [key for key, count in Counter(one.keyid for one in self.signer).items() if count > 1]
        if doubled:
            raise ValueError(f"the key {doubled[0][:12]}… is listed twice; a key is one person's, in one role")
        return self


def public_key_id(pem: str) -> str:
    """SHA-256 of the DER form (SubjectPublicKeyInfo), in hex: the hint in a bundle, and what cosign shows."""
    der = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def read_signers(project: Path) -> Sequence[Signer]:
    """Everybody who may sign. Raises UsageError."""
    path = project / "environments" / FILE
    if not path.is_file():
        raise UsageError(f"{path}: does not exist; gonogo key new --role ROLE --name NAME begins it")
    return read_toml(path, Signers).signer
