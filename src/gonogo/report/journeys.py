"""How long each journey took, and which of them the whole run waited for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from gonogo.evidence.journey import LAST
from gonogo.record.results import CheckResult, Results
from gonogo.report.wording import families

_WALK = "walk"
_DURATION = TypeAdapter(timedelta)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkedJourney:
    """One of them."""

    name: str
    steps: Sequence[CheckResult]
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
        WalkedJourney(name=name, steps=checks, elapsed=elapsed[name], critical=name in {longest, LAST})
        for name, checks in walked.items()
    ]


def _facts(check: CheckResult) -> Mapping[str, object]:
    for observation in check.observations:
        if isinstance(step := observation.facts.get(_WALK), Mapping):
            return step
    return {}


def _end(check: CheckResult) -> timedelta:
    """Since its journey began; nothing for a step that was not walked."""
    facts = _facts(check)
    try:
        return _DURATION.validate_python(facts["began"]) + _DURATION.validate_python(facts["elapsed"])
    except (KeyError, ValidationError):
        return timedelta()
