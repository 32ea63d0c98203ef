"""How long each journey took, and which of them the whole run waited for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from gonogo.evidence.journey import LAST
from gonogo.record.results import CheckResult, Results
from gonogo.report.bar_rows import BarRow, part
from gonogo.report.drawing import WIDTH, across
from gonogo.report.wording import families

_WALK = "walk"
_THINNEST = 10.0
"""Thousandths of the width: a step of a millisecond is still seen."""
_DURATION = TypeAdapter(timedelta)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkedJourney:
    """One of them."""

    name: str
    steps: Sequence[CheckResult]
    rows: Sequence[BarRow]
    """Its steps over its time."""
    elapsed: timedelta
    """From its first step to the end of its last."""
    critical: bool
    """Whether a faster one would have made the run faster."""


def journeys(results: Results) -> list[WalkedJourney]:
    """The journeys that were walked, in the order of the plan. The last one begins when all others are over."""
    walked = {name: checks for name, checks in families(results).items() if any(map(_facts, checks))}
    elapsed = {name: max(map(_end, checks)) for name, checks in walked.items()}
    longest = max((name for name in walked if name != LAST), key=elapsed.__getitem__, default=LAST)
    return [
        WalkedJourney(
            name=name,
            steps=checks,
            rows=[_row(check, elapsed[name]) for check in checks],
            elapsed=elapsed[name],
            critical=name in {longest, LAST},
        )
        for name, checks in walked.items()
    ]


def _facts(check: CheckResult) -> Mapping[str, object]:
    for observation in check.observations:
        if isinstance(step := observation.facts.get(_WALK), Mapping):
            return step
    return {}


def _end(check: CheckResult) -> timedelta:
    """Since its journey began; nothing for a step that was not walked."""
    times = _times(check)
    return sum(times, timedelta()) if times else timedelta()


def _times(check: CheckResult) -> tuple[timedelta, timedelta] | None:
    """When the step began, after its journey, and how long it took; None where it was not walked."""
    facts = _facts(check)
    try:
        return _DURATION.validate_python(facts["began"]), _DURATION.validate_python(facts["elapsed"])
    except (KeyError, ValidationError):
        return None


def _row(check: CheckResult, whole: timedelta) -> BarRow:
    """The step in its place within the time of the journey; without a bar where it was not walked."""
    times = _times(check)
    if times is None:
        return BarRow(title=check.id, link=check.id, outcome=check.outcome, words="not walked", parts=[])
    x = across(0, whole.total_seconds())
    begin, end = x(times[0].total_seconds()), x((times[0] + times[1]).total_seconds())
    begin = min(begin, WIDTH - _THINNEST)
    return BarRow(
        title=check.id,
        link=check.id,
        outcome=check.outcome,
        words=f"at {times[0].total_seconds():.2f} s, took {times[1].total_seconds():.2f} s",
        parts=[part(check.outcome, begin, max(end - begin, _THINNEST))],
    )
