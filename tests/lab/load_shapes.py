"""Shapes of a server that knows how it behaves, and what is right to say of p95 < 500 ms and errors < 5 %."""

from collections.abc import Mapping
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
_BUDGET = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said of a server, and what it says of itself."""

    words: str
    slow: float
    """The share of its own replies that took it 500 ms or longer: more than it was made for if its machine is crowded."""


def ruled(shape: Shape) -> Said:
    """What is said of it. The load stops early where its stage would stop it."""
    latest: list[LoadAggregator] = []

    def stop(event: Event, generator: Generator) -> None:
        aggregator = latest[0]
        if event["event"] == "report" and not aggregator.stopped_early and (hopeless := aggregator.hopeless()):
            aggregator.stopped_early = hopeless
            aggregator.shorten()
            generator.stop()

    with target(**shape.behaviour) as where:
        found = drive(
            where.plan,
            {shape.scenario: _RATE},
            seconds=_SECONDS,
            warm_up=shape.warm_up,
            on_aggregator=latest.append,
            on_event=stop,
        )
    slow = sum(one >= _BUDGET for one in where.took) / max(1, len(where.took))
    return Said(words=verdict(found), slow=slow)
