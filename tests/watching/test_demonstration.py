"""The bundled reference as something to watch: when its faults begin and end, and what is said of its visitors."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import certifi
import pytest

from gonogo.base.errors import Unobserved, UsageError
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.watching.demonstration import Demonstration, Visitors, demonstration, visiting

_NOBODY_LISTENS = 9
"""The port of discard, which no machine serves any more."""


class _Process:
    """Takes orders, and knows which faults there are."""

    def __init__(self, refusal: str = "") -> None:
        self.switched: list[Sequence[str]] = []
        self.done = threading.Event()
        self._refusal = refusal

    def set_faults(self, faults: Sequence[str]) -> dict[str, Any]:
        """As the real one; tells when the last one was given."""
        self.switched.append(faults)
        if self._refusal:
            self.done.set()
            raise UsageError(self._refusal)
        if not faults:
            self.done.set()
        return {"faults": faults}


def _demonstration(process: _Process, length: timedelta | None) -> Demonstration:
    instance = ReferenceInstance(overlay={}, faults=("cards-declined",))
    return Demonstration(instance, Visitors(), ("cards-declined",), length, cast("ReferenceProcess", process))


def test_a_fault_begins_and_ends_within_the_watch() -> None:
    """One that is there from the first round to the last shows neither a begin nor an end."""
    process, said = _Process(), list[str]()
    shown = _demonstration(process, timedelta(seconds=0.1))
    shown.begin(said.append)
    assert process.done.wait(10)
    shown.end()
    assert process.switched == [("cards-declined",), ()]
    assert said == ["cards-declined begins", "cards-declined ends"]


def test_a_watch_that_ends_early_switches_nothing_any_more() -> None:
    """The instance is about to go."""
    process = _Process()
    shown = _demonstration(process, timedelta(hours=1))
    shown.begin(lambda _text: None)
    shown.end()
    assert process.switched == []


def test_what_could_not_be_switched_is_said() -> None:
    """A fault that never began would be taken for a threshold that does not fire."""
    process = _Process("the environment ended")
    shown = _demonstration(process, timedelta(seconds=0.1))
    shown.begin(lambda _text: None)
    assert process.done.wait(10)
    shown.end()
    assert shown.problem == "the environment ended"
    assert process.switched == [("cards-declined",)]


def test_visitors_are_called_synthetic_and_what_is_left_of_them_is_said() -> None:
    """Nobody takes them for users, or for nothing."""
    visitors = Visitors(counts={"visits": 3, "requests": 12, "refused": 1, "errors": 0})
    assert visitors.words == "synthetic visitors: 3 visits, 12 requests, 1 of them refused, 0 in error"
    visitors.left = "1 message"
    assert visitors.words.endswith("left behind: 1 message; remove it with: gonogo clean --env reference")


@pytest.mark.whole
def test_visitors_of_a_service_that_is_down_are_errors_and_end(tmp_path: Path) -> None:
    """They wait for nobody, and make no load of their own."""
    (tmp_path / "secrets.env").write_text("BETA_CODE='of-nobody'\n")
    overlay = {
        "tls": {"trust": certifi.where()},
        "hosts": {"api.workme.test": {"https_port": _NOBODY_LISTENS}},
        "secrets": {"dotenv": str(tmp_path / "secrets.env")},
    }
    with visiting(
        ReferenceInstance(overlay=json.loads(json.dumps(overlay)), faults=()), "20261201T090000Z-0a1b2c"
    ) as visitors:
        assert visitors.came.is_set()
        assert visitors.counts["errors"] >= 10
    assert visitors.counts["visits"] >= 10


def test_what_stays_in_an_instance_that_is_kept_up_is_known_once_the_visitors_are_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends with nobody: who attached to it must hear of it after the last line of the watch."""
    instance, visitors, cleaned = ReferenceInstance(overlay={}, faults=("searches-fail",), pid=7), Visitors(), []

    @contextmanager
    def visited(of: ReferenceInstance, _run_id: str) -> Iterator[Visitors]:
        assert of is instance
        yield visitors
        cleaned.append("visitors")

    def refused(*_: Any, **__: Any) -> None:  # noqa: ANN401 - as it is called
        cleaned.append("rest")
        raise Unobserved("nobody answers")

    monkeypatch.setattr("gonogo.watching.demonstration.announced_instance", lambda: instance)
    monkeypatch.setattr("gonogo.watching.demonstration.visiting", visited)
    monkeypatch.setattr("gonogo.watching.demonstration.clean", refused)
    with demonstration(length=None, project=Path(), environ={}) as shown:
        assert (shown.instance, shown.faults) == (instance, ())
    assert cleaned == ["visitors", "rest"]
    assert shown.visitors.words.endswith("left behind: nobody answers; remove it with: gonogo clean --env reference")
