"""The load on the page: what was asked, how long replies took beside their budgets, and whether that can be believed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter, ValidationError

from gonogo.base.wording import counted
from gonogo.evidence.load import LoadEvidence, Quantile, Traffic
from gonogo.record.results import Results
from gonogo.report.drawing import Scale, across, anchor, line, percent
from gonogo.report.load_course import LoadCourse, load_course

_LOAD = "load"
_EVIDENCE: TypeAdapter[LoadEvidence] = TypeAdapter(LoadEvidence)
_HEIGHT, _TOP = 240.0, 16.0
_TICKS = (0.0, 50.0, 90.0, 95.0, 99.0, 99.9, 99.99)
_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One class, or one endpoint of it."""

    name: str
    is_class: bool
    requests: int
    over: int
    failed: int
    refused: int
    quantiles: Sequence[str]
    """p50, p95 and p99 in milliseconds, each with its interval."""
    budget: str
    margin: str
    """What is left of the budget at its percentile; below nothing where it is missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One class' curve."""

    name: str
    number: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Latency over percentile, the tail stretched: log of what is left of all requests. Heights are in pixels."""

    height: float
    lines: Sequence[Curve]
    budgets: Sequence[tuple[str, float]]
    """Label and height of each budget line."""
    columns: Sequence[tuple[str, str, str]]
    """Label, place and anchor of percentiles."""
    rows: Sequence[tuple[str, float]]
    """Label and height of latencies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadView:
    """The load as the page shows it."""

    evidence: LoadEvidence
    rows: Sequence[Row]
    chart: Chart
    course: LoadCourse
    facts: Mapping[str, str]


class UnreadableLoad(Exception):
    """The recorded facts of the load are not of the form that this version reads."""


def load_view(results: Results) -> LoadView | None:
    """None if no load was measured in this run. Raises UnreadableLoad where its facts cannot be read."""
    for check in results.checks:
        for observation in check.observations:
            facts = observation.facts.get(_LOAD)
            if isinstance(facts, Mapping) and "classes" in facts:
                try:
                    evidence = _EVIDENCE.validate_python(facts)
                except ValidationError as error:
                    raise UnreadableLoad from error
                return LoadView(
                    evidence=evidence,
                    rows=list(_rows(evidence)),
                    chart=_chart(evidence),
                    course=load_course(evidence),
                    facts=_facts(evidence),
                )
    return None


def _rows(evidence: LoadEvidence) -> Iterator[Row]:
    for group in evidence.classes:
        yield _row(group, is_class=True)
        for endpoint in evidence.endpoints:
            if endpoint.group == group.name:
                yield _row(endpoint, is_class=False)


def _row(traffic: Traffic, *, is_class: bool) -> Row:
    budget = traffic.budget / timedelta(milliseconds=1)
    at = next((quantile.value for quantile in traffic.quantiles if quantile.percentile == traffic.percentile), None)
    return Row(
        name=traffic.name,
        is_class=is_class,
        requests=traffic.requests,
        over=traffic.over,
        failed=traffic.failed,
        refused=traffic.refused,
        quantiles=[_interval(quantile) for quantile in traffic.quantiles] or ["", "", ""],
        budget=f"p{traffic.percentile:g} < {budget:g} ms",
        margin=f"{budget - at:+.0f} ms" if at is not None else "",
    )


def _interval(quantile: Quantile) -> str:
    high = f"{quantile.high:.0f}" if quantile.high is not None else "?"
    return f"{quantile.value:.0f} ({quantile.low:.0f} to {high})"


def _chart(evidence: LoadEvidence) -> Chart:
    """Draw percentiles on a logarithmic axis of what is left of all requests, so that the tail has room."""
    budgets = sorted({group.budget / timedelta(milliseconds=1) for group in evidence.classes})
    slowest = max((point[1] for group in evidence.classes for point in group.curve), default=0.0)
    top = _round_up(max(slowest, *(1.2 * budget for budget in budgets)))
    most = max((math.log10(max(group.requests, 10)) for group in evidence.classes), default=1.0)
    ticks = [tick for tick in _TICKS if _tail(tick) <= most]

    x = across(0, most)
    y = Scale(low=0, high=top, begin=_HEIGHT - 1, end=_TOP)

    def path(group: Traffic) -> str:
        ends = math.log10(max(group.requests, 1))
        places = ((_tail(percentile) if percentile < 100 else ends, value) for percentile, value in group.curve)  # noqa: PLR2004 - all of them
        return line((x(tail), y(value)) for tail, value in places)

    return Chart(
        height=_HEIGHT,
        lines=[
            Curve(name=traffic.name, number=i % 4, path=path(traffic)) for i, traffic in enumerate(evidence.classes)
        ],
        budgets=[(f"budget {budget:g} ms", y(budget)) for budget in budgets],
        columns=[(f"p{tick:g}", percent(x(_tail(tick))), anchor(x(_tail(tick)))) for tick in ticks],
        rows=[(f"{top * part / 4:g}", y(top * part / 4)) for part in range(5)],
    )


def _tail(percentile: float) -> float:
    """How far out in the tail: 0 for all, 1 for one in ten, 2 for one in a hundred."""
    return -math.log10(1 - percentile / 100)


def _round_up(value: float) -> float:
    """Rounds up to a number that divides by four well."""
    step = 10 ** math.floor(math.log10(max(value, 1.0))) / 2.5
    return float(math.ceil(value / step) * step)


def _facts(evidence: LoadEvidence) -> Mapping[str, str]:
    seconds = evidence.generator
    rows = {
        "Traffic": f"{evidence.visits_per_second:g} visits a second, {evidence.model} model, profile {evidence.profile}",
        "Measured": f"{evidence.seconds} s, after {evidence.warm_up.total_seconds():g} s of warm-up "
        f"({sum(traffic.warm_up.requests for traffic in evidence.classes)} requests, not judged with the rest)",
        "Visits": f"{evidence.visits_ended} completed, {evidence.visits_given_up} timed out",
        "Generator": _generator(evidence) if seconds else "sent no figures",
        "Service": _service(evidence),
    }
    if reasons := [f"{count} times: {reason}" for traffic in evidence.classes for reason, count in traffic.reasons]:
        rows["Failures"] = "; ".join(reasons)
    if evidence.statuses_only:
        rows["Replies"] = f"only the statuses were looked at in: {', '.join(evidence.statuses_only)}"
    if evidence.stopped_early:
        rows["Stopped early"] = evidence.stopped_early
    if evidence.cut_short:
        rows["Cut short"] = evidence.cut_short
    if evidence.problems:
        rows["Problems"] = "; ".join(evidence.problems)
    return rows


def _generator(evidence: LoadEvidence) -> str:
    seconds = evidence.generator
    lag = max(second.lag for second in seconds) / timedelta(milliseconds=1)
    begun, planned = sum(second.begun for second in seconds), sum(second.planned for second in seconds)
    return (
        f"{counted(evidence.workers, 'process', 'processes')}; at most {max(second.cpu for second in seconds):.0%} of a processor, "
        f"{max(second.waited for second in seconds):.1%} waiting for one, event loop {lag:.0f} ms late; "
        f"{begun} of {planned} visits begun in time"
    )


def _service(evidence: LoadEvidence) -> str:
    memory = [sample.memory for sample in evidence.server if sample.memory is not None]
    cpu = [(sample.second, sample.cpu) for sample in evidence.server if sample.cpu is not None]
    queue = [sample.queue for sample in evidence.server if sample.queue is not None]
    connections = [sample.connections for sample in evidence.server if sample.connections is not None]
    parts = []
    if memory:
        parts.append(
            f"{memory[0] / _MIB:.0f} MiB at first, {max(memory) / _MIB:.0f} at most, {memory[-1] / _MIB:.0f} at last"
        )
    if len(cpu) > 1 and cpu[-1][0] > cpu[0][0]:
        parts.append(f"{(cpu[-1][1] - cpu[0][1]) / (cpu[-1][0] - cpu[0][0]):.0%} of a processor")
    if connections:
        parts.append(f"{max(connections):g} open files at most")
    if queue:
        parts.append(f"{max(queue):g} requests under way at most")
    return "; ".join(parts) or f"its metrics were not seen: {evidence.server_problem}"
