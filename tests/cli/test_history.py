"""``gonogo runs``, ``show`` and ``diff``, and what a job on GitHub sees."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from gonogo.record.results import LineStatus, Outcome
from tests.cli.conftest import Gonogo
from tests.cli.kept_runs import FIRST, SECOND, keep
from tests.report.accounts import accounted, line
from tests.report.conftest import check


def row_age(listed: str) -> str:
    """When the runs of these tests were, as the list has it."""
    age = re.search(r"\d+ (?:min|h|d) ago", listed)
    assert age
    return age[0]


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


@pytest.mark.usefixtures("two")
def test_show(gonogo: Gonogo) -> None:
    """The verdict, one check with its facts, one line with what supports it."""
    assert (
        gonogo("show", SECOND)
        .stdout.splitlines()[-1]
        .startswith(" ✖ NO-GO   1 cause blocks GO. In all: 1 must-pass check failed")
    )
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
        " − x.gone   was line, verified; it is not there any more   Text of x.gone",  # noqa: RUF001 - a minus sign
        "NEWLY FAILING 1",
        " ✖ tls-a   pass → fail   required: “Title of tls-a”",
        "FIXED 1",
        " ✔ b.open   open → attested   Text of b.open",
    ]


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
    observations = [dataclasses.replace(observation, facts={"tls": rows}) for observation in told.observations]
    keep(project, accounted([dataclasses.replace(told, observations=observations)]), FIRST)
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
    assert [run["id"] for run in told["runs"]] == [first]
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
        "::error file=environments/dead.toml,line=9,title=tls-handshake::Requirement not met: “Every address completes a TLS"
    )
    assert "%0AFAIL: dead.test at 127.0.0.1:1: closed" in told
    summary = (project / "reports/dead/latest/summary.md").read_bytes()
    assert page.read_bytes() == b"earlier\n" + summary
    again = gonogo("report", "reports/dead/latest", "--format", "github", GITHUB_STEP_SUMMARY=str(project))
    assert again.returncode == 0
    assert "::error file=environments/dead.toml,line=9,title=tls-handshake::" in again.stdout
    assert "GITHUB_STEP_SUMMARY: " in again.stderr
