"""A run with faults says beside its verdict that it was broken on purpose, and its commands break it again."""

import html
from dataclasses import replace

from gonogo.base.bundled import FAULTS_ON
from gonogo.record.declared import RoleResult
from gonogo.record.results import Outcome, Results, sum_line
from gonogo.report.changes import render_changes
from gonogo.report.ctrf import render_ctrf
from gonogo.report.detail import render_check
from gonogo.report.html import render_signoff
from gonogo.report.junit import render_junit
from gonogo.report.summary import render_summary_page
from gonogo.report.terminal import render_asked, render_summary
from gonogo.report.wording import command_after_repair
from tests.report.accounts import accounted
from tests.report.conftest import check

REHEARSAL = "Rehearsal with 2 faults switched on: repair nothing before a run without them"
NAMED = REHEARSAL.replace("faults", "faults (mongo-no-auth, webhook-handles-twice)")
FAULTS = ("mongo-no-auth", "webhook-handles-twice")


def run(*faults: str) -> Results:
    """A run with one failure, and these faults switched on."""
    made = accounted([check("tls-a", Outcome.FAIL, "closed")])
    notes = ["the load had the profile quick", *([f"{FAULTS_ON}{', '.join(faults)}"] if faults else [])]
    options = tuple(part for fault in faults for part in ("--fault", fault))
    return replace(made, run=replace(made.run, options=options), provenance=replace(made.provenance, notes=notes))


def terminal(told: Results) -> list[str]:
    """Its lines."""
    return render_summary(told, report_path="x", report_digest="", colour=False, width=150).splitlines()


def test_faults_stand_beside_the_verdict() -> None:
    """A newcomer must not look for the reason of what was switched on; and a healthy run says nothing of it."""
    page = html.unescape(render_signoff(run(*FAULTS)).decode())
    below = page.partition("</h1>")[2].partition('<p class="reason">')[0]
    assert f"<summary><b>{REHEARSAL}</b></summary>mongo-no-auth, webhook-handles-twice</details>" in below
    assert FAULTS_ON not in page.partition("</header>")[0], "told once"
    assert FAULTS_ON in page.partition('id="provenance"')[2], "as it was recorded"
    lines = terminal(run(*FAULTS))
    assert lines[0].startswith(" ✖ NO-GO")
    assert lines[-1] == lines[0]
    assert [lines[1], lines[-2]] == [f" {NAMED}"] * 2, "beside the verdict, wherever it is read"
    assert f" {NAMED}" in render_asked(run(*FAULTS), "x", 150).splitlines()
    assert f"**{NAMED}.**" in render_summary_page(run(*FAULTS)).decode()
    for render in (render_junit, render_ctrf):
        assert f"NO-GO: {REHEARSAL}. Requirement not met: “Title" in render(run(*FAULTS)).decode()
        assert "Rehearsal" not in render(run()).decode()
    for told in (render_signoff(run()).decode(), "\n".join(terminal(run())), render_asked(run(), "x", 150)):
        assert "on purpose" not in told
        assert "Rehearsal" not in told
    assert " note    the load had the profile quick" in terminal(run(*FAULTS))


def test_nobody_is_told_to_repair_or_to_sign_a_rehearsal() -> None:
    """Somebody woken at night would restart a database; a NO-GO over a rehearsal would stop a launch."""
    made = run(*FAULTS)
    roles = [RoleResult(id="devops", title="DevOps", statements=())]
    told = replace(made, roles=roles, checks=[replace(made.checks[0], owner="devops")])
    page = html.unescape(render_signoff(told).decode())
    after = "gonogo sign reports/staging/latest --role"
    card = page.partition('id="signatures"')[2].partition("</section>")[0]
    assert "Do not sign this run: it is a rehearsal." in card
    again = f"To do now, whoever rehearses: run again without the faults: <code>{command_after_repair(told)}</code>"
    assert again in card
    assert f"Only if that run is GO: <code>{after} devops --decision go</code>" in card.partition(again)[2]
    last = terminal(told)[terminal(told).index(" WHAT BLOCKS GO") :]
    assert "    why it matters: It matters." in last
    assert not [row for row in last if "fix if this were real" in row], "above: here are the steps"
    end = last[last.index(" TO DO NOW") :]
    assert end[2] == f"   → {command_after_repair(told)}"
    assert end[4] == f"   → {after} devops --decision go"
    assert page.count("gonogo sign ") == 1, "nowhere that of this run"
    assert "○ not for signing" in page.partition("</header>")[0]
    assert terminal(told)[-1].startswith(" ✖ NO-GO (rehearsal)")
    detail = render_check(told, told.checks[0])
    for text in ("\n".join(terminal(told)), detail, render_summary_page(told).decode()):
        assert "fix if this were real: " in text
        assert "who would repair it: DevOps" in text
        assert "who acts" not in text
        assert f"gonogo sign {told.run.id}" not in text
    assert NAMED in detail
    assert "reproduce (with the faults): gonogo run" in detail
    differences = render_changes(told, run(), ())
    assert f"NO-GO (rehearsal) · {sum_line(told.counts)}" in differences
    assert differences.count(NAMED) == 1
    real = render_check(run(), run().checks[0])
    assert "  fix: Repair it." in real
    assert "Rehearsal" not in real


def test_commands_say_that_they_switch_the_faults_on() -> None:
    """Whoever copies one asks a broken service again, and should know it."""
    command = "gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --fault mongo-no-auth --only tls-a"
    told = run("mongo-no-auth")
    page = html.unescape(render_signoff(told, whole=True).decode())
    assert f'<summary>Reproduce (with the faults)</summary>\n<p class="again"><code>{command}</code>' in page
    assert f"   → reproduce (with the faults): {command}" in terminal(told)
    assert "| reproduce (with the faults) | command |" in render_summary_page(told).decode()
    assert '<p class="again"><code>gonogo run' in html.unescape(render_signoff(run(), whole=True).decode())
    assert "| to ask it again | command |" in render_summary_page(run()).decode()


def test_after_the_repair_the_faults_stay_off() -> None:
    """Once, beside the first fix: whoever repaired something wants to know how all of it stands now."""
    made = run(*FAULTS)
    told = replace(made, run=replace(made.run, options=("--profile", "quick", *made.run.options)))
    command = "gonogo run --env staging --gate pre-deploy --release 3f2c1a9 --profile quick"
    page = html.unescape(render_signoff(told).decode())
    line = f'<p class="again"><b>To do now, whoever rehearses: run again without the faults:</b> <code>{command}</code></p>'
    assert page.partition("</header>")[0].count("without the faults") == page.count(line) == 1
    assert page.index(line) < page.index("<b>Who would repair it:</b>") < page.index("</header>")
    assert f"{command} --fault mongo-no-auth" in page, "the cause itself is asked as it was"
    assert "after the repair" not in render_signoff(accounted([check("tls-a")])).decode()


def test_command_after_the_repair_switches_nothing_on() -> None:
    """Whoever repaired copies it, and must not get the fault again: told once, and not for each cause."""
    command = "gonogo run --env staging --gate pre-deploy --release 3f2c1a9"
    assert terminal(run(*FAULTS)).count(f"   → {command}") == 1
    assert (
        f"to do now, whoever rehearses: run again without the faults: `{command}`\n"
        in render_summary_page(run(*FAULTS)).decode()
    )
    assert command_after_repair(run()) == command
    longer = run(*FAULTS)
    quick = replace(longer, run=replace(longer.run, options=("--profile", "quick", *longer.run.options)))
    assert command_after_repair(quick) == f"{command} --profile quick"
