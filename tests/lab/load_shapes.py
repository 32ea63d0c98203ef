"""Shapes of a server that knows how it behaves, and what is right to say of p95 < 500 ms and errors < 5 %."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gonogo.load.aggregator import LoadAggregator
from gonogo.load.process import Event, Generator
from tests.load.driving import drive, target, verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One server."""

    name: str
    truth: str
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    scenario: str = "hit"
    warm_up: float = 1.0
    near: bool = False
    """Whether it is so near to its budget that a crowded machine may leave it undecided."""
    quick: bool = False
    """Whether it is tried in every run of the tests."""


SHAPES = (
    Shape(name="fast", truth="go", quick=True),
    Shape(name="20 ms", truth="go", behaviour={"delay": 0.02}),
    Shape(name="400 ms", truth="go", behaviour={"delay": 0.4}),
    Shape(name="490 ms", truth="go", behaviour={"delay": 0.49}, near=True),
    Shape(name="520 ms", truth="no-go", behaviour={"delay": 0.52}, near=True),
    Shape(name="900 ms", truth="no-go", behaviour={"delay": 0.9}),
    Shape(name="a reply in 50 takes a second", truth="go", behaviour={"slow_every": 50, "slow": 1.0}),
    Shape(name="a reply in 8 takes a second", truth="no-go", behaviour={"slow_every": 8, "slow": 1.0}),
    Shape(name="a reply in 3 takes a second", truth="no-go", behaviour={"slow_every": 3, "slow": 1.0}),
    Shape(name="stands still 1 s of 3", truth="no-go", behaviour={"stall": 1.0, "stall_every": 3.0}),
    Shape(name="never answers", truth="no-go", behaviour={"hang_every": 1}, quick=True),
    Shape(name="a request in 8 hangs", truth="no-go", behaviour={"hang_every": 8}),
    Shape(name="a request in 100 hangs", truth="go", behaviour={"hang_every": 100}),
    Shape(name="a connection in 10 is reset", truth="no-go", behaviour={"reset_every": 10}, quick=True),
    Shape(name="a connection in 100 is reset", truth="go", behaviour={"reset_every": 100}),
    Shape(name="a connection in 3 ends without a word", truth="no-go", behaviour={"end_every": 3}),
    Shape(name="a reply in 5 is cut off", truth="no-go", behaviour={"cut_every": 5}),
    Shape(name="a reply in 8 is a 500", truth="no-go", behaviour={"fail_every": 8}),
    Shape(name="a reply in 100 is a 500", truth="go", behaviour={"fail_every": 100}),
    Shape(name="redirects all", truth="no-go", behaviour={"status": "302 Found"}),
    Shape(name="200 with an error for all", truth="no-go", behaviour={"body": '{"error": "x"}'}, scenario="judges"),
    Shape(name="HTTP/1.0, 22 ms", truth="go", behaviour={"version": "1.0", "delay": 0.022}),
    Shape(name="closes without a word, 22 ms", truth="go", behaviour={"closes": True, "delay": 0.022}),
    Shape(name="capacity 50/s, asked 80/s", truth="no-go", behaviour={"capacity": 50.0}, warm_up=4),
    Shape(name="capacity 300/s, asked 80/s", truth="go", behaviour={"capacity": 300.0}),
    Shape(name="cold start, then fast", truth="go", behaviour={"cold": 2.0}, warm_up=5),
)
_SECONDS = 10.0
_RATE = 80.0
BUDGET = 0.5
"""Seconds."""
_ALLOWED = 0.05
"""The share of requests that must not be over the budget, and must not fail."""
_MARGIN = 0.03
"""So much more than that share is seen for certain in the requests of one run."""
_CROWDED = 0.03
"""A server that is made to be fast, and was slow this often, had no processor: its own log says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What was decided of a server, beside what it logged itself of the time that its replies took."""

    words: str
    took: Sequence[float]
    """Seconds of each reply, with what its connection waited to be opened: longer than its delay if its machine is crowded."""
    slack: float
    """Seconds that the generator, which was as crowded, may have added to a latency: at most, in any second."""

    def share_of(self, seconds: float) -> float:
        """The share of its replies that took the server so many seconds or longer, by its own log."""
        return sum(took >= seconds for took in self.took) / max(1, len(self.took))

    def crowded(self, truth: str) -> str:
        """Why a decision other than this truth is right all the same; empty: it is not.

        A server that got no processor was slow in truth; and with what the generator may have added, both answers may
        be right. Of a broken one only slow replies can be doubted: a failed request fails on any machine.
        """
        slow = self.share_of(BUDGET)
        if truth == "go" and slow > _CROWDED:
            return f"the server itself was slow: {slow:.1%} of its replies"
        if not self.words.startswith("undecided"):
            return ""
        blurred = self.share_of(BUDGET - self.slack) > _CROWDED
        if truth == "no-go":
            blurred = slow >= _ALLOWED > self.share_of(BUDGET + self.slack) - _MARGIN
        return f"the generator may have added {self.slack:.3f} s to a latency" if blurred else ""


def ruled(shape: Shape) -> Ruling:
    """Decide about it. The load stops early where its stage would stop it."""
    latest: list[LoadAggregator] = []

    def stop(event: Event, generator: Generator) -> None:
        so_far = latest[0]
        if event["event"] == "report" and not so_far.stopped_early and (hopeless := so_far.hopeless()):
            so_far.stopped_early = hopeless
            so_far.shorten()
            generator.stop()

    with target(**shape.behaviour) as where:
        aggregator = drive(
            where.plan,
            {shape.scenario: _RATE},
            seconds=_SECONDS,
            warm_up=shape.warm_up,
            on_aggregator=latest.append,
            on_event=stop,
        )
    slack = max((second.added for second in aggregator.slacks().by_second.values()), default=0.0)
    return Ruling(words=verdict(aggregator), took=where.took_with_opening, slack=slack)
