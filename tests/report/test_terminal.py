"""What a tired engineer reads at 3 a.m., word for word."""

import dataclasses
import re

import pytest

from gonogo.record.declared import Finding, RoleResult
from gonogo.record.results import Cause, Change, History, LineStatus, Observation, Outcome, Results, RootCause
from gonogo.report.html import render_signoff
from gonogo.report.summary import render_summary_page
from gonogo.report.terminal import render_summary
from gonogo.verdict.causes import root_causes
from tests.report.accounts import accounted, exception, line, waived
from tests.report.conftest import check, results


def summary(results: Results, *, colour: bool = False, width: int = 100) -> str:
    """The summary, as the command line asks for it."""
    return render_summary(
        results, report_path="reports/x.html", report_digest="6c6d08cf" * 8, colour=colour, width=width
    )


def test_go(go: Results) -> None:
    """Calm when all is well: verdict, warnings, families, sum, page, and the verdict where the cursor stops."""
    assert summary(go) == (
        " ✔ GO                                                                      4.1 s\n"
        "gonogo 0.1 · WorkMe · staging · https://a.test · release 3f2c1a9 (claimed, not seen)\n"
        "gate pre-deploy · 3 planned\n"
        " WARNINGS\n"
        " ▲ tls-b   soon\n"
        "   fix: Repair it.\n"
        "   → gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --only tls-b\n"
        " tls            1 pass    1 warn\n"
        " all well       1 pass  in dns\n"
        " 3 = 2 pass + 1 warn\n"
        " report  reports/x.html   sha256:6c6d08cf…\n"
        " This is the first run of this gate on record.\n"
        " ✔ GO                                                                      4.1 s"
    )


def test_no_go(no_go: Results) -> None:
    """The cause once, its consequences in one line, gaps with their hint, forty alike as one."""
    assert summary(no_go) == (
        " ✖ NO-GO   3 causes block GO. In all: 1 must-pass check failed, 4 not checked 4.1 s\n"
        " Requirement not met: “Title of tls-a”. It matters\n"
        "gonogo 0.1 · WorkMe · staging · https://a.test · release 3f2c1a9 (claimed, not seen)\n"
        "gate pre-deploy · 5 planned\n"
        " BLOCKERS\n"
        " ✖ tls-a   a.test at 192.0.2.1:443: closed port, nothing listens\n"
        "   fix: Repair it.\n"
        "   blocks 1 other check: tls-b\n"
        "   → gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --only tls-a\n"
        " COULD NOT CHECK\n"
        " ? dns-a   no resolver answers\n"
        "   fix: declare others\n"
        "   → gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --only dns-a\n"
        " NOT RUN\n"
        " ○ redis-a, redis-b: not selected in this run\n"
        " note    narrowed to tls-a\n"
        " tls            1 FAIL    1 BLOCKED\n"
        " dns            1 COULD NOT CHECK\n"
        " redis          2 NOT RUN\n"
        " 5 = 1 fail + 1 could not check + 1 blocked + 2 not run\n"
        " report  reports/x.html   sha256:6c6d08cf…\n"
        " This is the first run of this gate on record.\n"
        " WHAT BLOCKS GO\n"
        " 1. Requirement not met: “Title of tls-a” (tls-a: a.test at 192.0.2.1:443: closed port, nothing\n"
        "     listens)\n"
        "    why it matters: It matters.\n"
        "    fix: Repair it.\n"
        " 2. Could not be checked: “Title of dns-a” (dns-a: no resolver answers)\n"
        " 3. Not checked: “Title of redis-a” (redis-a: not selected in this run)\n"
        "   → run again after the repair: gonogo run --env staging --gate pre-deploy --release 3f2c1a9\n"
        " ✖ NO-GO   3 causes block GO. In all: 1 must-pass check failed, 4 not checked 4.1 s"
    )


def test_target_cannot_move_the_cursor(hostile: Results) -> None:
    """An escape sequence in a banner must not paint a GO over the verdict."""
    many = dataclasses.replace(
        hostile, history=dataclasses.replace(hostile.history, changes=[*hostile.history.changes] * 20)
    )
    text = summary(many)
    assert re.search(r"→ all \d+: gonogo diff", text)
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "\u202e" not in text
    assert "⟦U+202E⟧" in text
    assert "⟦U+001B⟧" in text


def test_colour_is_only_added(go: Results) -> None:
    """Whoever sees no colours loses nothing."""
    plain, coloured = summary(go), summary(go, colour=True)
    assert coloured.replace("\033[1;32m", "").replace("\033[0m", "") == plain
    assert coloured != plain


def test_lines_fit_a_narrow_terminal(hostile: Results) -> None:
    """Half a screen beside the logs is how this is read; commands stay whole."""
    long_words = [line for line in summary(hostile, width=60).splitlines() if len(line) > 60 and " " in line.strip()]
    assert not [line for line in long_words if line.startswith(("   ", " ▲", " ✖")) and not line.startswith("   → ")]


def test_no_release_is_said(go: Results) -> None:
    """A verdict about nobody knows what."""
    without = dataclasses.replace(go, run=dataclasses.replace(go.run, release=None))
    assert "no release given" in summary(without)


def test_incomplete() -> None:
    """What nobody could observe is no GO, and is told apart from a failure."""
    gaps = [check("dns-a", Outcome.ERROR, "no resolver answers", hint="declare others"), check("tls-a")]
    assert summary(results(gaps)) == (
        " ◌ INCOMPLETE   1 cause blocks GO. In all: 1 must-pass check not checked   4.1 s\n"
        " Could not be checked: “Title of dns-a”. It matters\n"
        "gonogo 0.1 · WorkMe · staging · https://a.test · release 3f2c1a9 (claimed, not seen)\n"
        "gate pre-deploy · 2 planned\n"
        " COULD NOT CHECK\n"
        " ? dns-a   no resolver answers\n"
        "   fix: declare others\n"
        "   → gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --only dns-a\n"
        " dns            1 COULD NOT CHECK\n"
        " all well       1 pass  in tls\n"
        " 2 = 1 pass + 1 could not check\n"
        " report  reports/x.html   sha256:6c6d08cf…\n"
        " This is the first run of this gate on record.\n"
        " WHAT BLOCKS GO\n"
        " 1. Could not be checked: “Title of dns-a” (dns-a: no resolver answers)\n"
        "    why it matters: It matters.\n"
        "    fix: declare others\n"
        "   → run again after the repair: gonogo run --env staging --gate pre-deploy --release 3f2c1a9\n"
        " ◌ INCOMPLETE   1 cause blocks GO. In all: 1 must-pass check not checked   4.1 s"
    )


def test_message_is_that_of_the_target_with_consequences() -> None:
    """Whoever repairs the target that is named expects its consequences to go away."""
    small, large = ("a.test", "192.0.2.1"), ("a.test", "192.0.2.2")
    failed = check("tls-a", Outcome.FAIL, "own trouble only", scope=small)
    dead = Observation(scope=large, outcome=Outcome.FAIL, message="nothing listens")
    both = dataclasses.replace(failed, observations=[*failed.observations, dead])
    blocked = check("tls-b", Outcome.BLOCKED, "blocked", scope=large, cause=Cause(check="tls-a", scope=large))
    cause = RootCause(
        check="tls-a", scope=large, outcome=Outcome.FAIL, message="nothing listens", consequences=["tls-b"]
    )
    assert " ✖ tls-a   nothing listens (and at 1 more)\n" in summary(results([both, blocked], [cause]))


def test_checklist_papers_and_changes() -> None:
    """All that keeps the gate shut beside checks, and what is new, after the checks."""
    lines = [line(f"b.{number}", LineStatus.OPEN, "nobody said") for number in range(6)]
    changes = [
        Change(kind="newly failing", subject=f"tls-{number}", before="pass", after="fail") for number in range(6)
    ]
    told = accounted(
        [check("dns-a"), waived("tls-a")],
        [line("a.a"), *lines, line("c.c", LineStatus.FAILED, "tls-a: closed")],
        exceptions=[exception("tls-a")],
        findings=[Finding(subject="a.a", message="has expired", path="environments/a.toml")],
        history=History(changes=changes, since="20261122T120000Z-abcdef"),
    )
    assert summary(told) == (
        " ◌ INCOMPLETE   7 checklist lines not done (1 failed, 6 open)              4.1 s\n"
        "gonogo 0.1 · WorkMe · staging · https://a.test · release 3f2c1a9 (claimed, not seen)\n"
        "gate pre-deploy · 2 planned\n"
        " CHECKLIST LINES NOT DONE\n"
        " ✖ c.c   Text of c.c: tls-a: closed\n"
        " ○ b.0   Text of b.0: nobody said\n"
        " ○ b.1   Text of b.1: nobody said\n"
        " ○ b.2   Text of b.2: nobody said\n"
        " ○ b.3   Text of b.3: nobody said\n"
        "   and 2 more, in the report\n"
        " WAIVERS\n"
        " ◇ tls-a   in force, until 2026-11-30, owner Bo: known since spring\n"
        " FINDINGS\n"
        " · a.a   has expired (environments/a.toml)\n"
        " CHANGES since 20261122T120000Z-abcdef: 6 newly failing (tls-0, tls-1, tls-2 and 3 more)\n"
        " ✖ tls-0   pass → fail\n"
        " ✖ tls-1   pass → fail\n"
        " ✖ tls-2   pass → fail\n"
        " ✖ tls-3   pass → fail\n"
        " ✖ tls-4   pass → fail\n"
        "   → all 6: gonogo diff 20261122T120000Z-abcdef 20261123T120000Z-abcdef\n"
        " tls            1 waived\n"
        " all well       1 pass  in dns\n"
        " 2 = 1 pass + 1 waived\n"
        " checklist 8 = 1 verified + 1 failed + 6 open\n"
        " All 8 lines of the checklist were asked by this gate\n"
        " report  reports/x.html   sha256:6c6d08cf…\n"
        " This is the first run of this gate on record: 6 newly failing (tls-0, tls-1, tls-2 and 3 more).\n"
        "   → details of what changed: gonogo diff 20261122T120000Z-abcdef 20261123T120000Z-abcdef\n"
        " WHAT BLOCKS GO\n"
        " 1. Failed: “Text of c.c” (c.c)\n"
        " 2. Open: “Text of b.0”; nobody said (b.0)\n"
        " 3. Open: “Text of b.1”; nobody said (b.1)\n"
        "   and 4 more checklist lines, in the report\n"
        " ◌ INCOMPLETE   7 checklist lines not done (1 failed, 6 open)              4.1 s"
    )


def test_a_waiver_of_a_check_that_warned_changes_nothing() -> None:
    """Whoever signs must not think that something was accepted."""
    told = accounted([check("tls-a", Outcome.WARN, "soon")], exceptions=[exception("tls-a")])
    words = "in force, until 2026-11-30 (changes nothing: the check warned, it did not fail), owner Bo"
    assert f" ◇ tls-a   {words}" in summary(told, width=200)
    assert "It changes nothing: the check warned, it did not fail." in render_signoff(told).decode()
    assert "changes nothing" not in summary(accounted([waived("tls-a")], exceptions=[exception("tls-a")]))


def hundreds() -> Results:
    """A dead database, 300 checks that it blocks, fifty failures with fifty messages, gaps, warnings, and a long list."""
    scope = ("a.test", "192.0.2.1")
    behind = Cause(check="mongo-reachable", scope=scope)
    checks = [
        check("mongo-reachable", Outcome.FAIL, "db.internal:27017: no reply within 4 s (timeout, no refusal)"),
        *(check(f"mongo-{number}", Outcome.BLOCKED, "blocked", cause=behind) for number in range(300)),
        *(check(f"tls-{number}", Outcome.FAIL, f"host {number}: closed port") for number in range(50)),
        *(check(f"dns-{number}", Outcome.ERROR, f"resolver {number} is silent") for number in range(50)),
        *(check(f"redis-{number}", Outcome.NOT_RUN, "not selected in this run") for number in range(120)),
        *(check(f"http-{number}", Outcome.WARN, "soon") for number in range(40)),
        *(check(f"part{number % 9}-{number}") for number in range(90)),
    ]
    lines = [line(f"a.l{number}", LineStatus.OPEN, "nobody said", checks=[f"mongo-{number}"]) for number in range(200)]
    findings = [Finding(subject=f"a.l{number}", message="has expired") for number in range(60)]
    return accounted(checks, lines, causes=root_causes(checks), findings=findings)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_hundreds_are_a_number_and_three_ids(width: int) -> None:
    """109 ids over twenty lines pushed the verdict off the screen: it stands first, and the first cause below it."""
    told = summary(hundreds(), width=width)
    rows = told.splitlines()
    first_screen = "\n".join(rows[:24])
    assert rows[0].startswith(" ✖ NO-GO")
    assert rows[-1].startswith(" ✖ NO-GO")
    assert "mongo-reachable   db.internal:27017: no reply" in first_screen.replace("\n     ", " ")
    blocked = (
        "blocks 300 other checks: mongo-0, mongo-1, mongo-2 and 297 more blocks 200 checklist lines: “Text of a.l0”"
    )
    assert blocked in " ".join(first_screen.split())
    flat = " ".join(told.split())
    assert "and 46 more, in the report: tls-4, tls-5, tls-6 and 43 more" in flat
    assert "redis-0, redis-1, redis-2 and 117 more: not selected in this run" in flat
    assert "and 35 more, in the report: http-5, http-6, http-7 and 32 more" in flat
    assert "all well 90 pass in part0, part1, part2 and 6 more" in flat
    assert not [row for row in rows if sum(word.startswith(("mongo-", "a.l", "redis-")) for word in row.split()) > 3]
    assert len(rows) < 115
    whole = (" report  ", "   → ")
    assert not [row for row in rows if len(row) > width and not row.startswith(whole)]


def test_what_is_pasted_is_in_one_piece() -> None:
    """A command that is broken over two lines is no command; a path is none."""
    rows = summary(hundreds(), width=60).splitlines()
    (command,) = [row for row in rows if "--only mongo-reachable" in row]
    assert command == "   → gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --only mongo-reachable"
    assert " report  reports/x.html   sha256:6c6d08cf…" in rows


ROLES = [
    RoleResult(id="technical-lead", title="Technical lead", statements=["s.technical"]),
    RoleResult(id="devops", title="DevOps", statements=["s.operations", "s.unknown"]),
]


def to_sign(outcome: Outcome = Outcome.PASS, *lines: LineStatus, width: int = 100) -> list[str]:
    """The last rows of a run whose statements, one for each role, have these statuses."""
    statements = [line(f"s.{name}", status) for name, status in zip(("technical", "operations"), lines, strict=True)]
    failing = check("tls-a", outcome, "closed", owner="technical-lead")
    roles = [ROLES[0], dataclasses.replace(ROLES[1], statements=["s.operations"])]
    rows = summary(accounted([failing], statements, roles=roles), width=width).splitlines()
    return rows[[row.split(" ", 2)[1] for row in rows].index("report") + 1 : -1]


def test_command_of_a_note_is_in_one_piece() -> None:
    """Whoever removes what a run left pastes the command: a line that breaks in it removes nothing, or of another run."""
    clean = "gonogo clean --env staging --run 20261123T175633Z-3f2c1a"
    told = results([check("tls-a")], notes=[f"stayed behind: messages: 2, users: 14; remove it: {clean}"])
    lines = summary(told, width=60).splitlines()
    assert lines[lines.index(f"   → {clean}") - 1].endswith("remove it:")


def test_roles_are_told_what_they_may_sign() -> None:
    """Whoever reads the terminal alone must know whether a signature is refused, why, and how to sign at all."""
    told = to_sign(Outcome.FAIL, LineStatus.FAILED, LineStatus.VERIFIED)
    assert told == [
        " sign    Technical lead may sign NO-GO or HOLD; GO is refused: the verdict is NO-GO; 1 statement",
        "     failed",
        "   → gonogo sign 20261123T120000Z-abcdef --role technical-lead --decision no-go",
        " sign    DevOps may sign NO-GO or HOLD; GO is refused: the verdict is NO-GO",
        "   → gonogo sign 20261123T120000Z-abcdef --role devops --decision no-go",
        "   hold: a repair and a new run are expected; no-go: this release must not launch; both stop the",
        "     launch",
        "   → if you have no key yet, make one and run again: gonogo key new --role ROLE --name NAME",
        " This is the first run of this gate on record.",
        " WHAT BLOCKS GO",
        " 1. Requirement not met: “Title of tls-a” (tls-a: closed) · who acts: Technical lead",
        "    why it matters: It matters.",
        "    fix: Repair it.",
        " 2. Failed: “Text of s.technical” (s.technical)",
        "   → run again after the repair: gonogo run --env staging --gate pre-deploy --release 3f2c1a9",
        " 2 things block GO: 1 cause and 1 checklist line. In all: 1 must-pass check failed, 1 checklist line",
        "     failed",
    ]
    ready = to_sign(Outcome.PASS, LineStatus.VERIFIED, LineStatus.VERIFIED)
    assert ready[0] == " sign    Technical lead may sign GO, NO-GO or HOLD"
    assert ready[1] == "   → gonogo sign 20261123T120000Z-abcdef --role technical-lead --decision go"
    verified = "gonogo verify 20261123T120000Z-abcdef --env staging --gate pre-deploy --release 3f2c1a9 --max-age 4h"
    assert f"   → when all have signed: {verified}" in ready
    assert not [row for row in ready if row == " WHAT BLOCKS GO" or "run again after" in row]


@pytest.mark.parametrize("width", [60, 80])
def test_commands_of_signers_are_in_one_piece(width: int) -> None:
    """Each is on a row of its own, without a choice in it: it is pasted as it stands, and 80 columns hold what signs."""
    told = to_sign(Outcome.PASS, LineStatus.VERIFIED, LineStatus.VERIFIED, width=width)
    commands = [row.rpartition("→ ")[2] for row in told if "→" in row]
    signing = [row for row in commands if row.startswith("gonogo sign ")]
    assert [row.split("--role ")[1] for row in signing] == ["technical-lead --decision go", "devops --decision go"]
    assert max(map(len, signing)) < 80
    assert not [row for row in commands if "|" in row]
    assert not [row for row in told if "gonogo" in row and not row.startswith("   → ")]


def test_open_statements_are_counted_apart() -> None:
    """What failed is to be repaired, and what is open is to be found out."""
    told = accounted([check("tls-a")], [line("s.operations", LineStatus.OPEN)], roles=ROLES)
    refused = " sign    DevOps may sign NO-GO or HOLD; GO is refused: the verdict is INCOMPLETE; "
    assert f"{refused}2 statements open" in summary(told, width=120).splitlines()
    mixed = accounted([check("tls-a")], [line("s.operations", LineStatus.FAILED)], roles=ROLES)
    assert f"{refused}1 statement failed, 1 open" in summary(mixed, width=120).splitlines()


def test_failed_line_names_the_cause_that_explains_it() -> None:
    """A reason that names a consequence sends whoever reads it after the wrong check."""
    scope = ("a.test", "192.0.2.1")
    checks = [
        check("webhook-valid", Outcome.FAIL, "400"),
        check("payment-delivered", Outcome.BLOCKED, "blocked", cause=Cause(check="webhook-valid", scope=scope)),
    ]
    lines = [
        line("a.a", LineStatus.FAILED, "payment-delivered: no delivery", checks=["payment-delivered"]),
        line("a.b", LineStatus.FAILED, "webhook-valid: 400", checks=["webhook-valid"]),
        line("a.c", LineStatus.FAILED, "said by nobody"),
    ]
    told = accounted(checks, lines, causes=root_causes(checks))
    rows = summary(told).splitlines()
    assert " ✖ a.a   Text of a.a: payment-delivered: no delivery; because of webhook-valid" in rows
    assert " ✖ a.b   Text of a.b: webhook-valid: 400" in rows
    assert " ✖ a.c   Text of a.c: said by nobody" in rows
    assert "no delivery`; because of webhook-valid" in render_summary_page(told).decode()
