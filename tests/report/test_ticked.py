"""checklist.md is the team's own list, byte for byte but for boxes and notes."""

import dataclasses
from pathlib import Path

import pytest

from gonogo.policy.checklist import parse_checklist
from gonogo.record.results import DONE, LineResult, LineStatus, Outcome, Results
from gonogo.report.ticked import line_notes, render_checklist
from tests.report.accounts import accounted, attested, line
from tests.report.conftest import HOSTILE, check

LIST = Path(__file__).parents[2] / "environments" / "checklist.md"
ALL_ASKED = "\n→ gate pre-deploy: All {} lines of the checklist were asked by this gate\n"
SOURCE = (
    "# List\n\n- [x] Group <!-- g -->\n  - [ ] `One` → two <!-- g.one -->\n  - [X] Two <!-- g.two attest=devops -->\n"
)


def of(source: str, lines: list[LineResult]) -> Results:
    """A run by that list."""
    checks = [check("tls-a"), check("tls-b", Outcome.FAIL, HOSTILE), check("tls-c"), check("tls-d"), check("tls-e")]
    return accounted(checks, lines, checklist=source)


def test_ticks_links_and_reasons() -> None:
    """A tick without its evidence is a promise."""
    lines = [
        line("g", LineStatus.OPEN, leaf=False),
        line("g.one", checks=["tls-a", "tls-c", "tls-d", "tls-e"]),
        line("g.two", LineStatus.OPEN, "no check covers it here; devops may attest it"),
    ]
    assert render_checklist(of(SOURCE, lines)).decode().removesuffix(ALL_ASKED.format("2")) == (
        "# List\n\n- [ ] Group <!-- g -->\n"
        "  - [x] `One` → two → [tls-a](signoff.html#tls-a), [tls-c](signoff.html#tls-c), [tls-d](signoff.html#tls-d), "
        "and 1 more <!-- g.one -->\n"
        "  - [ ] Two → **open**: no check covers it here; devops may attest it <!-- g.two attest=devops -->\n"
    )


def test_failed_attested_and_not_asked() -> None:
    """Each says in a few words what it is."""
    said = line_notes(
        of(
            SOURCE,
            [
                line("g.one", LineStatus.FAILED, HOSTILE, checks=["tls-a", "tls-b"]),
                line("g.two", LineStatus.ATTESTED, attested=attested(by="[Ana](https://evil.test)")),
                line("g.three", LineStatus.OPEN, demanded=False),
            ],
        )
    )
    assert said["g.one"] == "→ **failed**: [tls-b](signoff.html#tls-b) (fail)"
    assert said["g.two"] == "→ attested by \\[Ana\\](https&#58;//evil.test) (devops) until 2027-11-23"
    assert said["g.three"] == "→ not asked by gate pre-deploy"


def test_what_the_gate_did_not_ask_is_not_ticked() -> None:
    """A production run sees its own release, and not that of staging's deployment; what it carries is ticked."""
    lines = [
        line("g", LineStatus.OPEN, leaf=False),
        line("g.one", checks=["tls-a"], demanded=False),
        line("g.two", carried="20261124T1200-staging", demanded=False),
    ]
    written = render_checklist(of(SOURCE, lines)).decode()
    assert "- [ ] `One` → two → not asked by gate pre-deploy" in written
    assert "- [x] Two → verified by the carried run 20261124T1200-staging" in written


@pytest.mark.parametrize("change", [str, lambda text: text.replace("\n", "\r\n"), lambda text: f"\ufeff{text}"])
def test_the_teams_own_bytes(change: object) -> None:
    """With the notes, and the sentence below, taken away, only boxes differ; parsed again, it is the same list."""
    assert callable(change)
    source = change(LIST.read_bytes().decode())
    before = parse_checklist(source, "x")
    statuses = list(LineStatus)
    lines = [
        line(one.id, statuses[number % len(statuses)], HOSTILE, leaf=one.leaf, checks=["tls-a"] if number % 2 else [])
        for number, one in enumerate(before.lines)
    ]
    told = of(source, lines)
    written = render_checklist(told).decode()
    after = parse_checklist(written, "x")
    done = {one.id for one in lines if one.status in DONE - {LineStatus.SUPPORTED}}
    assert [one.checked for one in after.lines] == [one.id in done for one in after.lines]
    assert [dataclasses.replace(one, text="", checked=False) for one in after.lines] == [
        dataclasses.replace(one, text="", checked=False) for one in before.lines
    ]
    for note in line_notes(told).values():
        assert f" {note}" in written
        written = written.replace(f" {note}", "", 1)
    below = ALL_ASKED.format(sum(one.leaf for one in lines))
    line_end = "\r\n" if "\r\n" in source else "\n"
    written = written.removesuffix(below.replace("\n", line_end))
    assert boxes_off(written).removesuffix(line_end) == boxes_off(source).removesuffix(line_end)


def boxes_off(text: str) -> str:
    """Every box empty."""
    return text.replace("[x]", "[ ]").replace("[X]", "[ ]")
