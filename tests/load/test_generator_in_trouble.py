"""The real generator in trouble: a server that is silent, a scenario that breaks, a worker that dies.

Nothing here depends on how busy the machine is; what does is in ``tests/alone``.
"""

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from gonogo.load.plan import OUTCOMES
from gonogo.load.process import Event, Generator, GeneratorConfig
from tests.load.driving import SCENARIOS, drive, recorded, target

HIT = {"hit": 40.0}


def outcomes(found: Any) -> tuple[int, int, int]:  # noqa: ANN401 - Recorded
    """Requests, failed and given up."""
    one = next(found.endpoints())
    return one.requests, one.failed, one.given_up


def test_server_that_never_answers_is_late_for_all() -> None:
    """No reply is no latency, for others: here it is four times the budget, and counts as over it."""
    with target(hang_every=1) as where:
        aggregator = drive(where.plan, HIT, seconds=2, budget=0.1)
    one = next(recorded(aggregator).endpoints())
    assert one.given_up == one.failed == one.requests > 0
    assert sum(count for _, count in one.reasons) == one.requests
    assert {reason for reason, _ in one.reasons} <= {"no reply after 0.4 s", "no reply when the load ended"}
    assert aggregator.visits() == (0, one.requests)


def test_nobody_listens() -> None:
    """Refused connections are failures of the service, and the generator's end is not delayed by them."""
    with target() as where:
        plan = where.plan
    aggregator = drive(plan, HIT, seconds=2)
    requests, failed, _ = outcomes(recorded(aggregator))
    assert requests == failed > 0


@pytest.mark.parametrize(
    ("way", "reason"),
    [("reset_every", "without a reply"), ("end_every", "was closed without a reply"), ("cut_every", "no whole reply")],
)
def test_every_connection_that_breaks_is_a_failure_and_nothing_is_sent_twice(way: str, reason: str) -> None:
    """A client that asks again hides what the service's users will see, and doubles their orders."""
    with target(**{way: 5}) as where:
        aggregator = drive(where.plan, HIT, seconds=3)
    assert sum(len(found) for found in aggregator.samples.by_key.values()) == where.asked
    failed = sum(
        len(found) for (_, _, outcome), found in aggregator.samples.by_key.items() if OUTCOMES[outcome] == "failed"
    )
    assert failed == where.broken > 0
    assert all(reason in said for _, said in aggregator.reasons())


@pytest.mark.parametrize("behaviour", [{"version": "1.0"}, {"closes": True}])
def test_connection_that_is_closed_between_requests_is_no_failure(behaviour: dict[str, Any]) -> None:
    """HTTP/1.0, and servers that close as they please: a new connection is made before anything is sent."""
    with target(**behaviour) as where:
        aggregator = drive(where.plan, HIT, seconds=2)
    requests, failed, _ = outcomes(recorded(aggregator))
    assert (failed, bool(requests)) == (0, True)


@pytest.mark.parametrize(
    ("scenario", "body", "right"),
    [
        ("reads", '{"ok": true}', True),
        ("reads", '{"error": "the database is down"}', False),
        ("reads", '{"ok": false}', False),
        ("reads", "<html>maintenance</html>", False),
        ("reads", "[]", False),
        ("judges", '{"items": []}', True),
        ("judges", '{"error": "the database is down"}', False),
    ],
)
def test_scenario_says_what_a_right_reply_is(scenario: str, body: str, *, right: bool) -> None:
    """A 200 with an error in it is what a broken service says as well; the reply has failed, not the scenario."""
    with target(body=body) as where:
        aggregator = drive(where.plan, {scenario: 30.0}, seconds=2)
    requests, failed, _ = outcomes(recorded(aggregator))
    assert not aggregator.problems
    assert failed == (0 if right else requests)
    assert requests > 0
    assert aggregator.looked_at == {scenario}
    assert right or all(f"the body begins with {body!r}" in reason for _, reason in aggregator.reasons())


def test_status_alone_is_told_as_such() -> None:
    """Who looks at no body does not know whether anything works."""
    with target() as where:
        assert not drive(where.plan, HIT, seconds=1).looked_at


def test_bug_of_a_scenario_is_no_error_of_the_service() -> None:
    """It is told, and makes the load unfit to judge anything by."""
    with target() as where:
        aggregator = drive(where.plan, {"broken": 20.0}, seconds=2)
    assert any("KeyError: 'broken'" in problem for problem in aggregator.problems)
    assert outcomes(recorded(aggregator))[1] == 0


@pytest.mark.parametrize(
    ("rates", "live", "said"),
    [({"hti": 1.0}, False, "no scenario hti"), ({"paying": 1.0}, True, "paying would pay")],
)
def test_refused_before_anything_is_asked(rates: dict[str, float], live: bool, said: str) -> None:  # noqa: FBT001 - a case
    """A typo, and real money."""
    with target() as where:
        aggregator = drive(where.plan, rates, seconds=1, live=live)
    assert said in " ".join(aggregator.problems)
    assert aggregator.window is None
    assert not where.took


def test_locustfile_that_is_broken(tmp_path: Path) -> None:
    """The last line of what Python says is what there is to know."""
    path = tmp_path / "locustfile.py"
    path.write_text("import nothing_like_this\n")
    with target() as where:
        aggregator = drive(where.plan, HIT, seconds=1, locustfile=path)
    assert "nothing_like_this" in " ".join(aggregator.problems)


def test_too_few_open_files_for_its_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each user holds a connection; without them nothing would be asked, and the service would seem to be silent."""
    limited = tmp_path / "python"
    limited.write_text(f'#!/bin/sh\nulimit -n 60\nexec "{sys.executable}" "$@"\n')
    limited.chmod(0o755)
    with target() as where:
        monkeypatch.setattr("gonogo.load.process.sys.executable", str(limited))
        aggregator = drive(where.plan, HIT, seconds=2)
        monkeypatch.undo()
    assert aggregator.window is None
    assert "this process may open 60 files, and the load needs" in " ".join(aggregator.problems)
    assert not where.asked


def test_end_of_the_reports_is_told(tmp_path: Path) -> None:
    """What is not reported was made all the same: a load that fell silent is no load of nothing."""
    path = tmp_path / "locustfile.py"
    broken = "def broken():\n    raise OSError(24, 'Too many open files')\n\nfitness._waited = broken\n"
    path.write_text(SCENARIOS.read_text() + f"\nfrom gonogo.load import fitness\n\n\n{broken}")
    with target() as where:
        aggregator = drive(where.plan, HIT, seconds=3, locustfile=path)
    assert "could not report any more" in " ".join(aggregator.problems)
    assert "Too many open files" in " ".join(aggregator.problems)


def test_stop_ends_it_with_what_was_measured() -> None:
    """Ctrl-C, or a budget that is missed for certain."""
    seen: list[Event] = []

    def stop(event: Event, generator: Generator) -> None:
        seen.append(event)
        if event["event"] == "report" and sum(one["event"] == "report" for one in seen) == 3:
            generator.stop()

    with target() as where:
        aggregator = drive(where.plan, HIT, seconds=60, on_event=stop)
    assert aggregator.done
    assert aggregator.final == {"local"}
    assert aggregator.samples.by_key


def test_lost_worker_is_noticed() -> None:
    """One of four is killed in the middle: the run ends, says so, and keeps what it has."""
    killed: list[int] = []

    def kill(event: Event, generator: Generator) -> None:
        if event["event"] == "report" and not killed:
            killed.append(generator.pids[1])
            os.kill(killed[0], signal.SIGKILL)

    with target() as where:
        aggregator = drive(
            where.plan, {"hit": 80.0}, seconds=60, generator_config=GeneratorConfig(processes=4), on_event=kill
        )
    assert len(aggregator.lost) == 1
    assert re.fullmatch(
        r"1 of 4 workers were lost, 25% of the load is missing from second \d+ on", aggregator.loss(workers=4)
    )
    assert aggregator.done
    assert len(aggregator.final) == 3
    assert aggregator.samples.by_key
