"""What is known while the load goes on: when to stop, what to show."""

import base64
import time
from array import array
from typing import Any

import pytest

from gonogo.load.aggregator import LoadAggregator
from gonogo.load.plan import OUTCOMES
from tests.load.driving import load

SECONDS = 30


def aggregator(expected: float = 1500.0) -> LoadAggregator:
    """Of a load that began a second ago."""
    found = LoadAggregator(load(), ["GET /"])
    now = int(time.time())
    found.hear({"event": "window", "begins": now - 1, "ends": now - 1 + SECONDS, "expected": {"GET /": expected}})
    return found


def report(found: LoadAggregator, latencies: list[float], outcome: str = "ok", **more: Any) -> None:  # noqa: ANN401 - of a report
    """One second of one worker."""
    assert found.window is not None
    packed = base64.b64encode(array("d", latencies).tobytes()).decode()
    samples = [[found.window.begins, 0, OUTCOMES.index(outcome), packed]]
    health = {"second": found.window.begins, "lag": 0.001, "worst": 0.002, "cpu": 0.1, "waited": 0.0, "stolen": 0.0}
    event = {
        "event": "report",
        "worker": "local",
        "samples": samples,
        "ended": [],
        "given_up": [],
        "planned": [],
        "begun": [],
        "begun_late": [],
        "reasons": [],
        "looked_at": [],
        "health": {**health, "own_errors": 0, "clock_step": 0.0},
        "problems": [],
        "final": False,
    }
    found.hear({**event, **more})


@pytest.mark.parametrize(("outcome", "latency"), [("ok", 0.7), ("given up", 2.0), ("failed", 0.01)])
def test_stops_when_no_reply_can_mend_it(outcome: str, latency: float) -> None:
    """Not at the first bad ones, whatever their share so far; and then for this reason."""
    found = aggregator()
    report(found, [latency] * 60, outcome)
    assert not found.hopeless(), "60 of 60 are bad, and of 1500 they are 4 %"
    report(found, [latency] * 60, outcome)
    assert "120 requests" in found.hopeless()


@pytest.mark.parametrize("outcome", ["ok", "refused"])
def test_goes_on_with_what_is_no_fault(outcome: str) -> None:
    """A refusal has limits of its own, and they are judged at the end."""
    found = aggregator()
    report(found, [0.01] * 1000, outcome)
    assert not found.hopeless()


def test_closed_model_has_no_number_to_stop_at() -> None:
    """How many requests there will be is not known."""
    found = aggregator(expected=0.0)
    report(found, [0.7] * 500)
    assert not found.hopeless()


def test_progress_is_about_lately() -> None:
    """A p95 beside its budget, in seconds both."""
    found = aggregator()
    report(found, [0.01] * 95 + [0.6] * 5)
    progress = found.progress()
    assert progress is not None
    assert (progress.p95, progress.budget, progress.measured) == (0.01, 0.5, SECONDS)
    assert LoadAggregator(load(), ["GET /"]).progress() is None


def test_shortened_window_leaves_out_what_was_not_measured() -> None:
    """Ctrl-C after a second: one second is judged, or none."""
    found = aggregator()
    found.shorten()
    assert found.window is not None
    assert found.window.ends - found.window.begins in {0, 1, 2}
