"""The record of a watch: a run like any other, made from the journal, and judged again from its own evidence."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from gonogo.base.errors import UsageError
from gonogo.cli.program import cli
from gonogo.evidence.watch import unpack_readings
from gonogo.families.registry import installed_families
from gonogo.record.recording import read_recording, restore
from gonogo.record.results import LineStatus, Outcome, Results
from gonogo.record.run_folder import EVIDENCE, SIGNOFF
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.replay import differences, judged_again
from gonogo.watching.recording import report
from tests.support.watch_day import ENVIRONMENT, Day, watch_of

FILE = """
[service]
name = "Shop"
base_url = "https://shop.example.com"
without = ["dns", "hosts", "http", "ports", "mongodb", "redis", "servers", "digitalocean", "atlas", "stripe", "sentry",
    "mail", "smoke", "load", "variables", "records", "banners", "files", "requests", "api", "browser", "compose"]

[launch]
watch = "1 h"

[watch]
channels = { oncall = "ONCALL_URL" }

[watch.thresholds.errors]
line = "errors"
signal.ratio = ["errors_total", "requests_total"]
above = 0.05
unit = "%"
window = "1 min"
at_least = 50
severity = "critical"
keep = "15 s"

[watch.thresholds.room]
line = "room"
signal.gauge = "room"
above = 90
severity = "warning"
keep = "15 s"

[watch.metrics.users]
line = "users"
signal.gauge = "users"
"""
LIST = """# Launch

## First day
- [ ] Error rate > 5 % <!-- errors attest=devops -->
- [ ] Room <!-- room when=after-launch -->
- [ ] Users counted <!-- users when=after-launch -->
"""
GATES = """
[gates.launch]
title = "May we launch?"
when = "launch"
sections = ["*"]

[gates.watch]
title = "Does it go well?"
when = "after-launch"
sections = ["First day"]

[roles.devops]
title = "DevOps"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose only promise is that somebody watches."""
    (tmp_path / "environments").mkdir()
    for name, text in (("staging.toml", FILE), ("checklist.md", LIST), ("gates.toml", GATES), ("people.toml", "")):
        (tmp_path / "environments" / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recorded(project: Path) -> Results:
    """The run that ``gonogo watch --report`` makes."""
    environ = {"ONCALL_URL": "json://127.0.0.1:9/a-secret-path"}
    return report(ENVIRONMENT, project=project, reports=project / "reports", environ=environ).results


def outcomes(results: Results) -> dict[str, Outcome]:
    """Those of launch day."""
    return {check.id: check.outcome for check in results.checks if check.id.startswith("watch")}


def test_day_becomes_a_run(project: Path) -> None:
    """Lines are verified by what was observed; the record is whole without the journal, and gives the same again."""
    path = project / "reports" / ENVIRONMENT / "watch" / "journal.sqlite3"
    Day(path, watch_of(), began=datetime.now(UTC) - timedelta(hours=1)).look(3600).end()
    results = recorded(project)
    assert outcomes(results) == dict.fromkeys(
        ("watch-journal", "watch-channels", "watch-changes", "watch-errors", "watch-room", "watch-users"), Outcome.PASS
    )
    lines = {line.id: line for line in results.lines}
    assert (lines["room"].status, lines["users"].status) == (LineStatus.VERIFIED, LineStatus.VERIFIED)
    # A person's word is wanted beside the check, as for every line that says attest=.
    assert lines["errors"].status == LineStatus.OPEN
    folder = project / "reports" / ENVIRONMENT / results.run.id
    path.unlink()
    assert differences(results, judged_again(folder, project)) == []
    kinds = installed_families(project).kinds
    records = {record.scope: record for record in restore(read_recording(folder / EVIDENCE).records, kinds)}
    evidence = records["watch", "errors"].evidence
    assert evidence is not None
    assert len(list(unpack_readings(getattr(evidence, "readings")))) == 240  # noqa: B009 - of this kind of evidence
    facts = next(check for check in results.checks if check.id == "watch-errors").observations[0].facts["watched"]
    assert "readings" not in facts
    page = (folder / SIGNOFF).read_text()
    assert 'aria-label="The signal of ratio is watched: 1 % to 1 %; above 5 % is too much"' in page
    assert '<path class="curve" d="M' in page


def test_nobody_watched(project: Path) -> None:
    """Without a journal nothing of launch day is verified, and one cause is shown for all of it."""
    results = recorded(project)
    assert outcomes(results) == {
        "watch-journal": Outcome.ERROR,
        **dict.fromkeys(
            ("watch-channels", "watch-changes", "watch-errors", "watch-room", "watch-users"), Outcome.BLOCKED
        ),
    }
    journal = next(check for check in results.checks if check.id == "watch-journal").worst
    assert "reports/staging/watch/journal.sqlite3: there is no journal" in journal.message
    assert journal.hint == "gonogo watch --env staging writes it"
    assert {line.status for line in results.lines} == {LineStatus.OPEN}


def test_no_gate_before_the_launch_asks_for_it(project: Path) -> None:
    """Before T-0 there is nothing to see: the lines stay people's, and no check of the watch is planned."""
    prepared = prepare(
        Request(environment=ENVIRONMENT, project=project, gate="launch"), {"ONCALL_URL": "json://127.0.0.1:9/a-secret"}
    )
    try:
        assert not [name for name in prepared.plan.plan.checks if name.startswith("watch")]
    finally:
        prepared.close()


def test_command_reviews_a_day(project: Path) -> None:
    """``--review`` tells the day and begins nothing; a day that is none is refused."""
    path = project / "reports" / ENVIRONMENT / "watch" / "journal.sqlite3"
    Day(path, watch_of(), began=datetime.now(UTC) - timedelta(hours=1)).look(3600).end()
    told = CliRunner().invoke(cli, ["watch", "--env", ENVIRONMENT, "--review", "day 1"], standalone_mode=False)
    assert "240 rounds, 0 gaps" in told.output
    wrong = CliRunner().invoke(cli, ["watch", "--env", ENVIRONMENT, "--review", "monday"], standalone_mode=False)
    assert isinstance(wrong.exception, UsageError)


def test_command_reports_with_the_exit_code_of_its_verdict(project: Path) -> None:
    """A pipeline goes by it: what nobody watched is no 0."""
    command = [sys.executable, "-m", "gonogo", "watch", "--env", ENVIRONMENT, "--report"]
    environ = {**os.environ, "ONCALL_URL": "json://127.0.0.1:9/a-secret-path"}
    told = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert (told.returncode, "INCOMPLETE" in told.stdout) == (3, True)
    assert (project / "reports" / ENVIRONMENT / "latest" / SIGNOFF).is_file()
