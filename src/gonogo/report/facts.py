"""The observed facts as the page shows them: every set once, everything bounded, the whole page light.

Up to some hundreds of checks all facts are shown. Beyond that, what passed is shown in short, the longest first:
a page that no mail system takes is not read. What did not pass always keeps its facts, and evidence.json has all.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gonogo.record.results import CheckResult, Observation, Outcome, Results
from gonogo.record.shown_facts import SHOWN_AT
from gonogo.report.day_chart import Chart, recorded_chart

_LONGEST, _MOST = 600, 40
_BRIEFEST = 110
_ROOM = 1_150_000
"""Bytes that the facts of passed checks may take."""
_CAPS = (100_000, 8_000, 4_000, 2_000, 1_000, 500)
_MARKUP = 46
"""Bytes around each value."""
_PICTURES_ROOM = 1_200_000
"""Characters that all pictures may take together; the first ones are shown."""
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page of a browser as it was when a step of a journey failed."""

    of: str
    """Its address."""
    data: str
    """A JPEG in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """The evidence of one kind that one observation judged."""

    kind: str
    value: Any
    """Text, pairs of them, or lists; None where they are shown ``at`` another check."""
    at: str = ""
    brief: bool = False
    """Whether more is known, in evidence.json."""
    size: int = 0
    pictures: Sequence[Picture] = ()
    course: Chart | None = None
    """Of a signal that was watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """All of them."""

    of: Mapping[tuple[str, int], Sequence[Fact]]
    """Facts by a check's id and the number of its observation."""
    brief: bool
    """Whether some are shown in short, for want of room."""
    pictures: bool = False
    """Whether there are any, which the page's Content-Security-Policy has to permit."""


def page_facts(results: Results) -> PageFacts:
    """The facts of every observation; the first check that judged some shows them, the others point there."""
    shown_at: dict[str, str] = {}
    room = _Room(_PICTURES_ROOM)
    made = {
        (check.id, number): list(_observed(check, observation, shown_at, room))
        for check in results.checks
        for number, observation in enumerate(check.observations)
    }
    passed = {check.id for check in results.checks if check.outcome is Outcome.PASS}
    cap = _cap([fact.size for (check, _), facts in made.items() for fact in facts if check in passed])
    kept = {key: [_short(fact, cap) if key[0] in passed else fact for fact in facts] for key, facts in made.items()}
    return PageFacts(
        of=kept,
        brief=any(fact.brief for facts in kept.values() for fact in facts),
        pictures=any(fact.pictures for facts in kept.values() for fact in facts),
    )


def shown(value: Any) -> Any:  # noqa: ANN401 - JSON in, text or nested lists out
    """Mappings as pairs, short lists as text, everything bounded."""
    match value:
        case None | "" | [] | ():
            return "none"
        case Mapping():
            named = {str(key).replace("_", " "): item for key, item in value.items() if key != "scope"}
            return {key: shown(item) for key, item in islice(named.items(), _MOST)} | _left_off(len(named))
        case list() | tuple() if all(not isinstance(item, Mapping | list | tuple) for item in value):
            return ", ".join([_bounded(str(item)) for item in value[:_MOST]] + list(_left_off(len(value)).values()))
        case list() | tuple():
            return [shown(item) for item in value[:_MOST]] + list(_left_off(len(value)).values())
        case bool():
            return "yes" if value else "no"
        case _:
            return _bounded(str(value))


@dataclass(slots=True)
class _Room:
    left: int

    def takes(self, picture: Picture) -> bool:
        """Whether it still has a place, which it then takes."""
        fits = len(picture.data) <= self.left
        self.left -= len(picture.data) if fits else 0
        return fits


def _observed(check: CheckResult, observation: Observation, shown_at: dict[str, str], room: _Room) -> Iterator[Fact]:
    for kind, value in observation.facts.items():
        if isinstance(value, Mapping) and SHOWN_AT in value:
            yield Fact(kind=kind, value=None, at=str(value[SHOWN_AT]))
            continue
        same = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
        at = shown_at.setdefault(same, check.id)
        if at == check.id:
            course = recorded_chart(value)
            made = shown(_without_images(value) if course is None else {**value, "points": "see the picture"})
            pictures = [picture for picture in _pictures(value) if room.takes(picture)]
            yield Fact(kind=kind, value=made, size=_size(made), pictures=pictures, course=course)
        else:
            yield Fact(kind=kind, value=None, at=at)


def _pictures(value: Any) -> Iterator[Picture]:  # noqa: ANN401 - JSON
    """The pictures of a step's pages; whatever is no JPEG is none."""
    for page in _pages(value):
        image = page.get("image")
        if not isinstance(image, str):
            continue
        try:
            content = base64.b64decode(image, validate=True)
        except (binascii.Error, ValueError):
            continue
        if content.startswith(_JPEG):
            yield Picture(of=str(page.get("url", "")), data=image)


def _without_images(value: Any) -> Any:  # noqa: ANN401 - JSON
    """The same facts, with the size of each picture in its place."""
    if not _pages(value):
        return value
    pages = [
        page | {"image": f"{len(str(page['image'])) * 3 // 4000} kB"} if page.get("image") else page
        for page in _pages(value)
    ]
    return {**value, "pages": pages}


def _pages(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    pages = value.get("pages") if isinstance(value, Mapping) else None
    return [dict(page) for page in pages if isinstance(page, Mapping)] if isinstance(pages, list | tuple) else []


def _cap(sizes: Sequence[int]) -> int:
    """How large facts of what passed may be, so that all of them have room; 0: each has one line."""
    for cap in _CAPS:
        if sum(size if size <= cap else _BRIEFEST for size in sizes) <= _ROOM:
            return cap
    return 0


def _short(fact: Fact, cap: int) -> Fact:
    if fact.value is None or fact.size <= cap:
        return fact
    text = _brief(fact.value)
    return Fact(kind=fact.kind, value=text, brief=True, size=len(text), course=fact.course)


def _brief(value: Any) -> str:  # noqa: ANN401 - as shown
    """One line of it."""
    match value:
        case Mapping():
            text = " · ".join(f"{key}: {_counted(item)}" for key, item in value.items())
        case list():
            text = f"{len(value)} entries"
        case _:
            text = str(value)
    return text if len(text) <= _BRIEFEST else f"{text[:_BRIEFEST]}…"


def _counted(value: Any) -> str:  # noqa: ANN401 - as shown
    return f"{len(value)} entries" if isinstance(value, Mapping | list) else str(value)


def _size(value: Any) -> int:  # noqa: ANN401 - as shown
    match value:
        case Mapping():
            return sum(_MARKUP + len(key) + _size(item) for key, item in value.items())
        case list():
            return sum(_MARKUP + _size(item) for item in value)
        case _:
            return len(value)


def _left_off(total: int) -> dict[str, str]:
    """The note that a list was cut."""
    return {"…": f"and {total - _MOST} more, in evidence.json"} if total > _MOST else {}


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
