"""Every way in which a check can end has one outcome, and none of them is silence."""

import pytest

from gonogo.base.errors import UsageError
from gonogo.evidence.tls import Handshake
from gonogo.record.results import Cause, Verdict
from tests.judging.conftest import ONE, TWO, Judging, spoke, unasked

DOC = '"""Why it matters.\n\n    Fix: do this.\n    """'
SPEAKS = f"""
@pytest.mark.check("a-speaks")
def test_speaks(tls):
    {DOC}
    assert tls.handshake == "done", f"{{tls.address}} is mute"
"""
SPEAKS_LINE = """
[a-speaks]
title = "It speaks"
severity = "blocker"
"""


def check(body: str, identifier: str = "b-check", arguments: str = "tls") -> str:
    """A check with this body."""
    return f'\n@pytest.mark.check("{identifier}")\ndef test_{identifier.replace("-", "_")}({arguments}):\n    {DOC}\n    {body}\n'


def line(identifier: str = "b-check", severity: str = "blocker", **more: str) -> str:
    """Its line."""
    rest = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f'\n[{identifier}]\ntitle = "T"\nseverity = "{severity}"\n{rest}'


def test_all_well_is_go(judging: Judging) -> None:
    """The one result that lets a launch happen must be reachable, and for the right reason."""
    judged = judging(SPEAKS, SPEAKS_LINE, spoke(ONE), spoke(TWO))
    assert judged.outcomes == {"a-speaks": "pass"}
    assert judged.results.decision.verdict is Verdict.GO
    assert [seen.facts["tls"]["version"] for seen in judged.results.checks[0].observations] == ["TLSv1.3"] * 2


def test_failure_names_the_target_and_keeps_pytests_noise_out(judging: Judging) -> None:
    """At 3 a.m. nobody wants to read `assert <Handshake.SILENT> == 'done'`."""
    judged = judging(SPEAKS, SPEAKS_LINE, spoke(ONE), spoke(TWO, Handshake.SILENT))
    failed = judged.results.checks[0].worst
    assert failed is not None
    assert (failed.message, failed.scope) == ("192.0.2.2 is mute", TWO)
    assert judged.results.decision.verdict is Verdict.NO_GO


@pytest.mark.parametrize(
    ("body", "severity", "outcome", "message", "verdict"),
    [
        ("assert False, 'no'", "blocker", "fail", "no", Verdict.NO_GO),
        ("assert False, 'no'", "warning", "warn", "no", Verdict.INCOMPLETE),
        (
            "raise __import__('gonogo.base.errors').base.errors.Unobserved('blind')",
            "blocker",
            "error",
            "blind",
            Verdict.INCOMPLETE,
        ),
        ("assert tls.nonsense", "blocker", "error", "bug in the check itself: AttributeError", Verdict.INCOMPLETE),
        ("pytest.fail('no way')", "blocker", "fail", "no way", Verdict.NO_GO),
        ("pytest.skip('not today')", "blocker", "not run", "not today", Verdict.INCOMPLETE),
        ("pytest.xfail('known')", "blocker", "error", "XFailed", Verdict.INCOMPLETE),
        ("assert 1 == 2", "blocker", "fail", "T: not so", Verdict.NO_GO),
    ],
)
def test_every_ending_has_an_outcome(  # noqa: PLR0917 - a table
    judging: Judging, body: str, severity: str, outcome: str, message: str, verdict: Verdict
) -> None:
    """A check that skips itself, breaks, or gives up is never counted as passed."""
    judged = judging(check(body), line(severity=severity), spoke(ONE))
    assert judged.outcomes == {"b-check": outcome}
    worst = judged.results.checks[0].worst
    assert worst is not None
    assert message in worst.message
    assert judged.results.decision.verdict is verdict


@pytest.mark.parametrize(
    "marker", ["skip", "skip(reason='later')", "skipif(True, reason='later')", "xfail(reason='ok')"]
)
@pytest.mark.parametrize("body", ["assert tls", "assert False, 'no'"])
def test_markers_of_pytest_do_not_turn_a_check_green(judging: Judging, marker: str, body: str) -> None:
    """`@pytest.mark.skip` and `xfail` are how checks go quiet in other suites."""
    source = check(body).replace("@pytest.mark.check", f"@pytest.mark.{marker}\n@pytest.mark.check")
    judged = judging(source, line(), spoke(ONE))
    if "skip" in marker:
        assert judged.outcomes == {"b-check": "not run"}
    else:
        assert judged.outcomes == {"b-check": "pass" if body == "assert tls" else "fail"}


def test_what_could_not_be_asked_is_an_error_with_its_hint(judging: Judging) -> None:
    """Our inability is neither the target's failure nor its success."""
    judged = judging(SPEAKS, SPEAKS_LINE, unasked(ONE))
    worst = judged.results.checks[0].worst
    assert worst is not None
    assert (worst.outcome.value, worst.message, worst.hint) == ("error", "no route", "go there")


def test_what_was_never_reached_is_not_run(judging: Judging) -> None:
    """The deadline of a run blames nobody."""
    assert judging(SPEAKS, SPEAKS_LINE, unasked(ONE, never_reached=True)).outcomes == {"a-speaks": "not run"}


CHAIN = SPEAKS + check("assert tls") + check("assert tls", "c-check")
CHAIN_LINES = SPEAKS_LINE + line(needs='["a-speaks"]') + line("c-check", needs='["b-check"]')


def test_blocked_names_the_root_cause_for_the_same_target_only(judging: Judging) -> None:
    """Forty consequences of one dead host are one thing to repair."""
    judged = judging(CHAIN, CHAIN_LINES, spoke(ONE, Handshake.SILENT), spoke(TWO))
    assert judged.outcomes == {"a-speaks": "fail", "b-check": "blocked", "c-check": "blocked"}
    by_scope = {seen.scope: seen for seen in judged.results.checks[2].observations}
    assert by_scope[TWO].outcome.value == "pass"
    assert by_scope[ONE].cause == Cause(check="a-speaks", scope=ONE)
    (cause,) = judged.results.causes
    assert (cause.check, cause.consequences) == ("a-speaks", ["b-check", "c-check"])


def test_order_in_the_file_does_not_matter(judging: Judging) -> None:
    """Needs are judged first, wherever they stand."""
    source = check("assert tls", "c-check") + check("assert tls") + SPEAKS
    judged = judging(source, CHAIN_LINES, spoke(ONE, Handshake.SILENT))
    assert judged.outcomes == {"a-speaks": "fail", "b-check": "blocked", "c-check": "blocked"}


def test_group_is_judged_once_per_host(judging: Judging) -> None:
    """`tls_all` sees all addresses of a name together."""
    judged = judging(
        check("assert len(tls_all) == 2, len(tls_all)", arguments="tls_all"), line(), spoke(ONE), spoke(TWO)
    )
    assert [seen.scope for seen in judged.results.checks[0].observations] == [("a.test",)]
    assert judged.outcomes == {"b-check": "pass"}


def test_group_with_a_hole_is_an_error(judging: Judging) -> None:
    """Comparing the addresses that answered would hide the one that did not."""
    judged = judging(check("assert tls_all", arguments="tls_all"), line(), spoke(ONE), unasked(TWO))
    assert judged.outcomes == {"b-check": "error"}


def test_only_runs_what_is_needed_as_well_and_is_never_go(judging: Judging) -> None:
    """A narrowed run is for repairing, not for deploying."""
    judged = judging(CHAIN, CHAIN_LINES, spoke(ONE), only=("b-check",))
    assert judged.outcomes == {"a-speaks": "pass", "b-check": "pass", "c-check": "not run"}
    assert judged.results.decision.verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize("arguments", [("-k", "speaks"), ("-k", "no-such-check"), ("-m", "nothing")])
def test_deselected_is_not_run(judging: Judging, arguments: tuple[str, ...]) -> None:
    """A typo in -k must not be an empty green run."""
    judged = judging(CHAIN, CHAIN_LINES, spoke(ONE), arguments=arguments)
    assert judged.outcomes["c-check"] == "not run"
    assert judged.results.decision.verdict is Verdict.INCOMPLETE


def test_stop_at_first_failure_leaves_the_rest_not_run(judging: Judging) -> None:
    """-x means what it always means, and says so in the report."""
    source = check("assert False, 'no'") + check("assert tls", "c-check")
    judged = judging(source, line() + line("c-check"), spoke(ONE), arguments=("-x",))
    assert judged.outcomes == {"b-check": "fail", "c-check": "not run"}
    worst = judged.results.checks[1].worst
    assert worst is not None
    assert "stopped at an earlier failure" in worst.message


def test_effect_that_is_not_permitted_is_not_run(judging: Judging) -> None:
    """Production is not written to because somebody forgot a flag."""
    judged = judging(check("assert False, 'must not run'"), line(effect='"write"'), spoke(ONE))
    worst = judged.results.checks[0].worst
    assert worst is not None
    assert (worst.outcome.value, "write, is not permitted" in worst.message) == ("not run", True)
    assert "permits.effects" in worst.hint


def test_ctrl_c_keeps_what_was_observed(judging: Judging) -> None:
    """An interrupted run is a valid record, and never GO."""
    source = check("assert tls") + check("raise KeyboardInterrupt", "c-check") + check("assert tls", "d-check")
    judged = judging(source, line() + line("c-check") + line("d-check"), spoke(ONE))
    assert judged.outcomes == {"b-check": "pass", "c-check": "not run", "d-check": "not run"}
    assert judged.results.run.interrupted
    assert judged.results.decision.verdict is Verdict.INCOMPLETE


def test_no_target_at_all_is_not_run(judging: Judging) -> None:
    """An empty list of addresses is not a healthy one."""
    judged = judging(SPEAKS, SPEAKS_LINE)
    assert judged.outcomes == {"a-speaks": "not run"}


def test_nothing_planned_is_incomplete(judging: Judging) -> None:
    """An empty suite proves nothing."""
    judged = judging("", "", spoke(ONE))
    assert judged.results.counts["planned"] == 0
    assert judged.results.decision.verdict is Verdict.INCOMPLETE


def test_test_without_an_id_is_refused(judging: Judging) -> None:
    """Nobody would account for it: its failure would not show."""
    source = SPEAKS + "\ndef test_forgotten():\n    assert False\n"
    with pytest.raises(UsageError, match="test_forgotten has no id"):
        judging(source, SPEAKS_LINE, spoke(ONE))


def test_module_that_does_not_import_is_not_an_absence_of_findings(judging: Judging) -> None:
    """A broken import in the pipeline's image must not shrink the plan."""
    judged = judging("import no_such_module\n" + SPEAKS, SPEAKS_LINE, spoke(ONE))
    worst = judged.results.checks[0].worst
    assert worst is not None
    assert (worst.outcome.value, "no_such_module" in worst.message) == ("not run", True)


@pytest.mark.parametrize(
    ("checks", "catalogue", "expected"),
    [
        (SPEAKS, "", "has no line in the catalogue"),
        ("", SPEAKS_LINE, "no function is marked"),
        (SPEAKS + SPEAKS, SPEAKS_LINE, "declared already"),
        (SPEAKS, SPEAKS_LINE + 'needs = ["a-speeks"]\n', "'a-speeks', which is not a check; did you mean a-speaks"),
        (CHAIN, CHAIN_LINES.replace('severity = "blocker"', 'severity = "blocker"\nneeds = ["c-check"]', 1), "circle"),
        (SPEAKS, SPEAKS_LINE.replace("blocker", "block"), "a-speaks.severity"),
        (SPEAKS, SPEAKS_LINE + "colour = 1\n", "a-speaks.colour"),
        (SPEAKS.replace("Fix:", ""), SPEAKS_LINE, "needs a docstring"),
        (SPEAKS.replace("tls)", "tsl)"), SPEAKS_LINE, "has no evidence argument"),
        (SPEAKS.replace('check("a-speaks")', "check(ID)"), SPEAKS_LINE, 'write mark.check("id")'),
        ("def broken(:", SPEAKS_LINE, "not readable as Python"),
    ],
)
def test_contradictions_between_checks_and_catalogue_are_usage_errors(
    judging: Judging, checks: str, catalogue: str, expected: str
) -> None:
    """A check that is planned by nobody, or a line that nobody fulfils, is found before anything is asked."""
    with pytest.raises(UsageError, match=expected.replace("(", r"\(").replace(")", r"\)")):
        judging(checks, catalogue, spoke(ONE))
