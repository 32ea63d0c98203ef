"""The files that say whose certificates and tokens count: which of them a run trusted, by their content."""

import hashlib
from pathlib import Path

import certifi

from gonogo.base.regular_files import Unreadable, read_regular
from gonogo.environment.marked import marked_values
from gonogo.environment.model import Environment
from gonogo.environment.types import TrustMarker
from gonogo.planning.trusted import PUBLIC, TrustAnchor

_LARGEST = 16 * 1024 * 1024


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
