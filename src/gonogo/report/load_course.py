"""The course of a load as pictures: latency of each class, requests, what went wrong, and how fit the generator was.

All panels share one axis of time. A stall is marked through all of them: seconds in which most requests of a class were
as late as their budget, or failed, as the limits count them (``load.limits``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gonogo.base.wording import counted
from gonogo.evidence.load import LoadEvidence, SecondLatencies, Traffic
from gonogo.evidence.load_fitness import MOST_LAG, sickness
from gonogo.report.drawing import WIDTH, Scale, across, anchor, bars, line, percent, ticks

_MOST_POINTS = 240
"""Longer loads are drawn in steps of several seconds."""
_TOP = 16.0
"""Pixels above the highest gridline: its label stands there."""
_LATENCY, _COUNTS, _LANE = 120.0, 84.0, 62.0
_THINNEST = 2.0
"""Pixels: one request that failed, of thousands, is still seen."""
_MOST_CLASSES = 6
_MOST_STALLS = 12
_LABELS = 110.0
"""Thousandths of the width where the labels of the gridlines stand, on a phone."""
_NAME = 130.0
"""Thousandths of the width: a mark that has less room to its right, or to the next, is named in the notes only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture. Heights in pixels from its top."""

    title: str
    height: float
    rows: Sequence[tuple[str, float]]
    """Label and height of the gridlines."""
    limits: Sequence[tuple[str, float]]
    marks: Sequence[tuple[str, str]]
    """Class and path, the hindmost first."""
    words: str
    """The same, for whoever does not see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A stretch of time that is marked in all panels."""

    name: str
    kind: str
    """Class in the style sheet."""
    begin: str
    width: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCourse:
    """All panels of one load, one below the other."""

    panels: Sequence[Panel]
    bands: Sequence[Band]
    columns: Sequence[tuple[str, str, str]]
    """Label, place and anchor of moments."""
    notes: Sequence[str]
    """What the pictures say as a whole, and what they cannot."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """Time across: steps of one or several whole seconds, from the window's begin to its planned end."""

    seconds: int
    step: int

    @property
    def x(self) -> Scale:
        return across(0, self.seconds)

    def box(self, begin: float, top: float) -> tuple[float, float, float]:
        return self.x(begin), self.x(begin + self.step), top


@dataclass(frozen=True, slots=True)
class _Stall:
    """Seconds, the last one included, and the classes in whose requests it shows."""

    begin: int
    end: int
    names: tuple[str, ...]
    failing: bool
    unfit: bool
    """The generator was not fit in one of them, or in the second before."""

    @property
    def when(self) -> str:
        return f"second {self.begin}" if self.begin == self.end else f"seconds {self.begin} to {self.end}"


def load_course(evidence: LoadEvidence) -> LoadCourse:
    """The pictures of this load; panels that earlier records hold nothing for are left out, and a note says so."""
    planned = max(evidence.seconds, round(evidence.planned / timedelta(seconds=1)), 1)
    axis = _Axis(planned, -(-planned // _MOST_POINTS))
    stalls, most = _stalls(evidence)
    drawn = evidence.classes[:_MOST_CLASSES]
    panels = [
        *(_latency(traffic, evidence.seconds, axis) for traffic in drawn if traffic.course),
        _requests(evidence, axis),
        *_wrong(evidence, axis),
        *([_generator(evidence, axis)] if evidence.generator else []),
    ]
    return LoadCourse(
        panels=panels,
        bands=list(_bands(evidence, stalls, axis)),
        columns=_columns(planned, axis),
        notes=list(_notes(evidence, stalls, most, axis)),
    )


def _stepped(values: Mapping[int, float], seconds: int, step: int) -> Iterator[tuple[int, float | None]]:
    """The highest value of each step, with its first second; None where there is none."""
    for begin in range(0, seconds, step):
        known = [values[second] for second in range(begin, begin + step) if second in values]
        yield begin, max(known, default=None)


def _down(highest: float, height: float, most: int) -> tuple[Scale, Sequence[tuple[str, float]]]:
    """The scale of one panel, with its gridlines."""
    values = ticks(highest, most)
    y = Scale(low=0, high=values[-1], begin=height - 1, end=_TOP)
    return y, [(f"{value:g}", y(value)) for value in values]


def _latency(traffic: Traffic, seconds: int, axis: _Axis) -> Panel:
    budget = traffic.budget / timedelta(milliseconds=1)
    y, rows = _down(max(1.1 * budget, *(point.p95 for point in traffic.course)), _LATENCY, 4)

    def path(values: Mapping[int, float]) -> str:
        steps = _stepped(values, seconds, axis.step)
        return line((axis.x(begin + axis.step / 2), y(value)) if value is not None else None for begin, value in steps)

    return Panel(
        title=f"{traffic.name}: latency in ms",
        height=_LATENCY,
        rows=rows,
        limits=[(f"{budget:g} ms", y(budget))],
        marks=[
            ("curve half", path({point.second: point.p50 for point in traffic.course})),
            ("curve", path({point.second: point.p95 for point in traffic.course})),
        ],
        words=_latency_words(traffic, budget),
    )


def _latency_words(traffic: Traffic, budget: float) -> str:
    p50, p95 = [point.p50 for point in traffic.course], [point.p95 for point in traffic.course]
    worst: SecondLatencies = max(traffic.course, key=lambda point: point.p95)
    over = [point.second for point in traffic.course if point.p95 >= budget]
    reached = f"reached in {len(over)} of {counted(len(p95), 'second')}" if over else "never reached"
    return (
        f"{traffic.name}: p50 from {min(p50):g} to {max(p50):g} ms, p95 from {min(p95):g} to {max(p95):g} ms, "
        f"highest in second {worst.second}; the line of {budget:g} ms was {reached} by p95"
    )


def _requests(evidence: LoadEvidence, axis: _Axis) -> Panel:
    """Requests by the second in which they were due, of all classes."""
    counts = _sums(evidence, 1)
    rates = {
        begin: sum(counts.get(second, 0) for second in range(begin, begin + axis.step))
        / min(axis.step, max(evidence.seconds - begin, 1))
        for begin in range(0, evidence.seconds, axis.step)
    }
    y, rows = _down(max(rates.values(), default=0.0) or 1.0, _COUNTS, 2)
    words = f"from {min(rates.values()):.4g} to {max(rates.values()):.4g} requests a second" if rates else "nothing"
    return Panel(
        title="Throughput: requests due per second",
        height=_COUNTS,
        rows=rows,
        limits=[],
        marks=[("amount", bars((axis.box(begin, y(rate)) for begin, rate in rates.items()), y(0)))],
        words=f"Throughput: {words}, {sum(counts.values())} in all",
    )


def _wrong(evidence: LoadEvidence, axis: _Axis) -> Iterator[Panel]:
    """A lane for each kind of what went wrong; one in which nothing did is only told in the notes."""
    for name, column, kind in (("Over their budget", 2, "amount late"), ("Failed", 3, "amount wrong")):
        counts = {second: count for second, count in _sums(evidence, column).items() if count}
        if not counts:
            continue
        y, rows = _down(max(counts.values()), _LANE, 2)
        boxes = [
            axis.box(begin, min(y(value), y(0) - _THINNEST))
            for begin, value in _stepped(counts, evidence.seconds, axis.step)
            if value
        ]
        most = max(counts, key=lambda second: (counts[second], -second))
        yield Panel(
            title=f"{name}: requests per second",
            height=_LANE,
            rows=rows,
            limits=[],
            marks=[(kind, bars(boxes, y(0)))],
            words=f"{name}: {counted(int(sum(counts.values())), 'request')} in {counted(len(counts), 'second')}, "
            f"most in second {most}: {counts[most]:g}",
        )


def _sums(evidence: LoadEvidence, column: int) -> Mapping[int, int]:
    """One column of the counts of all classes, by second of the window."""
    sums: dict[int, int] = {}
    for traffic in evidence.classes:
        for tally in traffic.tallies:
            sums[tally.second] = sums.get(tally.second, 0) + tally[column]
    return sums


def _generator(evidence: LoadEvidence, axis: _Axis) -> Panel:
    """The lag of the worst process, and below it the seconds in which one was not fit."""
    lags: dict[int, float] = {}
    for sample in evidence.generator:
        lags[sample.second] = max(lags.get(sample.second, 0.0), sample.lag / timedelta(milliseconds=1))
    limit = MOST_LAG / timedelta(milliseconds=1)
    unfit = {sample.second: 1.0 for sample in evidence.generator if sickness(sample)}
    y, rows = _down(max(1.2 * limit, *lags.values()), _COUNTS, 2)
    steps = list(_stepped(lags, evidence.seconds, axis.step))
    points = ((axis.x(begin + axis.step / 2), y(lag)) if lag is not None else None for begin, lag in steps)
    boxes = [axis.box(begin, _TOP) for begin, known in _stepped(unfit, evidence.seconds, axis.step) if known]
    return Panel(
        title="Load generator: lag of its event loop in ms",
        height=_COUNTS,
        rows=rows,
        limits=[(f"{limit:g} ms: unfit", y(limit))],
        marks=[*([("unfit", bars(boxes, y(0)))] if boxes else []), ("curve", line(points))],
        words=f"Load generator: its event loop was at most {max(lags.values()):.3g} ms late; {_fitness(evidence)}",
    )


def _fitness(evidence: LoadEvidence) -> str:
    unfit = [sample for sample in evidence.generator if sickness(sample)]
    if not unfit:
        return f"fit in all of its {counted(len(evidence.generator), 'second')}"
    reasons = [sickness(sample) for sample in unfit]
    worst = max(sorted(set(reasons)), key=reasons.count)
    return f"not fit in {len(unfit)} of its {counted(len(evidence.generator), 'second')}, mostly: {worst}"


def _stalls(evidence: LoadEvidence) -> tuple[Sequence[_Stall], int]:
    """Stretches of bad seconds, and how many seconds they have together."""
    bad: dict[int, list[tuple[str, bool]]] = {}
    for traffic in evidence.classes:
        for second, requests, over, failed, _ in traffic.tallies:
            if 2 * max(over, failed) > requests:
                bad.setdefault(second, []).append((traffic.name, failed > over))
    sick = {sample.second + after for sample in evidence.generator if sickness(sample) for after in (0, 1)}
    found: list[_Stall] = []
    for second in sorted(bad):
        names, failing = [name for name, _ in bad[second]], any(failing for _, failing in bad[second])
        begin, before = second, tuple[str, ...]()
        if found and found[-1].end == second - 1:
            last = found.pop()
            begin, before, failing = last.begin, last.names, failing or last.failing
        joined = tuple(dict.fromkeys((*before, *names)))
        found.append(_Stall(begin, second, joined, failing, not sick.isdisjoint(range(begin, second + 1))))
    return found, len(bad)


def _bands(evidence: LoadEvidence, stalls: Sequence[_Stall], axis: _Axis) -> Iterator[Band]:
    """Where most requests were too late, and where nothing was measured."""
    free = _LABELS
    for stall in stalls[:_MOST_STALLS]:
        begin, end = axis.x(stall.begin), axis.x(stall.end + 1)
        name = ("failing" if stall.failing else "stall") if free <= begin <= WIDTH - _NAME else ""
        free = begin + _NAME if name else free
        yield _band(name, "stall", begin, end)
    if evidence.seconds < axis.seconds:
        begin = axis.x(evidence.seconds)
        named = free <= begin <= WIDTH - 2 * _NAME
        yield _band("not measured" if named else "", "unmeasured", begin, WIDTH)


def _band(name: str, kind: str, begin: float, end: float) -> Band:
    return Band(name=name, kind=kind, begin=percent(begin), width=percent(round(end - begin, 1)))


def _columns(planned: int, axis: _Axis) -> Sequence[tuple[str, str, str]]:
    moments = [moment for moment in ticks(planned, 6) if moment <= planned]
    return [(f"{moment:g} s", percent(axis.x(moment)), anchor(axis.x(moment))) for moment in moments]


def _notes(evidence: LoadEvidence, stalls: Sequence[_Stall], most: int, axis: _Axis) -> Iterator[str]:
    planned = axis.seconds
    if evidence.seconds < planned:
        why = evidence.stopped_early or evidence.cut_short or "no reason is recorded"
        yield f"Only {evidence.seconds} of {counted(planned, 'second')} were measured: {why}."
    for stall in stalls[:_MOST_STALLS]:
        what = "most requests failed" if stall.failing else "most requests reached their budget"
        doubt = "; the load generator was not fit then, and may be the reason" if stall.unfit else ""
        yield f"{'Failing' if stall.failing else 'Stall'} in {stall.when}: {what} ({', '.join(stall.names)}){doubt}."
    if len(stalls) > _MOST_STALLS:
        yield f"Further such moments: {len(stalls) - _MOST_STALLS}; {counted(most, 'second')} in all."
    if not stalls and any(traffic.tallies for traffic in evidence.classes):
        yield "No stall: in no second were most requests of a class late or failed."
    for name, column in (("over its budget", 2), ("failed", 3)):
        if not any(_sums(evidence, column).values()):
            yield f"No request {'was ' if column == 2 else ''}{name}."  # noqa: PLR2004 - the column of the counts
    if any(traffic.tallies and not traffic.course for traffic in evidence.classes):
        yield "This record holds no latencies by the second, as later versions of gonogo do."
    if len(evidence.classes) > _MOST_CLASSES:
        rest = ", ".join(traffic.name for traffic in evidence.classes[_MOST_CLASSES:])
        yield f"Latency is drawn of the first {_MOST_CLASSES} classes, not of {rest}."
    fitness = _fitness(evidence) if evidence.generator else "it sent no figures about itself"
    yield f"Load generator: {fitness}."
    if axis.step > 1:
        yield f"Each point is the highest of {axis.step} s; throughput is their mean."
