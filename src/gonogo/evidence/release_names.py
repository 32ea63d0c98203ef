"""Whether two words name the same release, in any of the usual spellings."""

import re
from collections.abc import Iterable

_SHA = re.compile(r"[0-9a-f]+")
_SHORTEST_SHA = 7
_FULL_SHA = {40, 64}
_DESCRIBED = re.compile(r"(?:.*-)?g?([0-9a-f]{7,64})")
"""As ``git describe`` names a commit: ``1.4.2-3-gabc1234``."""
_ENDS_IN_SHA = re.compile(r"(?:-| \()(?=\d*[a-f])([0-9a-f]{7,64})\)?$")
"""As tags of images and versions end: ``main-abc1234``, ``2.3.1 (abc1234)``."""


def is_release(served: str, wanted: str) -> bool:
    """Tells whether both are the same release, in any of the usual spellings."""
    return any(_same(spelling, other) for spelling in _spellings(served) for other in _spellings(wanted))


def _spellings(release: str) -> Iterable[str]:
    """``package@1.4.2`` and ``v1.4.2`` are 1.4.2; what git describe says of a commit is that commit.

    An image is its tag (``registry/app:1.4.2``), and the reference of a tag is the tag.
    """
    text = release.strip().removeprefix("refs/tags/")
    version = text.rpartition("@")[2]
    if "@" not in text and ":" in text.rpartition("/")[2]:
        version = text.rpartition(":")[2]
    yield from (text, version)
    yield from (word[1:] for word in (text, version) if word[:1] in {"v", "V"} and word[1:2].isdecimal())
    described = _DESCRIBED.fullmatch(version.lower())
    if described and "-g" in version.lower():
        yield described[1]
    if ending := _ENDS_IN_SHA.search(version.lower()):
        yield ending[1]
    if "+" in version:
        yield from (part for part in (version.partition("+")[2],) if _SHA.fullmatch(part) and not part.isdecimal())


def _same(first: str, other: str) -> bool:
    """Equal, or the same SHA, one of them abbreviated. Other releases have no abbreviation: 1.2.3 is not 1.2.30.

    A short text of digits alone is taken for the number of a build.
    """
    shorter, longer = sorted((first.lower(), other.lower()), key=len)
    looks_like_sha = _SHA.fullmatch(longer) and (len(longer) in _FULL_SHA or not shorter.isdecimal())
    abbreviated = bool(looks_like_sha) and len(shorter) >= _SHORTEST_SHA and longer.startswith(shorter)
    return first == other or abbreviated


def looks_like_commit(text: str) -> bool:
    """Whether it is hexadecimal, and long enough for the name of a commit."""
    return bool(_SHA.fullmatch(text.lower())) and len(text) >= _SHORTEST_SHA
