"""The clean-up when a run is over: a service that was loaded a moment ago may not let us at once."""

from collections.abc import Iterable
from typing import Any, cast

import pytest

from gonogo.base.marks import Leftovers, Marks
from gonogo.families.registry import environment_from
from gonogo.families.world import World
from gonogo.journey import cleanup
from gonogo.journey.walk import Walk

WITHOUT = ["dns", "hosts", "http", "ports", "servers", "digitalocean", "atlas", "load", "variables"]


class Busy:
    """A world whose service says 503 so many times."""

    environment = environment_from({"service": {"name": "Shop", "base_url": "https://shop.test", "without": WITHOUT}})
    run_id = "20261126T204203Z-1c3652"
    cleaned = False

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.closed = 0

    def afresh(self) -> "Busy":
        """The same service, over new connections."""
        return self

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class Shop(Walk):
    """A project whose test data is asked of the service."""

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Nothing is there, once the service says so."""
        del marks
        world: Any = self.world
        if world.refusals:
            world.refusals -= 1
            raise AssertionError("POST /login answered 503; 200 was expected")
        yield Leftovers("orders", list, lambda _identifiers: None)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "_PAUSE_SECONDS", 0.0)


def notes(world: Busy) -> list[str]:
    """What the run says of its clean-up."""
    return list(cleanup.clean_up_after(cast("World", world), Shop, "gonogo clean"))


def test_service_that_is_busy_for_a_moment_is_asked_again() -> None:
    """Nobody has to clean by hand what a second try cleans."""
    world = Busy(refusals=2)
    assert notes(world) == []
    assert world.closed == 3


def test_service_that_stays_busy_is_told_with_the_cure() -> None:
    """A few times, and no longer: the run ends."""
    world = Busy(refusals=9)
    assert notes(world) == [
        "synthetic data may have stayed behind: POST /login answered 503; 200 was expected; remove it: gonogo clean"
    ]
    assert world.closed == 3
