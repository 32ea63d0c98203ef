"""One process of the load generator: its plan, its window, what its users measured, and how fit it was."""

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gonogo.load.fitness import Fitness
from gonogo.load.pace import Closed, Open, VisitPace
from gonogo.load.plan import EndpointPlan, LoadPlan, Outcome
from gonogo.load.samples import Samples
from gonogo.load.window import Clock, Window

_SPARE = 1.1
"""A request that is given up has waited a little longer than it should, and the next one needs a new connection."""
_LONGEST_THOUGHT = 1.5
"""Share of the mean pause between two requests."""


@dataclass(slots=True)
class WorkerRecorder:
    """Filled by users; emptied once a second by ``report``."""

    plan: LoadPlan
    clock: Clock = field(default_factory=Clock.started)
    window: Window | None = None
    samples: Samples = field(default_factory=Samples)
    ended: Counter[int] = field(default_factory=Counter)
    """Visits by the second that they were due in: to their end, or to a reply that ended them."""
    given_up: Counter[int] = field(default_factory=Counter)
    """Visits that waited for a reply in vain."""
    problems: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    """Why requests failed, by the second that they were due in and the endpoint."""
    looked_at: set[str] = field(default_factory=set)
    """Scenarios that look at more of a reply than its status."""
    fitness: Fitness = field(init=False)
    began: float = field(default_factory=time.monotonic)
    """When this process began, on the monotonic clock."""
    _under_way: dict[int, tuple[int, float]] = field(default_factory=dict)
    _endpoints: Mapping[str, tuple[int, EndpointPlan]] = field(init=False)
    _number: int = 0
    _open: list[Open] = field(default_factory=list)
    """The rhythms of all users of the open model."""

    def __post_init__(self) -> None:
        self.fitness = Fitness(self.clock)
        self._endpoints = {endpoint.name: (index, endpoint) for index, endpoint in enumerate(self.plan.endpoints)}

    def users(self, scenario: str, makes: Sequence[str]) -> int:
        """How many users it takes so that one is always free when a visit is due, even if every reply is late."""
        share = self.plan.visits_per_second[scenario]
        if self.plan.model == "closed":
            return max(1, round(self.plan.users * share / sum(self.plan.visits_per_second.values())))
        # Little's law: users are the rate times the length of a visit, with the longest time that a visit can take. With fewer, slow
        # replies would hold visits back, and the load would drop just when the service gets slow.
        waiting = _SPARE * sum(self.endpoint(name)[1].patience for name in makes)
        longest = waiting + (len(makes) - 1) * _LONGEST_THOUGHT * self.plan.think
        return max(1, math.ceil(share * longest))

    def pace(self, scenario: str, makes: Sequence[str], phase: float) -> VisitPace:
        """The rhythm of one user; ``phase`` is between 0 and 1."""
        users = self.users(scenario, makes)
        if self.plan.model == "closed":
            return Closed(self.plan.think, self.began + phase * self.plan.think)
        period = users / self.plan.visits_per_second[scenario]
        pace = Open(period, self.began + phase * period)
        self.fitness.planned[self.clock.second(pace.due)] += 1
        self._open.append(pace)
        return pace

    def endpoint(self, name: str) -> tuple[int, EndpointPlan]:
        """The index and the plan of the endpoint of that name. Raises LookupError for one that the environment does not name."""
        try:
            return self._endpoints[name]
        except KeyError:
            raise LookupError(f"the scenario asks {name!r}, which is in no class of [load.classes]") from None

    def over(self) -> bool:
        """Whether nothing more is to be asked."""
        return self.window is not None and time.monotonic() + self.clock.offset >= self.window.ends

    def begun(self, pace: VisitPace, late: float) -> None:
        """A visit begins, this many seconds after its time."""
        before = self.clock.second(pace.due)
        pace.begun(time.monotonic())
        self.fitness.late(late)
        if self.plan.model == "open":
            counter = self.fitness.begun if late < _IN_TIME else self.fitness.begun_late
            counter[before] += 1
            self.fitness.planned[self.clock.second(pace.due)] += 1

    def ask(self, endpoint: int, due: float) -> int:
        """A request is under way; the number by which ``answered`` knows it."""
        self._number += 1
        self._under_way[self._number] = endpoint, due
        return self._number

    def answered(self, number: int, outcome: Outcome | None, elapsed: float, reason: str = "") -> None:
        """Record how a request ended after so many seconds; None: it never left this machine. ``reason``: why it failed."""
        endpoint, due = self._under_way.pop(number)
        if outcome is None:
            self.fitness.own_errors += 1
        else:
            self.samples.add(self.clock.second(due), endpoint, outcome, elapsed)
            if reason and outcome != "refused":
                self.reasons[self.clock.second(due), endpoint, reason[:_LONGEST_REASON]] += 1

    def drained(self) -> bool:
        """Whether every request of the window has its end.

        Requests of the warm-up, and of visits that are due after the window, are not waited for.
        """
        return not any(self._measured(due) for _, due in self._under_way.values())

    def give_up(self) -> None:
        """Requests that are under way and late already count as late, whatever becomes of them."""
        now = time.monotonic()
        for endpoint, due in self._under_way.values():
            if now - due >= self.plan.endpoints[endpoint].budget:
                self.samples.add(self.clock.second(due), endpoint, "given up", now - due)
                self.reasons[self.clock.second(due), endpoint, _UNANSWERED] += 1

    def report(self, *, final: bool = False) -> dict[str, Any]:
        """Take what came since the last report: plain values that msgpack and JSON (with bytes encoded) can carry."""
        samples, self.samples = self.samples, Samples()
        ended, self.ended = self.ended, Counter()
        given_up, self.given_up = self.given_up, Counter()
        reasons, self.reasons = self.reasons, Counter()
        health = dict(self.fitness.second())
        if final:
            self._plan_what_was_missed()
        # Of a second that has just ended, something may still be told late; the last report tells all.
        now = self.clock.second(time.monotonic()) + (2 if final else 0)
        return {
            "samples": [list(packed) for packed in samples.packed()],
            "ended": [list(item) for item in ended.items()],
            "given_up": [list(item) for item in given_up.items()],
            "planned": _past(self.fitness.planned, now),
            "begun": _past(self.fitness.begun, now),
            "begun_late": _past(self.fitness.begun_late, now),
            "reasons": [[*key, count] for key, count in reasons.items()],
            "looked_at": sorted(self.looked_at),
            "health": health,
            "problems": list(self.problems),
            "final": final,
        }

    def _plan_what_was_missed(self) -> None:
        """Visits that were due in the window, and that nobody came to."""
        for pace in self._open if self.window is not None else ():
            due = pace.due + pace.period
            while self.window is not None and self.clock.second(due) < self.window.ends:
                self.fitness.planned[self.clock.second(due)] += 1
                due += pace.period

    def _measured(self, due: float) -> bool:
        return self.window is None or self.window.covers(self.clock.second(due))


_LONGEST_REASON = 300
_UNANSWERED = "no reply when the load ended"
_IN_TIME = 0.25
"""Seconds: a visit that begins later than this was missed."""


def _past(counter: Counter[int], now: int) -> list[list[int]]:
    """Take out the seconds that are over."""
    complete: Iterable[int] = [second for second in counter if second < now - 1]
    return [[second, counter.pop(second)] for second in complete]
