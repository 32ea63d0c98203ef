"""Whom a run trusted, as its record says it, and how that differs from another run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PUBLIC = "public"
"""In place of a file: the authorities that browsers trust, as certifi packs them."""
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


def other_trust(recorded: Sequence[TrustAnchor], current: Sequence[TrustAnchor]) -> Iterator[tuple[str, str, str]]:
    """The keys that trust somebody else than they did, each with what it trusted then and trusts now, in words."""
    then, now = ({anchor.place: anchor for anchor in side} for side in (recorded, current))
    for place in sorted(then.keys() | now.keys()):
        before, after = then.get(place), now.get(place)
        if before is None or after is None or before.declared != after.declared:
            yield place, _trusted(before), _trusted(after)


def _trusted(anchor: TrustAnchor | None) -> str:
    return anchor.words.partition(" trusts ")[2] if anchor else "nobody by a file"
