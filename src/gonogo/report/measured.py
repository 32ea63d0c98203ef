"""What was observed at a check, beside its threshold, and what is left between them; and how it ended in earlier runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gonogo.base.durations import format_duration, parse_duration
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.http import HealthEvidence
from gonogo.evidence.tls import TlsEvidence
from gonogo.record.history import OUTCOME_LETTERS
from gonogo.record.results import CheckResult, Observation, Results, facts_at
from gonogo.report.wording import SHAPES

_ROUND_TRIPS: TypeAdapter[RoundTripEvidence] = TypeAdapter(RoundTripEvidence)
_HEALTH: TypeAdapter[HealthEvidence] = TypeAdapter(HealthEvidence)
_TLS: TypeAdapter[TlsEvidence] = TypeAdapter(TlsEvidence)
_OUTCOMES = {letter: outcome for outcome, letter in OUTCOME_LETTERS.items()}
Limits = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One value, and the limit that it is held against."""

    observed: str
    threshold: str
    margin: str
    """What is left of the limit; with a minus where it is missed."""


def measured(results: Results, check: CheckResult, observation: Observation) -> Measured | None:
    """The value that the check compares at this target; None where its record does not hold one."""
    kind, read = _READERS.get(check.id, ("", _nothing))
    facts = facts_at(results.checks, kind, observation.facts.get(kind))
    if not isinstance(facts, Mapping):
        return None
    try:
        return read(facts, check.thresholds)
    except (ValidationError, ValueError, KeyError):  # of another version, or cut short: the facts are shown as they are
        return None


def earlier_outcomes(results: Results, check: CheckResult) -> tuple[str, str]:
    """The last ten outcomes before this one as shapes, and in words; both are empty where there are none."""
    letters = results.history.outcomes.get(check.id, "")
    told = [_OUTCOMES.get(letter) for letter in letters]
    shapes = "".join(SHAPES[outcome] if outcome else "–" for outcome in told)  # noqa: RUF001 - no outcome
    return shapes, ", ".join(outcome.value if outcome else "not planned" for outcome in told)


def _nothing(facts: Mapping[str, Any], limits: Limits) -> Measured | None:
    del facts, limits
    return None


def _round_trips(facts: Mapping[str, Any], limits: Limits) -> Measured | None:
    p95 = _ROUND_TRIPS.validate_python(facts).p95
    return None if p95 is None else _at_most(p95, limits["max_p95"], "p95 ")


def _health(facts: Mapping[str, Any], limits: Limits) -> Measured | None:
    return _at_most(_HEALTH.validate_python(facts).median.elapsed, limits["max_median"], "median ")


def _expiry(facts: Mapping[str, Any], limits: Limits) -> Measured | None:
    """Of the leaf that has the least left, by the rule of the check: a share of its life, between floor and ceiling."""
    tls = _TLS.validate_python(facts)
    floor, ceiling = parse_duration(limits["floor"]), parse_duration(limits["ceiling"])
    share = float(limits["min_remaining_fraction"])
    rows = [(leaf.remaining(tls.taken_at), max(floor, min(leaf.lifetime * share, ceiling))) for leaf in tls.leaves]
    if not rows:
        return None
    left, least = min(rows, key=lambda row: row[0] - row[1])
    return Measured(
        observed=f"{format_duration(left)} left",
        threshold=f"at least {format_duration(least)}",
        margin=format_duration(left - least),
    )


def _at_most(value: timedelta, limit: str, name: str) -> Measured:
    return Measured(
        observed=f"{name}{format_duration(value)}",
        threshold=f"at most {limit}",
        margin=format_duration(parse_duration(limit) - value),
    )


_READERS: Mapping[str, tuple[str, Callable[[Mapping[str, Any], Limits], Measured | None]]] = {
    "mongo-latency": ("mongo_latency", _round_trips),
    "redis-latency": ("redis_latency", _round_trips),
    "health-latency": ("health", _health),
    "tls-expiry": ("tls", _expiry),
}
