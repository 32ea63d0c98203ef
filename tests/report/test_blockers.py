"""Blockers: each cause once, with everything that waits for it; nothing that keeps the gate shut is left out."""

import dataclasses
import html
import re

from gonogo.policy.severity import Severity
from gonogo.record.declared import SHARED_EVIDENCE, Finding
from gonogo.record.results import Cause, LineStatus, Outcome, Results, RootCause, Verdict
from gonogo.report.blockers import alike_words, because_of, blockers, stops
from gonogo.report.github import render_commands
from gonogo.report.html import render_signoff
from gonogo.report.summary import render_summary_page
from gonogo.report.terminal import render_summary
from gonogo.verdict.causes import root_causes
from tests.report.accounts import CASES, accounted, line, waived
from tests.report.conftest import check

SCOPE = ("a.test", "192.0.2.1")
CAUSE = Cause(check="tls-a", scope=SCOPE)


def blocked_by_waived() -> Results:
    """Somebody accepted that tls-a fails; nobody accepted that tls-b is not judged."""
    checks = [waived("tls-a"), check("tls-b", Outcome.BLOCKED, "blocked", cause=CAUSE)]
    return accounted(checks, causes=root_causes(checks))


def test_consequences_and_lines_stand_below_their_cause() -> None:
    """Whoever repairs the cause sees what will turn green with it."""
    checks = [check("tls-a", Outcome.FAIL, "closed"), check("tls-b", Outcome.BLOCKED, "blocked", cause=CAUSE)]
    lines = [
        line("a.a", LineStatus.FAILED, checks=["tls-a"]),
        line("a.b", LineStatus.OPEN, checks=["tls-b"]),
        line("a.c", LineStatus.OPEN, supporting=["tls-b"]),
        line("b.b", LineStatus.OPEN, section=["List", "🏗️ Other"]),
        line("s.s", LineStatus.FAILED, supports=["a.a", "b.b"]),
        line("c.c"),
    ]
    found = blockers(accounted(checks, lines, causes=root_causes(checks)))
    (cause,) = found.causes
    assert list(cause.problem.consequences) == ["tls-b"]
    assert [one.id for one in cause.lines] == ["a.a", "a.b", "a.c"]
    assert {heading: [one.id for one in lines] for heading, lines in found.lines.items()} == {"Other": ["b.b"]}
    assert found.lines_words == "1 checklist line open"
    assert [one.id for one in found.statements] == ["s.s"]


def test_open_lines_lead_to_what_is_not_in_order() -> None:
    """A line beside the causes may wait for one of them all the same, or for a warning: its reader is led there."""
    checks = [
        check("tls-a", Outcome.FAIL, "closed"),
        check("tls-b", Outcome.BLOCKED, "blocked", cause=CAUSE, severity=Severity.WARNING),
        check("tls-c", Outcome.WARN, "soon", severity=Severity.WARNING),
    ]
    lines = [
        line(
            "a.warned", LineStatus.OPEN, "tls-c warns: soon; look at tls-c before anybody attests it", checks=["tls-c"]
        ),
        line("a.waits", LineStatus.OPEN, "tls-b is blocked", supporting=["tls-b"]),
        line("a.people", LineStatus.OPEN, "no check proves it here; devops may attest it"),
    ]
    told = accounted(checks, lines, causes=root_causes(checks))
    found = blockers(told)
    assert found.looked_at == {"a.warned": "tls-c", "a.waits": "tls-a"}
    page = render_signoff(told).decode().partition('id="open">')[2]
    assert page.startswith("Also: 3 checklist lines open<")
    assert 'look at <a href="signoff-whole.html#tls-c">tls-c</a> before' in page
    assert 'tls-b is blocked; because of <a href="signoff-whole.html#tls-a">tls-a</a>' in page
    assert "tls-b is blocked`; because of tls\\-a" in render_summary_page(told).decode() or (
        "tls-b is blocked`; because of tls-a" in render_summary_page(told).decode()
    )


def test_a_line_whose_reason_names_a_cause_gets_no_other_one() -> None:
    """The first cause would be told as that of a line which another one keeps from being done."""
    checks = [check("tls-a", Outcome.FAIL, "closed"), check("tls-c", Outcome.FAIL, "expired")]
    both = line("a.a", LineStatus.FAILED, "tls-c: expired", checks=["tls-a", "tls-c"])
    assert not because_of(accounted(checks, [both], causes=root_causes(checks)))
    other = line("a.b", LineStatus.FAILED, "closed", checks=["tls-a", "tls-c"])
    assert because_of(accounted(checks, [other], causes=root_causes(checks))) == {"a.b": "tls-a"}


def test_one_reason_is_one_blocker() -> None:
    """Forty checks that were not selected are one thing to know."""
    checks = [check(f"redis-{number}", Outcome.NOT_RUN, "not selected") for number in range(40)]
    found = blockers(accounted([*checks, check("dns-a", Outcome.NOT_RUN, "no resolver")]))
    assert [1 + len(one.problem.alike) for one in found.causes] == [40, 1]


def test_what_an_exception_keeps_from_being_judged_is_shown() -> None:
    """Its root is waived, and would be on no list."""
    (cause,) = blockers(blocked_by_waived()).causes
    assert (cause.problem.check.id, cause.problem.observation.message) == ("tls-a", "broken")
    assert list(cause.problem.consequences) == ["tls-b"]


def test_several_causes_are_told_in_a_sentence_each_before_their_cards() -> None:
    """Whoever reads no code, or reads on a phone, has all of them on one screen; one cause has its sentence above already."""
    checks = [
        check("tls-a", Outcome.FAIL, "closed"),
        dataclasses.replace(check("dns-a", Outcome.ERROR, "no answer"), owner="devops"),
    ]
    page = html.unescape(render_signoff(accounted(checks)).decode())
    (overview,) = re.findall(r'<ol class="overview">(.*?)</ol>', page.partition("</header>")[0], re.DOTALL)
    assert '<a href="#cause.tls-a">Requirement not met: “Title of tls-a”</a></li>' in overview
    assert (
        '<a href="#cause.dns-a">Could not be checked: “Title of dns-a”</a><span class="broad">: no answer</span> '
        '<span class="quiet">· devops</span>' in overview
    )
    assert page.count('id="cause.tls-a"') == 1
    assert 'class="overview"' not in render_signoff(accounted(checks[:1])).decode()


def test_a_line_that_no_cause_explains_stands_beside_the_causes() -> None:
    """Whoever repairs the causes alone, and runs again, would get a second NO-GO, for a warning."""
    checks = [check("tls-a", Outcome.FAIL, "closed"), check("tls-b", Outcome.WARN, "overdue")]
    lines = [
        line("a.a", LineStatus.FAILED, "tls-a: closed", checks=["tls-a"]),
        line("a.b", LineStatus.OPEN, "tls-b warns", checks=["tls-b"]),
        line("a.c", LineStatus.OPEN, "nobody has attested it"),
    ]
    told = accounted(checks, lines)
    words = (
        "3 things block GO: 1 cause and 2 checklist lines. "
        "In all: 1 must-pass check failed, 3 checklist lines not done (1 failed, 2 open)"
    )
    assert stops(told).words == words
    page = html.unescape(render_signoff(told).decode())
    (overview,) = re.findall(r'<ol class="overview">(.*?)</ol>', page.partition("</header>")[0], re.DOTALL)
    for words in (
        "Not verified: “Text of a.b”, because tls-b warned: overdue",
        "Open: “Text of a.c”; nobody has attested it",
    ):
        assert f"{words}</a></li>" in overview
    assert '<a href="#blockers">What blocks GO <span>3</span></a>' in page, "as many as the head counts"
    assert 'Blocks <a href="signoff-whole.html#line.a.b">Text of a.b</a>' in page.partition('id="warned"')[2]
    rows = render_summary(told, report_path="x", report_digest="", colour=False, width=200).splitlines()
    assert rows.index(" ▲ tls-b   overdue") < rows.index("   blocks 1 checklist line: “Text of a.b”")
    assert rows[-4:-1] == [
        " 2. Not verified: “Text of a.b”, because tls-b warned: overdue (a.b)",
        " 3. Open: “Text of a.c”; nobody has attested it (a.c)",
        "   → run again after the repair: gonogo run --env staging --gate pre-deploy --release 3f2c1a9",
    ]
    listed = [row.split()[1] for row in rows[rows.index(" CHECKLIST LINES NOT DONE") + 1 :][:3]]
    assert listed == ["a.b", "a.c", "a.a"], "what a cause's card tells already comes last"
    assert render_summary_page(told).decode().index("**a.b**") < render_summary_page(told).decode().index("**a.a**")


def test_blocked_without_a_known_cause_is_shown_itself() -> None:
    """A record that somebody cut short still names what is missing."""
    lone = check("tls-b", Outcome.BLOCKED, "blocked", cause=CAUSE)
    assert [one.problem.check.id for one in blockers(accounted([lone])).causes] == ["tls-b"]


def test_what_does_not_block_is_a_warning() -> None:
    """A warning that nobody could judge is quieter than a blocker, and not lost."""
    checks = [
        check("tls-a", Outcome.WARN, "soon"),
        check("tls-b", Outcome.ERROR, "no answer", severity=Severity.WARNING),
    ]
    found = blockers(accounted(checks))
    assert not found.causes
    assert {one.check.id for one in found.warnings} == {"tls-a", "tls-b"}


def test_a_warning_with_consequences_is_a_cause() -> None:
    """What waits for it may be a blocker."""
    checks = [
        check("tls-a", Outcome.ERROR, "no answer", severity=Severity.WARNING),
        check("tls-b", Outcome.BLOCKED, "blocked", cause=CAUSE),
    ]
    causes = [RootCause(check="tls-a", scope=SCOPE, outcome=Outcome.ERROR, message="", consequences=["tls-b"])]
    assert [one.problem.check.id for one in blockers(accounted(checks, causes=causes)).causes] == ["tls-a"]


def test_nothing_that_stops_is_left_out() -> None:
    """Of every case: each check that is not in order, and each line that is not done, is on the list."""
    for told in [*CASES.values(), blocked_by_waived()]:
        found = blockers(told)
        spoken = {one for cause in found.causes for one in cause.problem.reach}
        spoken |= {one.check.id for one in found.warnings}
        quiet = {Outcome.PASS, Outcome.WAIVED}
        assert spoken >= {one.id for one in told.checks if one.outcome not in quiet}
        lines = [one for cause in found.causes for one in cause.lines]
        lines += [one for group in found.lines.values() for one in group]
        assert len({one.id for one in [*lines, *found.statements]}) == told.decision.open_lines


def test_nothing_keeps_a_go_from_go() -> None:
    """What is not permitted here, while people or other runs answer for its lines, is told as no more than that."""
    unasked = check("load-errors", Outcome.NOT_RUN, "not permitted here")
    unasked = dataclasses.replace(unasked, permitted=False, proves=("a.load",))
    quiet = check("dns-odd", Outcome.ERROR, "no resolver", severity=Severity.WARNING)
    for status, verdict, stopped in (
        (LineStatus.ATTESTED, Verdict.GO, False),
        (LineStatus.OPEN, Verdict.INCOMPLETE, True),
    ):
        told = accounted([check("tls-a"), unasked, quiet], [line("a.load", status, checks=["load-errors"])])
        assert told.decision.verdict is verdict
        warned = [one.check.id for one in blockers(told).warnings]
        assert warned == (["dns-odd"] if stopped else ["load-errors", "dns-odd"])
        assert bool(blockers(told).causes) is stopped
        page, annotations = render_summary_page(told).decode(), render_commands(told)
        assert ("What keeps it from GO" in page) is stopped
        _, _, harmless = page.partition("## Failed, could not check, or not run: keeps nothing from GO")
        assert ("load-errors" in harmless, "dns-odd" in harmless) == (not stopped, True)
        assert ("::error" in annotations) is stopped
        assert "load-errors" in annotations


def test_line_of_two_causes_stands_below_both() -> None:
    """Repairing one of them is not enough."""
    checks = [check("tls-a", Outcome.FAIL, "closed"), check("tls-b", Outcome.FAIL, "old")]
    found = blockers(accounted(checks, [line("a.a", LineStatus.FAILED, checks=["tls-a", "tls-b"])]))
    assert [[one.id for one in cause.lines] for cause in found.causes] == [["a.a"], ["a.a"]]
    assert not found.lines


def test_line_stands_below_every_check_that_failed_it() -> None:
    """What only supports a line keeps it from being done as well, if it must pass: it failed, or nobody could ask it."""
    checks = [
        check("hook-a", Outcome.FAIL, "handled twice"),
        check("hook-b", Outcome.FAIL, "out of order"),
        check("hook-c", Outcome.ERROR, "no answer"),
        check("hook-d", Outcome.ERROR, "no answer either", severity=Severity.WARNING),
        check("paid-a"),
    ]
    failed = line("a.a", LineStatus.FAILED, checks=["paid-a"], supporting=["hook-a", "hook-b", "hook-c", "hook-d"])
    found = blockers(accounted(checks, [failed]))
    told = {cause.problem.check.id: [one.id for one in cause.lines] for cause in found.causes}
    assert told == {"hook-a": ["a.a"], "hook-b": ["a.a"], "hook-c": ["a.a"]}
    assert not found.lines
    page = html.unescape(render_signoff(accounted(checks, [failed])).decode())
    assert page.count('<p>Blocks 1 checklist line: <a href="signoff-whole.html#line.a.a">Text of a.a</a>') == 3


def test_lines_without_a_heading() -> None:
    """A list may have none."""
    lone = dataclasses.replace(line("a.a", LineStatus.OPEN), section=[])
    assert list(blockers(accounted([check("tls-a")], [lone])).lines) == ["Without a heading"]


def test_warnings_say_who_acts() -> None:
    """As causes do: a warning that is nobody's is never repaired."""
    owned = dataclasses.replace(check("tls-a", Outcome.WARN, "soon"), owner="devops")
    for told, words in (
        (owned, "· Who acts: devops"),
        (check("tls-a", Outcome.WARN, "soon"), "· Who acts: nobody is named"),
    ):
        page = render_signoff(accounted([told])).decode()
        assert f'<span class="why">{words}</span>' in page.partition('id="warned"')[2].partition("</ul>")[0]


def test_what_shows_a_cause_as_well_is_counted_by_outcome() -> None:
    """Failures and warnings are not the same news."""
    outcomes = {**dict.fromkeys("abc", Outcome.FAIL), "d": Outcome.WARN, **dict.fromkeys("ef", Outcome.ERROR)}
    assert alike_words(["a", "b", "d"], outcomes) == "2 failed checks and 1 warning"
    assert alike_words("d", outcomes) == "1 warning"
    assert alike_words("fedcba", outcomes) == "3 failed checks, 2 checks that could not be asked and 1 warning"
    checks = [check(f"redis-{number}", Outcome.NOT_RUN, "not selected") for number in range(3)]
    assert "Also shows in 2 checks that did not run" in render_signoff(accounted(checks)).decode()


def test_evidence_of_many_lines_stands_apart() -> None:
    """It counts: among what does not, a signer would take it for missing."""
    shared = Finding(subject="minutes.pdf", message=f"{SHARED_EVIDENCE} 42 lines: a.one, a.two and 40 more")
    expired = Finding(subject="b.four", message="it expired")
    made = accounted([check("tls-a")])
    page = render_signoff(dataclasses.replace(made, findings=[expired, shared])).decode()
    _, not_counted, counted = re.split('<h3 id="(?:findings|shared)">', page)
    assert "it expired" in not_counted
    assert "minutes.pdf" not in not_counted
    assert "Attestations that count, but look at them" in counted
    assert shared.message in counted.partition("</ul>")[0]
    assert 'id="findings"' not in render_signoff(dataclasses.replace(made, findings=[shared])).decode()
