"""Draws the lifetimes of the certificates that were presented, as bars against the day of the launch.

Their marks are those of the checks that judge how much is left: a picture that says otherwise would be believed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from gonogo.base.wording import counted
from gonogo.evidence.tls import Certificate
from gonogo.record.results import Observation, Outcome, Results
from gonogo.report.bar_rows import BarRow, Part, part
from gonogo.report.drawing import WIDTH, Scale, across, percent
from gonogo.report.measured import measured
from gonogo.report.wording import SHAPES

_TLS = "tls"
_JUDGES = ("tls-expiry", "tls-renewal")
"""The checks of what is left of a certificate's life; the first of them that did not pass is told."""
_MARKED = {Outcome.FAIL: "fail", Outcome.WARN: "warn"}
"""The kind of bar for each outcome of such a check."""
_CERTIFICATE: TypeAdapter[Certificate] = TypeAdapter(Certificate)
_MOST = 12
_FARTHEST = timedelta(days=400)
"""The axis ends so far from the launch on either side: a certificate of ten years would leave no room for the others."""
_EDGE = 120.0
_THINNEST = 6.0
"""The least width of a bar, in thousandths of the whole, so that the end of what has ended is seen."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """The bars of all certificates, on one axis of days."""

    rows: Sequence[BarRow]
    launch: str
    """The place of the launch on the axis, in percent of the width."""
    anchor: str
    label: str
    notes: Sequence[str]


def lifetimes(results: Results) -> Lifetimes | None:
    """Return the lifetimes of the servers' own certificates, of the first to end first, or None if no certificate was seen.

    At most twelve are drawn; a note says how many more there are, and how many could not be read.
    """
    served: dict[str, _Served] = {}
    unread = 0
    for host, scope, facts in _leaves(results):
        try:
            leaf = _CERTIFICATE.validate_python(facts)
            leaf.remaining(results.run.started_at)
            one = served.setdefault(leaf.sha256, _Served(leaf))
            one.hosts[host] = one.scopes[scope] = None
        except (ValidationError, TypeError):  # a moment without its offset cannot be compared
            unread += 1
    if not served:
        return None
    launch = results.run.launch_at or results.run.started_at
    found = sorted(served.values(), key=lambda one: (one.leaf.not_after, one.leaf.sha256))
    _judge(found, results)
    found = found[:_MOST]
    x = _axis([one.leaf for one in found], launch)
    place = x(launch.timestamp())
    return Lifetimes(
        rows=[_row(one, launch, results, x) for one in found],
        launch=percent(place),
        anchor="start" if place < _EDGE else "end" if place > WIDTH - _EDGE else "middle",
        label=f"{_day_name(results)} {launch:%Y-%m-%d}",
        notes=list(_notes(results, len(served) - len(found), unread)),
    )


@dataclass(slots=True)
class _Served:
    """A certificate, where it is served, and what a check said of what is left of it, if it did not pass."""

    leaf: Certificate
    hosts: dict[str, None] = field(default_factory=dict)
    scopes: dict[tuple[str, ...], None] = field(default_factory=dict)
    judged: Observation | None = None


def _judge(served: Sequence[_Served], results: Results) -> None:
    """Give each certificate what the checks said of it; if one target serves several, the first to end gets it."""
    first_ending: dict[tuple[str, ...], _Served] = {}
    for one in served:
        for scope in one.scopes:
            first_ending.setdefault(scope, one)
    by_id = {check.id: check for check in results.checks}
    for judge in _JUDGES:
        for observation in by_id[judge].observations if judge in by_id else ():
            judged = first_ending.get(tuple(observation.scope))
            if judged and judged.judged is None and observation.outcome in _MARKED:
                judged.judged = observation


def _leaves(results: Results) -> Iterator[tuple[str, tuple[str, ...], object]]:
    """Yield host, target and leaf of every chain. Facts that are shown at another check are met there."""
    for check in results.checks:
        for observation in check.observations:
            facts = observation.facts.get(_TLS)
            presented = facts.get("presented", ()) if isinstance(facts, Mapping) else ()
            for one in presented if isinstance(presented, Sequence) else ():
                chain = one.get("chain") if isinstance(one, Mapping) else None
                if isinstance(chain, Sequence) and chain and isinstance(facts, Mapping):
                    yield str(facts.get("host", "")), tuple(observation.scope), chain[0]


def _axis(leaves: Sequence[Certificate], launch: datetime) -> Scale:
    low = max(min(launch, *(leaf.not_before for leaf in leaves)), launch - _FARTHEST)
    high = min(max(launch, *(leaf.not_after for leaf in leaves)), launch + _FARTHEST)
    return across(low.timestamp(), high.timestamp())


def _row(served: _Served, launch: datetime, results: Results, x: Scale) -> BarRow:
    leaf = served.leaf
    begin, now, end = (x(at.timestamp()) for at in (leaf.not_before, results.run.started_at, leaf.not_after))
    now = min(max(now, begin), end)
    left = part(_kind(served, launch), min(now, WIDTH - _THINNEST), max(end - now, _THINNEST))
    parts: list[Part] = [part("passed-time", begin, now - begin), left] if now > begin else [left]
    words = f"{_state(served, launch, results)}; {leaf.key}, {leaf.authority}, {leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d}"
    return BarRow(title=", ".join(served.hosts), words=words, parts=parts)


def _holds(leaf: Certificate, launch: datetime) -> bool:
    return leaf.not_before <= launch < leaf.not_after


def _kind(served: _Served, launch: datetime) -> str:
    if not _holds(served.leaf, launch):
        return "fail"
    return _MARKED[served.judged.outcome] if served.judged else "holds"


def _state(served: _Served, launch: datetime, results: Results) -> str:
    leaf, day = served.leaf, _day_name(results)
    if leaf.not_before > launch:
        return f"✖ not valid yet: {day} comes {_days(leaf.not_before - launch)} too early"
    if leaf.not_after <= launch:
        verb = "ended" if leaf.not_after <= results.run.started_at else "ends"
        return f"✖ {verb} {_days(launch - leaf.not_after)} before {day}"
    if served.judged is None:
        return f"✔ {_days(leaf.not_after - launch)} left at {day}"
    shape = SHAPES[served.judged.outcome]
    missed = next((row for row in measured(served.judged) if not row.met and row.margin), None)
    if missed is None:
        return f"{shape} {_days(leaf.not_after - launch)} left at {day}"
    return f"{shape} {missed.observed} left, {missed.wanted} wanted"


def _day_name(results: Results) -> str:
    return "the launch" if results.run.launch_at else "the day of this run"


def _days(length: timedelta) -> str:
    return counted(length // _DAY, "day") if length >= _DAY else counted(length // timedelta(hours=1), "hour")


def _notes(results: Results, more: int, unread: int) -> Iterator[str]:
    if results.run.launch_at is None:
        yield "No launch is declared (launch.at), so the line is the day of this run."
    if more:
        yield f"Further certificates, which end later: {more}."
    if unread:
        yield f"Certificates that this version of gonogo cannot read: {unread}."
