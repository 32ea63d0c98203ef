"""``gonogo runs``, ``show`` and ``diff``, and what a job on GitHub sees."""

import dataclasses
import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.record.results import LineStatus, Outcome, Results
from gonogo.verdict.causes import root_causes
from tests.cli.conftest import Gonogo
from tests.report.accounts import accounted, attested, line
from tests.report.conftest import AT, check

FIRST, SECOND = "20261123T120000Z-aaaaaa", "20261123T120100Z-bbbbbb"


def keep(project: Path, told: Results, identifier: str, **identity: object) -> Path:
    """Put a run among the project's reports."""
    started = AT + timedelta(minutes=identifier == SECOND)
    run = dataclasses.replace(told.run, id=identifier, started_at=started, **identity)  # type: ignore[arg-type]  # fields
    folder = project / "reports" / run.environment / identifier
    folder.mkdir(parents=True)
    (folder / "evidence.json").write_bytes(b"{}")
    provenance = dataclasses.replace(told.provenance, evidence=hashlib.sha256(b"{}").hexdigest())
    kept = dataclasses.replace(told, run=run, provenance=provenance, causes=root_causes(told.checks))
    (folder / "results.json").write_bytes(kept.content)
    return folder


def row_age(listed: str) -> str:
    """When the runs of these tests were, as the list has it."""
    found = re.search(r"\d+ (?:min|h|d) ago", listed)
    assert found
    return found[0]


@pytest.fixture
def two(project: Path) -> Path:
    """A project with two runs: what passed fails, and a line is attested."""
    lines = [line("b.open", LineStatus.OPEN, "nobody said"), line("x.gone")]
    after = [line("b.open", LineStatus.ATTESTED, "Ana", attested=attested(), checks=["tls-a"], supports=["b.open"])]
    keep(project, accounted([check("tls-a"), check("dns-a")], lines), FIRST)
    return keep(project, accounted([check("tls-a", Outcome.FAIL, "closed"), check("dns-a")], after), SECOND)


@pytest.mark.usefixtures("two")
def test_runs_are_listed_newest_first(gonogo: Gonogo) -> None:
    """Which run was that, and did it say GO?"""
    done = gonogo("runs", "--env", "staging")
    assert done.returncode == 0
    rows = [re.split(r"  +", row) for row in done.stdout.splitlines()]
    assert rows == [
        [
            SECOND,
            row_age(done.stdout),
            "staging",
            "✖ NO-GO",
            "pre-deploy",
            "3f2c1a9 (claimed, not seen)",
            "2 = 1 pass + 1 fail",
            "1 of 1 line asked",
        ],
        [
            FIRST,
            row_age(done.stdout),
            "staging",
            "◌ INCOMPLETE",
            "pre-deploy",
            "3f2c1a9 (claimed, not seen)",
            "2 = 2 pass",
            "2 of 2 lines asked",
        ],
    ]
    assert len({row.index("pre-deploy") for row in done.stdout.splitlines()}) == 1, "columns stand under each other"


@pytest.mark.usefixtures("two")
def test_an_older_run_says_what_the_newer_one_is(gonogo: Gonogo) -> None:
    """A GO of an hour ago invites a signature, and the run that found the fault is not the one on the screen."""
    valid = (
        "gonogo: this run was valid until 2026-11-23 {} UTC, the end of the evidence (good for 4 h); run again before"
    )
    old, newer = gonogo("show", FIRST).stderr.splitlines()
    assert newer == f"gonogo: a newer run of gate pre-deploy, {SECOND}, is NO-GO: gonogo show"
    (newest,) = gonogo("show", SECOND).stderr.splitlines()
    assert (old, newest) == tuple(
        f"{valid.format(time)} anybody signs or launches" for time in ("16:00:00", "16:01:00")
    )


@pytest.mark.usefixtures("two")
def test_runs_are_chosen_by_gate_and_verdict(gonogo: Gonogo) -> None:
    """Among hundreds of runs, one is looked for; a mistyped gate is no empty list."""
    assert [row[: len(SECOND)] for row in gonogo("runs", "--verdict", "no-go").stdout.splitlines()] == [SECOND]
    assert len(gonogo("runs", "--gate", "pre-deploy").stdout.splitlines()) == 2
    refused = gonogo("runs", "--gate", "pre-deplyo")
    assert (refused.returncode, "did you mean pre-deploy?" in refused.stderr) == (2, True)


@pytest.mark.usefixtures("two")
def test_a_run_is_named_by_as_much_as_tells_it_apart(gonogo: Gonogo) -> None:
    """The newest without a name; nobody copies 23 characters at 3 a.m."""
    newest = gonogo("show", SECOND).stdout
    assert [gonogo("show").stdout, gonogo("show", "latest").stdout, gonogo("show", "20261123T1201").stdout] == [
        newest
    ] * 3
    refused = gonogo("show", "20261123")
    assert refused.returncode == 2
    assert f"20261123: 2 runs have ids that begin with it, {FIRST}, {SECOND}; give more of the id" in refused.stderr


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


@pytest.mark.usefixtures("two")
def test_show(gonogo: Gonogo) -> None:
    """The verdict, one check with its facts, one line with what supports it."""
    assert gonogo("show", SECOND).stdout.splitlines()[-1].startswith(" ✖ NO-GO   1 cause: 1 must-pass check failed")
    shown = gonogo("show", f"reports/staging/{SECOND}", "tls-a").stdout
    assert "✖ tls-a   FAIL   blocker · read\n" in shown
    assert "  closed\n  fix: Repair it.\n" in shown
    whole = gonogo("show", SECOND, "tls-a", "--facts").stdout
    assert "  why: It matters.\n" in whole
    assert "  closed\n  fix: Repair it.\n  tls\n    version: TLSv1.3\n" in whole
    shown = gonogo("show", SECOND, "b.open").stdout
    assert shown.startswith("✔ b.open   attested\n  Text of b.open\n  in    List / Part, line 1\n")
    assert "✖ check tls-a   FAIL   Title of tls-a" in shown
    assert "attested by Ana Dias (devops), 2026-11-23 until 2027-11-23" in shown


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("arguments", [(), ("--env", "staging"), (FIRST, SECOND), (f"reports/staging/{FIRST}", SECOND)])
def test_diff_tells_changes_by_kind(gonogo: Gonogo, arguments: tuple[str, ...]) -> None:
    """Exit 0 whatever it finds: it informs, and the run itself has decided."""
    done = gonogo("diff", *arguments)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        f"before  {FIRST} · staging · gate pre-deploy · release 3f2c1a9 (claimed, not seen)",
        "        INCOMPLETE · 2 = 2 pass · All 2 lines of the checklist were asked by this gate",
        f"after   {SECOND} · staging · gate pre-deploy · release 3f2c1a9 (claimed, not seen)",
        "        NO-GO · 2 = 1 pass + 1 fail · The one line of the checklist was asked by this gate",
        "REMOVED 1",
        " − x.gone   was line, verified; it is not there any more",  # noqa: RUF001 - a minus sign
        "NEWLY FAILING 1",
        " ✖ tls-a   pass → fail",
        "FIXED 1",
        " ✔ b.open   open → attested",
    ]


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


def test_runs_of_another_service_are_not_compared(gonogo: Gonogo, project: Path, two: Path) -> None:
    """Two projects' artefacts in one download folder."""
    keep(project, accounted([check("tls-a")]), "20261123T130000Z-cccccc", service="Another", environment="other")
    done = gonogo("diff", "20261123T130000Z-cccccc", two.name)
    assert done.returncode == 2
    assert f"{SECOND}/results.json: is of the service 'WorkMe', but reports/other/" in done.stderr
    assert "no earlier run of gate pre-deploy to compare with" in gonogo("diff").stderr, "other was verified last"
    assert gonogo("diff").returncode == 2
    assert "and 2 if there is nothing to compare" in " ".join(gonogo("diff", "--help").stdout.split())
    assert "no earlier run of gate pre-deploy to compare with" in gonogo("diff", "--env", "other").stderr


@pytest.mark.usefixtures("two")
def test_check_without_a_run_is_one_of_the_newest(gonogo: Gonogo) -> None:
    """Whoever reads an id on the page types it; a mistyped one is told as that, and not as a folder."""
    assert gonogo("show", "tls-a").stdout == gonogo("show", SECOND, "tls-a").stdout != ""
    refused = gonogo("show", "tls-aa")
    assert refused.returncode == 2
    assert f"neither a check nor a line of reports/staging/{SECOND}; did you mean tls-a?" in refused.stderr


def test_line_shows_what_failed_of_its_supports(gonogo: Gonogo, project: Path) -> None:
    """A proof that passed beside a support that failed reads as a contradiction, if the support is not shown."""
    told = [check("proof"), check("well"), check("ill", Outcome.FAIL, "closed")]
    lines = [line("a.line", LineStatus.FAILED, "ill: closed", checks=["proof"], supporting=["well", "ill"])]
    keep(project, accounted(told, lines), FIRST)
    shown = gonogo("show", "a.line").stdout
    assert "✔ check proof" in shown
    assert "✖ check ill" in shown
    assert "✔ 1 supporting check passed" in shown


def test_facts_are_told_to_whoever_asks_for_them(gonogo: Gonogo, project: Path) -> None:
    """The load's have thousands of rows: whoever is woken reads what failed, what to do, and where the rest is."""
    rows = {f"fact {number}": number for number in range(39)}
    told = check("tls-a")
    seen = [dataclasses.replace(one, facts={"tls": rows}) for one in told.observations]
    keep(project, accounted([dataclasses.replace(told, observations=seen)]), FIRST)
    rows_told = gonogo("show", "tls-a").stdout.splitlines()
    assert rows_told[-1] == f"  with all facts, and why it matters: gonogo show {FIRST} tls-a --facts"
    assert not [row for row in rows_told if "fact 0" in row]
    assert "fact 38" in gonogo("show", "tls-a", "--facts").stdout


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("diff", FIRST), "give two runs"),
        (("diff", FIRST, SECOND, "--env", "staging"), "not both"),
        (("diff", "--env", "stagin"), "there are runs of staging"),
        (("runs", "--reports", "nowhere"), "nowhere: no runs there; make one with gonogo run"),
        (("show", "20261123T120000Z-aaaaab"), f"did you mean {FIRST}?"),
        (("show", FIRST, "tls-b"), "neither a check nor a line 'tls-b' in this run; did you mean tls-a?"),
    ],
)
def test_wrong_words_exit_2_with_a_cure(gonogo: Gonogo, arguments: tuple[str, ...], expected: str) -> None:
    """At 3 a.m. an id is mistyped."""
    done = gonogo(*arguments)
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_second_run_knows_the_first(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """History is in results.json, so that a page needs no other file; and a replay still says the same."""
    program("run", "--env", "dead")
    first = (project / "reports/dead/latest").resolve().name
    path = project / "environments" / "dead.toml"
    path.write_text(path.read_text().replace('issuer = "X"', 'issuer = "Y"'))
    done = program("run", "--env", "dead", "--release", "v2")
    told = json.loads((project / "reports/dead/latest/results.json").read_bytes())["history"]
    assert told["since"] == first
    [change] = told["changes"]
    assert change == {
        "kind": "policy changed",
        "subject": "environments/dead.toml",
        "key": "tls.issuer",
        "before": "X",
        "after": "Y",
    }
    assert "environments/dead.toml" in done.stdout
    assert "tls.issuer: X → Y" in done.stdout
    assert "environments/dead.toml   tls.issuer: X → Y" in gonogo("diff", "--env", "dead").stdout
    assert [one["id"] for one in told["runs"]] == [first]
    assert f"CHANGES since {first}" in done.stdout
    again = gonogo("replay", "reports/dead/latest")
    assert again.returncode == 1
    assert f"CHANGES since {first}" in again.stdout
    before = (project / "reports/dead/latest/signoff.html").read_bytes()
    gonogo("report", "reports/dead/latest")
    assert (project / "reports/dead/latest/signoff.html").read_bytes() == before


def test_github_gets_annotations_and_the_summary(gonogo: Gonogo, project: Path) -> None:
    """The job's page says why it is red, and what an earlier step wrote there stays."""
    page = project / "step.md"
    page.write_text("earlier\n")
    done = gonogo("run", "--env", "dead", "--format", "github", GITHUB_STEP_SUMMARY=str(page))
    assert done.returncode == 1
    (told,) = [row for row in done.stdout.splitlines() if row.startswith("::error") and "title=tls-handshake::" in row]
    assert told.startswith(
        "::error file=environments/dead.toml,line=9,title=tls-handshake::“Every address completes a TLS"
    )
    assert "%0AFAIL: dead.test at 127.0.0.1:1: closed" in told
    summary = (project / "reports/dead/latest/summary.md").read_bytes()
    assert page.read_bytes() == b"earlier\n" + summary
    again = gonogo("report", "reports/dead/latest", "--format", "github", GITHUB_STEP_SUMMARY=str(project))
    assert again.returncode == 0
    assert "::error file=environments/dead.toml,line=9,title=tls-handshake::" in again.stdout
    assert "GITHUB_STEP_SUMMARY: " in again.stderr


def test_open_prints_the_page_of_the_newest_run(gonogo: Gonogo, two: Path) -> None:
    """With its signatures where it was sealed; written again by gonogo report where it is gone."""
    missing = gonogo("open")
    assert missing.returncode == 2
    assert f"write it again with: gonogo report reports/staging/{SECOND}" in missing.stderr
    (two / "signoff.html").write_text("<p>page</p>")
    assert gonogo("open").stdout == f"reports/staging/{SECOND}/signoff.html\n"
    (two / "sealed.html").write_text("<p>sealed</p>")
    assert gonogo("open", SECOND[:13]).stdout == f"reports/staging/{SECOND}/sealed.html\n"


def test_open_shows_no_page_of_a_run_that_was_edited(gonogo: Gonogo, two: Path) -> None:
    """Somebody would sign what they see."""
    (two / "signoff.html").write_text("<p>page</p>")
    results = (two / "results.json").read_text()
    (two / "results.json").write_text(results.replace('"verdict":"NO-GO"', '"verdict":"GO"'))
    done = gonogo("open")
    assert (done.returncode, done.stdout) == (4, "")


@pytest.mark.parametrize(
    ("environ", "opened"), [({}, True), ({"CI": "true"}, False), ({"DISPLAY": "", "BROWSER": ""}, False)]
)
def test_open_starts_the_browser_at_a_terminal(
    two: Path, tmp_path: Path, *, environ: dict[str, str], opened: bool
) -> None:
    """A real terminal, and a program in the browser's place; in CI and without a screen nothing is started."""
    (two / "signoff.html").write_text("<p>page</p>")
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}.partial && mv {seen}.partial {seen}\n')
    browser.chmod(0o755)
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in {"CI", "DISPLAY", "WAYLAND_DISPLAY"}}
    program = [sys.executable, "-c", "from gonogo.cli import main; main()", "open"]
    with os.fdopen(ours, "rb", buffering=0), os.fdopen(theirs, "wb", buffering=0) as terminal:
        done = subprocess.run(  # noqa: S603 - our own program
            program,
            cwd=two.parents[2],
            env={**inherited, "BROWSER": str(browser), **environ},
            stdout=terminal,
            check=False,
        )
    assert done.returncode == 0
    assert seen.exists() is opened
    if opened:
        assert seen.read_text().strip() == (two / "signoff.html").resolve().as_uri()
