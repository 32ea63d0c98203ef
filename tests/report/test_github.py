"""What GitHub shows: as much as it takes, the worst first, and nothing that a target wrote is obeyed."""

import dataclasses
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from gonogo.cli.output import show_github
from gonogo.record.declared import Finding
from gonogo.record.results import LineStatus, Outcome
from gonogo.report.github import LARGEST_SUMMARY, artifact_link, render_commands
from gonogo.report.markdown import inert, quoted
from gonogo.report.summary import LARGEST_BYTES, render_summary_page
from gonogo.report.terminal import render_summary
from tests.report.accounts import CASES, accounted, exception, line
from tests.report.conftest import HOSTILE, check, results

ATTACKS = (
    HOSTILE,
    "\n::error::pwned",
    "::stop-commands::x",
    "a | b ``` c `d` | e",
    "[click](https://evil.test) ![](https://evil.test/x.png) @team #12 <!-- x -->",
    "# heading\n\n- [x] item\n---",
    "`" * 5000,
)


def test_worst_first_and_at_most_ten() -> None:
    """GitHub drops the eleventh: it must not be the one that matters."""
    checks = [check(f"w-{number}", Outcome.WARN, "soon") for number in range(20)]
    told = accounted([*checks, check("tls-a", Outcome.FAIL, "closed: port, 100%")], [line("b.open", LineStatus.OPEN)])
    commands = render_commands(told).split("\n")
    assert len(commands) == 10
    assert commands[0] == (
        "::error title=tls-a::Requirement not met: “Title of tls-a”. It matters%0AFAIL: closed: port, 100%25%0Afix: Repair it."
    )
    assert commands[1] == "::error file=environments/checklist.md,line=1,title=checklist::1 checklist line open: b.open"
    assert commands[-1] == "::warning title=gonogo::and 13 more: see the summary of this job"


def read(command: str) -> tuple[str, dict[str, str], str]:
    """Name, properties and message of a workflow command, as GitHub's runner takes it apart (``ActionCommand``)."""
    info, message = command.removeprefix("::").split("::", 1)
    name, _, told = info.partition(" ")
    pairs = (part.split("=", 1) for part in told.split(",") if part)
    return name, {key: unescaped(value, "\r\n:,%") for key, value in pairs}, unescaped(message, "\r\n%")


def unescaped(text: str, characters: str) -> str:
    """With these characters again in the place of their codes, in the order in which the runner does it: ``%`` last."""
    for character in characters:
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def test_each_points_to_where_somebody_acts() -> None:
    """The key of the environment file, the team's own check, or the line of the list that stays open because of it."""
    failing = [
        dataclasses.replace(check("tls-a", Outcome.FAIL, "closed"), file="environments/staging.toml", line=37),
        dataclasses.replace(check("own-a", Outcome.FAIL, "wrong"), file="smoke/test_a, b:c%41.py", line=8),
        check("dns-a", Outcome.FAIL, "gone"),
        check("dns-b", Outcome.FAIL, "gone too"),
        dataclasses.replace(check("server-a", Outcome.ERROR, "none declared"), file="environments/staging.toml"),
    ]
    lines = [
        line("a.open", LineStatus.OPEN, number=7),
        line("a.dns", LineStatus.FAILED, number=12, checks=["dns-a"]),
        line("a.late", LineStatus.OPEN, number=3, checks=["dns-a"]),
    ]
    told = [read(command) for command in render_commands(accounted(failing, lines)).split("\n")]
    assert {properties["title"]: (properties.get("file"), properties.get("line")) for _, properties, _ in told} == {
        "tls-a": ("environments/staging.toml", "37"),
        "own-a": ("smoke/test_a, b:c%41.py", "8"),
        "dns-a": ("environments/checklist.md", "12"),
        "dns-b": (None, None),
        "server-a": ("environments/staging.toml", None),
        "checklist": ("environments/checklist.md", "12"),
    }


def test_a_file_that_github_does_not_have_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would show the annotation nowhere. In a folder of the repository, its path begins at the checkout."""
    project = tmp_path / "checkout" / "launch"
    (project / "environments").mkdir(parents=True)
    (project / "environments" / "checklist.md").touch()
    told = accounted(
        [dataclasses.replace(check("tls-a", Outcome.FAIL, "closed"), file="environments/gone.toml", line=3)],
        [line("b.open", LineStatus.OPEN)],
    )
    monkeypatch.chdir(project)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    seen = {}
    for place in (str(tmp_path / "checkout"), str(tmp_path / "elsewhere"), ""):
        monkeypatch.setenv("GITHUB_WORKSPACE", place)
        show_github(told)
        rows = capsys.readouterr().out.splitlines()
        seen[Path(place).name] = [read(row)[1].get("file") for row in rows if row]
    assert seen == {
        "checkout": [None, "launch/environments/checklist.md"],
        "elsewhere": [None, None],
        "": [None, "environments/checklist.md"],
    }


def test_calm_when_all_is_well() -> None:
    """A green run with annotations is a run that nobody reads any more."""
    assert not render_commands(CASES["go"])


@pytest.mark.parametrize("attack", ATTACKS)
def test_target_gives_no_commands(attack: str) -> None:
    """One line of a banner would switch off every annotation after it, or mask the verdict."""
    told = accounted([check("tls-a", Outcome.FAIL, attack, hint=attack)], [line("b.open", LineStatus.OPEN, attack)])
    for row in render_commands(told).split("\n"):
        assert row.startswith(
            ("::error title=tls-a::", "::error file=environments/checklist.md,line=1,title=checklist::")
        )
        assert "\r" not in row
    for width in (60, 61, 62, 63, 64, 100):
        summary = render_summary(told, report_path="x", report_digest="", colour=False, width=width)
        assert not [row for row in summary.splitlines() if row.lstrip().startswith("::") or "##[" in row]


@pytest.mark.parametrize("attack", ATTACKS)
def test_target_writes_no_markdown(attack: str) -> None:
    """A link, an image or a heading in a job summary speaks with our voice."""
    told = accounted(
        [check("tls-a", Outcome.FAIL, attack, hint=attack)],
        [line("b.open", LineStatus.OPEN, attack, section=[attack])],
        exceptions=[exception("tls-a", attack)],
        findings=[Finding(subject=attack, message=attack)],
    )
    page = render_summary_page(told).decode()
    assert not [row for row in page.splitlines() if row.lstrip().startswith("::")]
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    kinds = {kind.type for token in tokens for kind in (token, *(token.children or []))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "fence", "code_block", "hr", "lheading_open"}
    assert sum(token.type == "heading_open" for token in tokens) == 6
    assert sum(token.type == "tr_open" for token in tokens) == 4, "the sections, and the command"


@pytest.mark.parametrize("text", ATTACKS)
def test_text_is_one_line_of_text(text: str) -> None:
    """In a list, in a table, beside a box."""
    for written in (inert(text), quoted(text)):
        assert len(written.splitlines()) == 1
        tokens = MarkdownIt("commonmark").parseInline(written)
        kinds = {child.type for token in tokens for child in token.children or []}
        assert kinds <= {"text", "code_inline", "text_special"}


def test_summary_fits_whatever_the_size_of_the_run() -> None:
    """GitHub refuses a larger one whole; and what is left off is said."""
    checks = [check(f"tls-{number}", Outcome.FAIL, "é" * 5000, hint="x" * 5000) for number in range(500)]
    lines = [line(f"b.{number}", LineStatus.OPEN, "w" * 3000, section=[f"s{number}" * 99]) for number in range(500)]
    told = accounted(checks, lines)
    page = render_summary_page(told)
    assert len(page) <= LARGEST_BYTES
    assert (
        "1000 things block GO: 500 causes and 500 checklist lines. In all: 500 must-pass checks failed, 500 checklist lines open"
        in page.decode()
    )
    assert "more of them, left off here; signoff.html has all" in page.decode()


def test_summary_of_huge_notes_fits_too() -> None:
    """Notes are ours, but their number is not."""
    assert len(render_summary_page(results([check("a-b")], notes=["n" * 9000] * 3000))) <= LARGEST_BYTES


def test_summary_says_what_blocks_and_how_to_repair_it() -> None:
    """Whoever opens the job must not need another file to begin."""
    page = render_summary_page(CASES["no-go"]).decode()
    assert page.startswith("# ✖ NO-GO: WorkMe, staging\n")
    assert "- ✖ **tls-a** FAIL, blocker: `closed`; fix: `Repair it.`" in page
    assert "- ✖ **b.failed** failed, Text of b.failed: `tls-a: closed`" in page
    assert "- ◇ **redis-c** in force, until 2026-11-30, owner Bo, approved by Cy: `known since spring`" in page
    assert "| Other | 0 | 2 |" in page


def test_summary_folds_long_lists_and_gives_the_command() -> None:
    """Ninety-seven items are a wall: the first five of each are seen, and the rest with one click."""
    checks = [check(f"tls-{number}", Outcome.FAIL, "closed") for number in range(97)]
    page = render_summary_page(accounted(checks, [line("b.open", LineStatus.OPEN)])).decode()
    causes = page.partition("## What keeps it from GO")[2].partition("## ")[0]
    assert causes.partition("<details>")[0].count("\n- ") == 5
    assert causes.count("<details><summary>92 more</summary>") == causes.count("</details>") == 1
    assert "| tls-0 | `gonogo run --env staging --gate " in causes
    assert "--only tls-0` |" in causes
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    assert sum(token.type == "list_item_open" for token in tokens) > 97
    assert page.partition("## Lines of the checklist")[2].count("<details>") == 0
    assert "## Lines of the checklist" in page


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, True),
        ({"GITHUB_RUN_ID": "7) [click](https://evil.test"}, False),
        ({"GITHUB_REPOSITORY": "a/b#x"}, False),
        ({"GITHUB_SERVER_URL": "javascript:alert(1)//"}, False),
        ({"GITHUB_RUN_ID": ""}, False),
    ],
)
def test_link_to_the_artifacts_of_the_job(*, changed: dict[str, str], shown: bool) -> None:
    """Of GitHub's own variables, and only where they are what GitHub writes."""
    told = {"GITHUB_SERVER_URL": "https://github.test", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7", **changed}
    link = "(https://github.test/a/b/actions/runs/7#artifacts)"
    assert (link in artifact_link(told)) is shown
    assert shown or not artifact_link(told)


def test_a_summary_that_is_full_is_left_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub refuses a longer one whole, and with it what others wrote there."""
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.delenv("GITHUB_RUN_ID", raising=False)
    summary.write_bytes(b"x" * (LARGEST_SUMMARY - 10))
    show_github(CASES["go"])
    assert summary.stat().st_size == LARGEST_SUMMARY - 10
    summary.write_bytes(b"theirs\n")
    show_github(CASES["go"])
    assert summary.read_bytes() == b"theirs\n" + render_summary_page(CASES["go"])
