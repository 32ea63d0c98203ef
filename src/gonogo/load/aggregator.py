"""Everything that was reported so far, summed up while the load goes on."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from gonogo.base.ranks import nearest_rank
from gonogo.evidence.load import GeneratorSecond
from gonogo.families.load.section import Load
from gonogo.load.bounds import Slacks, slacks
from gonogo.load.limits import rejected
from gonogo.load.plan import OUTCOMES
from gonogo.load.process import Event, unpacked
from gonogo.load.samples import Samples
from gonogo.load.window import Window

_RECENT_SECONDS = 5
_LATEST_REPORTS = 256
"""Reports whose slack may bear on samples that have just come; older ones need not be looked through every time."""
_MARGIN = 1.05
"""Requests that are planned, and a few more: nobody is stopped for a request that came in a second too early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProgress:
    """One moment."""

    elapsed: float
    """Seconds since the window began; negative during the warm-up."""
    measured: float
    """Seconds that will be measured."""
    rate: float
    """Requests per second, lately."""
    failed: int
    """In the window."""
    p95: float
    """Seconds, lately."""
    budget: float
    """Budget of the strictest class, in seconds."""


@dataclass(slots=True)
class LoadAggregator:
    """The sums of one load, filled by the generator's events in the thread that reads them; no other thread writes."""

    load: Load
    names: list[str]
    samples: Samples = field(default_factory=Samples)
    window: Window | None = None
    expected: Mapping[str, float] = field(default_factory=dict)
    """Requests of the whole window, by endpoint, as the scenarios plan them."""
    _ended: Counter[int] = field(default_factory=Counter)
    _given_up: Counter[int] = field(default_factory=Counter)
    problems: dict[str, None] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    final: set[str] = field(default_factory=set)
    done: bool = False
    stopped_early: str = ""
    """Which limit could not be kept any more."""
    _health: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    _planned: Counter[tuple[str, int]] = field(default_factory=Counter)
    _begun: Counter[tuple[str, int]] = field(default_factory=Counter)
    _begun_late: Counter[tuple[str, int]] = field(default_factory=Counter)
    _reasons: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    looked_at: set[str] = field(default_factory=set)
    """Scenarios that look at more of a reply than its status."""
    _over: Counter[int] = field(default_factory=Counter)
    _failed: Counter[int] = field(default_factory=Counter)

    def hear(self, event: Event) -> None:
        """Enter one event."""
        match event["event"]:
            case "window":
                self.window = Window(begins=event["begins"], ends=event["ends"])
                self.expected = event["expected"]
            case "report":
                self._report(event)
            case "lost":
                self.lost.append(event["worker"])
            case "problem":
                self.problems[event["message"]] = None
            case "done":
                self.done = True

    def shorten(self) -> None:
        """The window ends with this second, in which there may be what made a limit hopeless."""
        if self.window is not None:
            self.window = self.window.shortened()

    def loss(self, workers: int) -> str:
        """How much of the load was missing, and from when on, since workers were lost, of so many."""
        last_report = {second.worker: second.second for second in self.generator()}  # the last one that each told of
        since = min((last_report.get(worker, -1) + 1 for worker in self.lost), default=0)
        share = len(self.lost) / workers
        return f"{len(self.lost)} of {workers} workers were lost, {share:.0%} of the load is missing from second {since} on"

    def hopeless(self) -> str:
        """Which limit is missed for certain, whatever comes; empty: none. Never a guess from the share so far."""
        # As many comparisons as the checks make at the end: a stop must not be easier to reach than a FAIL.
        comparisons = len(self.load.classes) + len(self.names)
        for group, members in self.load.classes.items():
            indices = [self.names.index(name) for name in members.endpoints]
            expected = round(sum(self.expected.get(name, 0) for name in members.endpoints) * _MARGIN)
            for word, counter, limit in (
                ("over their budget", self._over, 1 - members.percentile / 100),
                ("failed", self._failed, self.load.errors_below),
            ):
                hits = sum(counter[index] for index in indices)
                if expected and rejected(hits, expected, limit, self.load.confidence, comparisons=comparisons):
                    return f"{group}: {hits} requests {word} already, of {expected / _MARGIN:.0f} planned"
        return ""

    def progress(self) -> LoadProgress | None:
        """Rate, failures and p95 of the last five seconds; None before the window opens."""
        if self.window is None:
            return None
        now = time.time()
        recent = sorted(
            latency
            for (second, _, _), latencies in self.samples.by_key.items()
            if second >= now - _RECENT_SECONDS - 1
            for latency in latencies
        )
        return LoadProgress(
            elapsed=now - self.window.begins,
            measured=self.window.ends - self.window.begins,
            rate=len(recent) / _RECENT_SECONDS,
            failed=self._failed.total(),
            p95=nearest_rank(recent, 95) or 0.0,
            budget=min(group.latency for group in self.load.classes.values()).total_seconds(),
        )

    def visits(self) -> tuple[int, int]:
        """Ended and given up, of those that were due within the window."""
        return self._measured(self._ended), self._measured(self._given_up)

    def _measured(self, counter: Counter[int]) -> int:
        return sum(count for second, count in counter.items() if self.window and self.window.covers(second))

    def generator(self) -> Iterator[GeneratorSecond]:
        """Every second of every worker within the window, counted from its beginning."""
        if self.window is None:
            return
        for worker, health in self._health:
            if self.window.covers(health["second"]):
                yield self._second(worker, health, self.window.begins)

    def slacks(self) -> Slacks:
        """The slack of every second by the wall clock; after the window as well."""
        return slacks(self._second(worker, health, 0) for worker, health in self._health)

    def reasons(self) -> Mapping[tuple[int, str], int]:
        """Why requests of the window failed, by endpoint."""
        counted: Counter[tuple[int, str]] = Counter()
        for (second, endpoint, reason), count in self._reasons.items():
            if self.window is not None and self.window.covers(second):
                counted[endpoint, reason] += count
        return counted

    def _second(self, worker: str, health: Mapping[str, Any], origin: int) -> GeneratorSecond:
        second = health["second"]
        return GeneratorSecond(
            worker=worker,
            second=second - origin,
            lag=timedelta(seconds=round(max(0.0, health["lag"]), 6)),
            worst=timedelta(seconds=round(max(0.0, health["worst"]), 6)),
            cpu=round(health["cpu"], 4),
            waited=round(health["waited"], 4),
            stolen=round(health["stolen"], 4),
            planned=self._planned[worker, second],
            begun=self._begun[worker, second],
            begun_late=self._begun_late[worker, second],
            own_errors=health["own_errors"],
            clock_step=timedelta(seconds=round(health["clock_step"], 6)),
        )

    def _report(self, event: Event) -> None:
        """Add one worker's report of one second; counters that differ by worker keep its name."""
        worker = event["worker"]
        self._health.append((worker, event["health"]))
        packed = list(unpacked(event))
        self.samples.merge(packed)
        self._watch(packed)
        for visits, counts in ((self._ended, event["ended"]), (self._given_up, event["given_up"])):
            for second, count in counts:
                visits[second] += count
        counters = (
            (self._planned, event["planned"]),
            (self._begun, event["begun"]),
            (self._begun_late, event["begun_late"]),
        )
        for counter, counts in counters:
            for second, count in counts:
                counter[worker, second] += count
        for second, endpoint, reason, count in event["reasons"]:
            self._reasons[second, endpoint, reason] += count
        self.looked_at |= set(event["looked_at"])
        self.problems |= dict.fromkeys(event["problems"])
        if event["final"]:
            self.final.add(worker)

    def _watch(self, packed: Any) -> None:  # noqa: ANN401 - packed samples
        """Count what counts against the limits for certain, whatever the generator added to it."""
        fresh = Samples()
        fresh.merge(packed)
        slack = slacks(self._second(worker, health, 0) for worker, health in self._health[-_LATEST_REPORTS:])
        for (second, endpoint, outcome), latencies in fresh.by_key.items():
            if self.window is not None and self.window.covers(second):
                name = self.names[endpoint]
                budget = self.load.endpoints.get(name) or next(
                    group for group in self.load.classes.values() if name in group.endpoints
                )
                limit = budget.latency.total_seconds()
                certain = sum(latency - slack.during(second, latency).added >= limit for latency in latencies)
                self._over[endpoint] += certain
                self._failed[endpoint] += {"failed": len(latencies), "given up": certain}.get(OUTCOMES[outcome], 0)
