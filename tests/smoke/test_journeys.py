"""Journeys against the reference environment: what they say, what they leave, and what they cost."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from dotenv import dotenv_values

from gonogo.base.errors import UsageError
from gonogo.evidence.record import Record
from gonogo.record.archive import read_results
from gonogo.record.results import Outcome, Results
from gonogo.runs.cleanup import clean
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.publish import open_folder
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.runs.replay import differences, judged_again
from gonogo.runs.session import results_of, verify
from tests.smoke.conftest import Smoke, merged
from tests.smoke.endurance import KILLED, MONEY, Way, contents, stopped_after, walking

LIVE: Mapping[str, Mapping[str, Any]] = {"stripe": {"mode": "live"}, "smoke": {"card": "SMOKE_CARD"}}

PERMITTED: Mapping[str, Mapping[str, Any]] = {
    **LIVE,
    "permits": {"effects": ["read", "write", "intrusive", "money"]},
}


def secrets(instance: ReferenceInstance) -> dict[str, str]:
    """Of this environment."""
    return {name: value or "" for name, value in dotenv_values(instance.overlay["secrets"]["dotenv"]).items()}


def live_keys(instance: ReferenceInstance) -> dict[str, str]:
    """The same account's other keys, and a card."""
    known = secrets(instance)
    keys = {name: known[name].replace("_test_", "_live_") for name in ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY")}
    return {**keys, "SMOKE_CARD": "pm_card_visa"}


def fault(process: ReferenceProcess, instance: ReferenceInstance, name: str) -> None:
    """Until the end of the test."""
    process.set_faults([name])
    instance.faults = [name]


def not_passed(results: Results) -> list[str]:
    """Each with what it said."""
    return [
        f"{check.id} {seen.outcome}: {seen.message}"
        for check in results.checks
        for seen in check.observations
        if seen.outcome is not Outcome.PASS
    ]


def test_run_is_go_replays_and_leaves_nothing(instance: ReferenceInstance, tmp_path: Path) -> None:
    """Whoever reads the record later must come to the same verdict, and must read no secret in it."""
    before = contents(instance)
    run = prepare(Request(environment="reference", project=Path.cwd(), gate="smoke"), {}, instance=instance)
    try:
        published = verify(run, open_folder(run, tmp_path))
    finally:
        run.close()
    assert not_passed(published.results) == []
    assert contents(instance) == before
    folder = published.signoff.parent.resolve()
    assert not differences(read_results(folder / "results.json"), judged_again(folder, Path.cwd()))
    written = "".join(path.read_text(errors="replace") for path in folder.iterdir())
    hidden = {name: value for name, value in secrets(instance).items() if name != "ENVIRONMENT"}
    assert not [name for name, value in hidden.items() if value in written]
    assert "eyJ" not in written, "a token of a synthetic user is in the record"


@pytest.mark.parametrize("step", ["payment-pix"])
def test_clean_removes_what_a_killed_run_left(instance: ReferenceInstance, step: str) -> None:
    """`make endurance` does the same after every step."""
    before = contents(instance)
    assert stopped_after(step, Way(overlay=instance.overlay)) == KILLED
    assert contents(instance) != before
    cleanup = clean("reference", Path.cwd(), {}, instance=instance)
    assert cleanup.found["users"] > 0
    assert not cleanup.remaining
    assert contents(instance) == before
    assert not clean("reference", Path.cwd(), {}, instance=instance).found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_leaves_nothing(instance: ReferenceInstance, number: signal.Signals) -> None:
    """Ctrl-C is how people stop things that look wrong."""
    before = contents(instance)
    stopped_after("booking-requested", Way(overlay=instance.overlay), number)
    if number is signal.SIGINT:
        assert contents(instance) == before
    clean("reference", Path.cwd(), {}, instance=instance)
    assert contents(instance) == before


def test_deadline_leaves_nothing(instance: ReferenceInstance, smoke: Smoke) -> None:
    """Whatever hangs, the run ends, and the rest is NOT RUN."""
    before = contents(instance)
    walked = smoke(overlay={"limits": {"run": "2 s"}})
    late = [check for check in walked.values() if check.outcome is Outcome.NOT_RUN]
    assert late
    assert "deadline" in late[0].observations[0].message
    assert contents(instance) == before


def test_failed_step_blocks_the_later_ones(
    process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke
) -> None:
    """One cause, one message: its consequences only point to it."""
    fault(process, instance, "token-refused")
    walked = smoke(["client-search-cached", "client-assistant"])
    assert walked["client-logs-in"].outcome is Outcome.FAIL
    blocked = walked["client-search-cached"]
    assert blocked.outcome is Outcome.BLOCKED
    assert blocked.observations[0].cause is not None


_ENDINGS = {
    "pytest.fail('no way')": (Outcome.FAIL, "no way"),
    "pytest.skip('not today')": (Outcome.NOT_RUN, "not today"),
    "pytest.xfail('known')": (Outcome.ERROR, "XFailed"),
    "raise SystemExit(0)": (Outcome.ERROR, "SystemExit"),
}


def test_every_ending_of_a_step_is_an_outcome(instance: ReferenceInstance, tmp_path: Path) -> None:
    """Not every way out is an Exception; a step that ended in another one had the run wait for it for ever."""
    source, lines = "import pytest\n", ""
    for number, body in enumerate(_ENDINGS):
        source += f'\n\n@pytest.mark.check("own-{number}")\ndef test_{number}(walk):\n    """W.\n\n    Fix: f.\n    """\n    {body}\n'
        lines += f'[own-{number}]\ntitle = "T"\nseverity = "blocker"\nneeds = ["health-shallow"]\neffect = "write"\n'
    (tmp_path / "smoke").mkdir()
    (tmp_path / "smoke" / "test_own.py").write_text(source)
    (tmp_path / "smoke" / "catalogue.toml").write_text(lines)
    only = [f"own-{number}" for number in range(len(_ENDINGS))]
    run = prepare(Request(environment="reference", project=tmp_path, only=only), {}, instance=instance)
    found = {check.id: check for check in results_of(run).checks}
    for identifier, (outcome, message) in zip(only, _ENDINGS.values(), strict=True):
        assert found[identifier].outcome is outcome
        assert message in found[identifier].observations[0].message


def test_journey_that_breaks_off_answers_for_all_its_steps(instance: ReferenceInstance) -> None:
    """By a bug of our own: the run must end, and say which."""

    def broken(record: Record) -> None:
        raise KeyError(record.scope[-1])

    only = ["client-registers", "client-registers-once"]
    run = prepare(Request(environment="reference", project=Path.cwd(), only=only), {}, instance=instance)
    run.source.journeys.on_record = broken
    found = {check.id: check for check in results_of(run).checks}
    for identifier in only:
        assert found[identifier].outcome in {Outcome.NOT_RUN, Outcome.BLOCKED}
    broke = [check for check in found.values() if check.outcome is Outcome.NOT_RUN and check.family == "client"]
    assert any(
        "broke off, by a bug in gonogo: KeyError" in one.observations[0].message for one in broke if one.observations
    )


def test_nobody_asks_stripe_about_money_with_stripe_down(
    process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke
) -> None:
    """Somebody else's outage is no failure of the product, and no GO either."""
    fault(process, instance, "stripe-down")
    walked = smoke(["stripe-keys", "payment-card"])
    assert walked["stripe-keys"].outcome is Outcome.ERROR
    assert "could not be reached" in walked["stripe-keys"].observations[0].message
    assert walked["payment-card"].outcome is Outcome.BLOCKED


def test_inbox_that_cannot_be_read_is_our_inability(instance: ReferenceInstance, smoke: Smoke) -> None:
    """The mail may have arrived: nobody knows, and the product is not to blame."""
    before = contents(instance)
    walked = smoke(["client-welcome-mail"], {"mail": {"inbox": "http://127.0.0.1:1"}})["client-welcome-mail"]
    assert walked.outcome is Outcome.ERROR
    assert "inbox" in walked.observations[0].message
    assert contents(instance) == before


def test_real_money_needs_permission_twice(
    process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke
) -> None:
    """Once in the environment file, once on the command line; neither alone charges anybody."""
    fault(process, instance, "stripe-live")
    wanted, keys = [MONEY], live_keys(instance)
    for overlay, allowed, said in ((PERMITTED, False, "--allow-money"), (LIVE, True, "permits")):
        walked = smoke(wanted, overlay, keys, allow_money=allowed)[MONEY]
        assert walked.outcome is Outcome.NOT_RUN
        assert said in f"{walked.observations[0].message} {walked.observations[0].hint}"
    before = contents(instance)
    paid = smoke(wanted, PERMITTED, keys, allow_money=True)[MONEY]
    assert paid.outcome is Outcome.PASS, paid.observations
    assert contents(instance) == before


def test_clean_gives_the_money_of_a_killed_run_back(process: ReferenceProcess, instance: ReferenceInstance) -> None:
    """Killed after the charge, before the refund: the worst moment."""
    fault(process, instance, "stripe-live")
    keys = live_keys(instance)
    told = ReferenceInstance(overlay=merged(instance.overlay, PERMITTED), faults=())
    before = contents(told)
    process.set_faults(["stripe-live", "refund-not-sent"])
    with walking(Way(overlay=told.overlay, only=[MONEY], environ=keys, allow_money=True)):
        deadline = time.monotonic() + 60
        while contents(told).get("centavos kept", 0) == before.get("centavos kept", 0):
            assert time.monotonic() < deadline, "nothing was charged"
    process.set_faults(["stripe-live"])
    cleanup = clean("reference", Path.cwd(), keys, instance=told)
    assert not cleanup.remaining
    assert contents(told) == before


def test_refund_that_does_not_come_is_red(process: ReferenceProcess, instance: ReferenceInstance, smoke: Smoke) -> None:
    """The one step that takes real money must not end green while the money is gone."""
    process.set_faults(["stripe-live", "refund-not-sent"])
    instance.faults = ["stripe-live", "refund-not-sent"]
    wanted, keys = [MONEY], live_keys(instance)
    paid = smoke(wanted, PERMITTED, keys, allow_money=True)[MONEY]
    assert paid.outcome is Outcome.FAIL
    assert "not refunded at Stripe" in paid.observations[0].message


def test_live_key_is_refused_before_anything_is_asked(instance: ReferenceInstance, smoke: Smoke) -> None:
    """In an environment that says test."""
    with pytest.raises(UsageError, match="is a live key"):
        smoke(environ=live_keys(instance))
