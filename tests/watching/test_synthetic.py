"""Checks that are asked again and again, in a process of their own, about a real service."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.evidence.watch import Reading
from gonogo.runs.prepare import Request
from gonogo.watching.clock import Clock
from gonogo.watching.synthetic import Synthetic
from tests.dead.conftest import environment, hostile_server
from tests.support.http_sites import JSON, MISSING, Reply, handler

REQUESTS = """
[requests.catalog-is-public]
get = "/products"
json = "length(items) >= `1`"
"""
CHECK, NEED = "request-catalog-is-public", "service-answers"
SHELF: dict[str, Reply] = {}


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthetic]:
    """One process for all tests; the service answers what stands in SHELF."""
    state, team = tmp_path_factory.mktemp("state"), tmp_path_factory.mktemp("team")
    (team / "environments").mkdir()
    before = Path.cwd()
    with hostile_server(handler(lambda asked: SHELF.get(asked.path, MISSING)), state) as (port, root):
        without = '"dns", "http", "mongodb", "redis", "ports", "smoke", "load", "variables"'
        declared = environment(port, trust=str(root), without=without, more=REQUESTS)
        (team / "environments/shop.toml").write_text(declared)
        os.chdir(team)
        synthetic = Synthetic(Request(environment="shop", project=Path()), None, within_seconds=60)
        try:
            yield synthetic
        finally:
            synthetic.close()
            os.chdir(before)


def read(synthetic: Synthetic) -> Reading:
    """The signal of the only check."""
    return synthetic.read([CHECK], 5.0, every_seconds=60.0)


def test_what_was_never_asked_is_no_value(asking: Synthetic) -> None:
    """Green before the first look would be a guess."""
    assert read(asking) == Reading(at=5.0, value=None, missing=f"{CHECK} was not asked yet")


def test_the_number_of_checks_that_do_not_pass(asking: Synthetic) -> None:
    """It is asked anew each time, of the service as it is now."""
    SHELF.update({"/": Reply(200, b"{}", JSON), "/products": Reply(200, b'{"items":[1]}', JSON)})
    assert asking.ask([CHECK]) == ""
    assert read(asking) == Reading(at=5.0, value=0.0)
    SHELF["/products"] = Reply(200, b'{"items":[]}', JSON)
    assert asking.ask([CHECK]) == ""
    failing = read(asking)
    assert failing.value == 1.0
    assert failing.missing.startswith(f"{CHECK}: ")


def test_what_a_failing_need_blocks_says_nothing_and_the_need_is_what_counts(asking: Synthetic) -> None:
    """A check that nobody could judge is no failure of its own, and never green."""
    SHELF.update({"/": Reply(500, b"{}", JSON), "/products": Reply(200, b'{"items":[1]}', JSON)})
    assert asking.ask([NEED, CHECK]) == ""
    blocked = read(asking)
    assert blocked.value is None
    assert blocked.missing.startswith(f"{CHECK} is BLOCKED: ")
    assert asking.read([CHECK, NEED], 5.0, every_seconds=60.0).value == 1.0


def test_a_process_that_ends_is_no_value_and_the_next_round_has_a_new_one(asking: Synthetic) -> None:
    """A check is somebody's code, and may end its process: that must not read as green, nor end the watch."""
    SHELF.update({"/": Reply(200, b"{}", JSON), "/products": Reply(200, b'{"items":[1]}', JSON)})
    assert asking.ask([CHECK]) == ""
    assert asking.pid is not None
    os.kill(asking.pid, signal.SIGKILL)
    assert asking.ask([CHECK]) == "the process that runs the checks ended"
    assert read(asking) == Reading(at=5.0, value=None, missing=f"{CHECK}: the process that runs the checks ended")
    assert asking.ask([CHECK]) == ""
    assert read(asking).value == 0.0


def test_an_answer_that_is_old_is_no_value(asking: Synthetic) -> None:
    """A thread that hangs must not keep the last green for ever."""
    SHELF.update({"/": Reply(200, b"{}", JSON), "/products": Reply(200, b'{"items":[1]}', JSON)})
    assert asking.ask([CHECK]) == ""
    asking.clock = _Later()
    assert read(asking).missing.startswith(f"{CHECK} was asked last ")


class _Later(Clock):
    """An hour from now."""

    def seconds(self) -> float:
        """As the real clock has it, and an hour more."""
        return super().seconds() + 3600
