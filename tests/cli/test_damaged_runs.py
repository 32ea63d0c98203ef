"""Runs whose files were damaged or edited, or are of another gonogo: no command repeats what they say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Gonogo
from tests.cli.kept_runs import FIRST, SECOND


def test_damaged_run_is_listed_as_such(gonogo: Gonogo, two: Path) -> None:
    """One broken file must not hide all others, nor itself."""
    (two / "results.json").write_text("{")
    done = gonogo("runs")
    assert done.returncode == 4
    assert done.stdout.startswith(f"{SECOND}  cannot be relied on: ")
    assert FIRST in done.stdout
    assert "1 of 2 runs cannot be relied on" in done.stderr


def _outcome(document: dict[str, Any]) -> None:
    document["checks"][0]["outcome"] = "pass"


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["decision"].update(verdict="GO"),
        lambda document: document["decision"].update(blockers=0),
        lambda document: document["counts"].update({"pass": 2, "fail": 0}),
        lambda document: document["checks"][0].update(outcome="warn"),
        lambda document: document["checks"][0].update(severity="warning"),
        lambda document: document["checks"][0].update(observations=[]),
        lambda document: document["checks"].pop(),
        lambda document: document["causes"].clear() if document["causes"] else document["counts"].update(planned=7),
        lambda document: document["lines"][0].update(status="failed"),
        lambda document: document["provenance"].update(evidence="0" * 64),
        lambda document: document["run"].update(served=[{"at": "a.test/192.0.2.1", "words": ["deadbeef"]}]),
        _outcome,
    ],
)
def test_files_that_do_not_belong_together(
    gonogo: Gonogo, two: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    """What people look at is a page, a list or a comparison: none of them repeats a verdict that was written into it."""
    path = two / "results.json"
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))
    page = two / "signoff.html"
    for command in (("show", SECOND), ("diff", FIRST, SECOND), ("diff",), ("report", str(two)), ("runs",)):
        done = gonogo(*command)
        assert done.returncode == 4, command
        assert "GO " not in done.stdout.replace("NO-GO ", "")
        assert "Traceback" not in done.stderr
    assert not page.exists()


@pytest.mark.parametrize("name", ["missing", "folder", "other"])
def test_evidence_that_does_not_belong(gonogo: Gonogo, two: Path, name: str) -> None:
    """Results without their evidence are what anybody may have written."""
    evidence = two / "evidence.json"
    evidence.unlink()
    if name == "folder":
        evidence.mkdir()
    if name == "other":
        evidence.write_text('{"schema": "gonogo.evidence/1"}')
    done = gonogo("show", SECOND)
    assert (done.returncode, "evidence.json" in done.stderr) == (4, True)
    assert ("damaged or edited" in done.stderr) is (name == "other")
    assert ("Copy it from where the run was made" in done.stderr) is (name != "other")


@pytest.mark.parametrize(
    ("content", "code", "expected"),
    [
        (
            '{"schema":"gonogo.results/2"}',
            2,
            "schema is 'gonogo.results/2'; this gonogo reads 'gonogo.results/1'; use the",
        ),
        ('{"schema":"gonogo.resu', 4, "not readable as JSON"),
    ],
)
def test_foreign_files_are_refused(gonogo: Gonogo, two: Path, content: str, code: int, expected: str) -> None:
    """A newer schema, or half a file: named, with what to do about it."""
    (two / "results.json").write_text(content)
    for command in (("show", SECOND), ("diff", FIRST, SECOND), ("diff",), ("report", str(two))):
        done = gonogo(*command)
        assert done.returncode == code
        assert f"{SECOND}/results.json: " in done.stderr
        assert expected in done.stderr
        assert "Traceback" not in done.stderr
