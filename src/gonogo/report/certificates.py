"""The lifetimes of the certificates that were presented, as bars against the day of the launch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from gonogo.base.wording import counted
from gonogo.evidence.tls import Certificate
from gonogo.record.results import Results
from gonogo.report.bar_rows import BarRow, Part, part
from gonogo.report.drawing import WIDTH, Scale, across, percent

_TLS = "tls"
_CERTIFICATE: TypeAdapter[Certificate] = TypeAdapter(Certificate)
_MOST = 12
_FARTHEST = timedelta(days=400)
"""To either side of the launch: a certificate of ten years would leave no room for those that matter."""
_EDGE = 120.0
_THINNEST = 6.0
"""Thousandths of the width: what has ended has an end that is seen."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """All bars on one axis of days."""

    rows: Sequence[BarRow]
    launch: str
    """Place of the launch."""
    anchor: str
    label: str
    notes: Sequence[str]


def lifetimes(results: Results) -> Lifetimes | None:
    """The servers' own certificates, the first that ends first; None where none was seen."""
    hosts: dict[str, tuple[Certificate, dict[str, None]]] = {}
    unread = 0
    for host, facts in _leaves(results):
        try:
            leaf = _CERTIFICATE.validate_python(facts)
            leaf.remaining(results.run.started_at)
            hosts.setdefault(leaf.sha256, (leaf, {}))[1][host] = None
        except (ValidationError, TypeError):  # a moment without its offset cannot be compared
            unread += 1
    if not hosts:
        return None
    launch = results.run.launch_at or results.run.started_at
    found = sorted(hosts.values(), key=lambda one: (one[0].not_after, one[0].sha256))[:_MOST]
    x = _axis([leaf for leaf, _ in found], launch)
    place = x(launch.timestamp())
    return Lifetimes(
        rows=[_row(leaf, list(names), launch, results, x) for leaf, names in found],
        launch=percent(place),
        anchor="start" if place < _EDGE else "end" if place > WIDTH - _EDGE else "middle",
        label=f"{_day_name(results)} {launch:%Y-%m-%d}",
        notes=list(_notes(results, len(hosts) - len(found), unread)),
    )


def _leaves(results: Results) -> Iterator[tuple[str, object]]:
    """Host and leaf of every chain. Facts that are shown at another check are met there."""
    for check in results.checks:
        for observation in check.observations:
            facts = observation.facts.get(_TLS)
            presented = facts.get("presented", ()) if isinstance(facts, Mapping) else ()
            for one in presented if isinstance(presented, Sequence) else ():
                chain = one.get("chain") if isinstance(one, Mapping) else None
                if isinstance(chain, Sequence) and chain and isinstance(facts, Mapping):
                    yield str(facts.get("host", "")), chain[0]


def _axis(leaves: Sequence[Certificate], launch: datetime) -> Scale:
    low = max(min(launch, *(leaf.not_before for leaf in leaves)), launch - _FARTHEST)
    high = min(max(launch, *(leaf.not_after for leaf in leaves)), launch + _FARTHEST)
    return across(low.timestamp(), high.timestamp())


def _row(leaf: Certificate, hosts: Sequence[str], launch: datetime, results: Results, x: Scale) -> BarRow:
    begin, now, end = (x(at.timestamp()) for at in (leaf.not_before, results.run.started_at, leaf.not_after))
    now = min(max(now, begin), end)
    holds = leaf.not_before <= launch < leaf.not_after
    left = part("holds" if holds else "fail", min(now, WIDTH - _THINNEST), max(end - now, _THINNEST))
    parts: list[Part] = [part("passed-time", begin, now - begin), left] if now > begin else [left]
    return BarRow(title=", ".join(hosts), words=_words(leaf, launch, results), parts=parts)


def _words(leaf: Certificate, launch: datetime, results: Results) -> str:
    day = _day_name(results)
    if leaf.not_before > launch:
        state = f"✖ not valid yet: {day} comes {_days(leaf.not_before - launch)} too early"
    elif leaf.not_after <= launch:
        verb = "ended" if leaf.not_after <= results.run.started_at else "ends"
        state = f"✖ {verb} {_days(launch - leaf.not_after)} before {day}"
    else:
        state = f"✔ {_days(leaf.not_after - launch)} left at {day}"
    return f"{state}; {leaf.key}, {leaf.authority}, {leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d}"


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
