"""The files that say whose certificates and tokens count: which of them a run trusted, by their content."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi

from gonogo.base.regular_files import Unreadable, read_regular
from gonogo.environment.marked import marked_values
from gonogo.environment.model import Environment
from gonogo.environment.types import TrustMarker

PUBLIC = "public"
"""In place of a file: the authorities that browsers trust, as certifi packs them."""
_LARGEST = 16 * 1024 * 1024
_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """Those whom one key of the environment file trusts."""

    place: str
    """The key, as in ``tls.trust`` or ``redis.ca_file``."""
    file: str
    """The name of a PEM file, without its folder, or ``public``."""
    version: str = ""
    """Of certifi, for ``public``; or that the bundled environment made the file for this run alone."""
    sha256: str = ""
    """Of the content, in hex; empty where nobody can compare it: it could not be read, or was made for one run."""

    @property
    def words(self) -> str:
        """``redis.ca_file trusts redis-root.pem (sha256 3f2c1a9d0b4e)``."""
        if self.file == PUBLIC:
            return f"{self.place} trusts the public authorities (certifi {self.version})"
        content = f"sha256 {self.sha256[:_SHOWN]}" if self.sha256 else self.version or "not read"
        return f"{self.place} trusts {self.file} ({content})"

    @property
    def declared(self) -> tuple[str, str]:
        """What the project answers for: the public authorities come with gonogo's own dependencies."""
        return self.file, "" if self.file == PUBLIC else self.sha256


def trust_anchors(environment: Environment, project: Path) -> tuple[TrustAnchor, ...]:
    """Everybody whom the environment file trusts by a file; relative paths start from ``project``."""
    declared = list(marked_values(environment, TrustMarker))
    if environment.tls is None:
        declared.append(("tls.trust", PUBLIC))
    return tuple(_anchor(place, path, project, made_anew=environment.service.bundled) for place, path in declared)


def _anchor(place: str, path: str, project: Path, *, made_anew: bool) -> TrustAnchor:
    if path == PUBLIC:
        content = Path(certifi.where()).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return TrustAnchor(place=place, file=PUBLIC, version=certifi.__version__, sha256=digest)
    if made_anew:
        return TrustAnchor(place=place, file=Path(path).name, version="made for this run")
    return TrustAnchor(place=place, file=Path(path).name, sha256=_digest(project / path))


def _digest(path: Path) -> str:
    """Of a file that is there; whoever needs one that is not says so, with the key."""
    try:
        return hashlib.sha256(read_regular(path, _LARGEST)).hexdigest()
    except Unreadable:
        return ""


def other_trust(recorded: Sequence[TrustAnchor], current: Sequence[TrustAnchor]) -> Iterator[tuple[str, str, str]]:
    """The keys that trust somebody else than they did, each with what it trusted then and trusts now, in words."""
    then, now = ({anchor.place: anchor for anchor in side} for side in (recorded, current))
    for place in sorted(then.keys() | now.keys()):
        before, after = then.get(place), now.get(place)
        if before is None or after is None or before.declared != after.declared:
            yield place, _trusted(before), _trusted(after)


def _trusted(anchor: TrustAnchor | None) -> str:
    return anchor.words.partition(" trusts ")[2] if anchor else "nobody by a file"
