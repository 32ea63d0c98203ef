"""One fault of one endpoint is one cause, at however many steps it shows; two faults stay two."""

from dataclasses import replace

import pytest

from gonogo.record.results import Cause, CheckResult, Outcome
from tests.report.conftest import check
from tests.verdict.test_causes import dead, deep, step, told

WEBHOOK = "POST https://api.test/webhook"


def walked(
    identifier: str, *statuses: int | None, outcome: Outcome = Outcome.FAIL, to: str = WEBHOOK, by: tuple[str, ...] = ()
) -> CheckResult:
    """A step that sent requests to an endpoint, the last of which decided how it ended."""
    requests = [
        {"request": "Stripe webhook endpoints", "status": None},
        *({"request": to, "status": status} for status in statuses),
    ]
    message = "" if outcome is Outcome.PASS else f"{identifier} was answered {statuses[-1] if statuses else 'nothing'}"
    step = check(identifier, outcome, message, facts={"walk": {"ending": outcome.value, "requests": requests}})
    return replace(step, explained_by=by)


@pytest.mark.parametrize("status", [400, 404, 500, None])
def test_endpoint_that_takes_nothing_is_one_cause(status: int | None) -> None:
    """The secret of another endpoint: five cards, of which four are repaired by the first."""
    behind = Cause(check="webhook-valid", scope=("a.test", "192.0.2.1"))
    checks = [
        walked("webhook-valid", status),
        walked("webhook-quick", status, outcome=Outcome.WARN),
        walked("webhook-unsigned", status, status, outcome=Outcome.PASS),
        walked("webhook-foreign", status, status),
        walked("webhook-unknown-type", status, to=f"{WEBHOOK}?at=1"),
        check("webhook-again", Outcome.BLOCKED, "blocked", cause=behind),
        walked("payment-delivered", by=("webhook-valid",)),
        walked("payment-pix", by=("webhook-valid", "payment-delivered")),
    ]
    alike = ["webhook-foreign", "webhook-unknown-type", "payment-delivered", "payment-pix", "webhook-quick"]
    assert told(*checks) == [("webhook-valid", alike, ["webhook-again"])]


def test_endpoint_that_takes_some_events_refuses_others_for_reasons_of_their_own() -> None:
    """What it does not like of each is another repair."""
    checks = [
        walked("webhook-valid", 200, outcome=Outcome.PASS),
        walked("webhook-foreign", 400),
        walked("webhook-unknown-type", 400),
    ]
    assert told(*checks) == [("webhook-foreign", [], []), ("webhook-unknown-type", [], [])]


def test_other_statuses_and_other_endpoints_are_other_causes() -> None:
    """A crash is no refusal, and a closed door elsewhere no webhook."""
    checks = [
        walked("webhook-valid", 400),
        walked("webhook-odd", 500),
        walked("booking-made", 400, to="POST https://api.test/bookings"),
        walked("webhook-foreign", 400),
        walked("health-asked"),
    ]
    assert told(*checks) == [
        ("webhook-valid", ["webhook-foreign"], []),
        ("webhook-odd", [], []),
        ("booking-made", [], []),
        ("health-asked", [], []),
    ]


def test_failure_is_told_with_the_one_that_explains_it() -> None:
    """Whoever verifies no signature also takes those of others; both are repaired by the first fix."""
    unsigned = walked("webhook-unsigned", 200)
    foreign = walked("webhook-wrong-secret", 200, by=("webhook-unsigned",))
    stale = walked("webhook-stale", 200, by=("webhook-wrong-secret",))
    assert told(foreign, stale, unsigned) == [("webhook-unsigned", ["webhook-wrong-secret", "webhook-stale"], [])]
    passed = walked("webhook-unsigned", 400, outcome=Outcome.PASS)
    assert told(passed, foreign) == [("webhook-wrong-secret", [], [])]


def test_explanation_is_no_explanation_where_the_answers_differ() -> None:
    """A genuine event without an effect says nothing of one that is refused."""
    valid = walked("webhook-valid", 200)
    old = walked("webhook-almost-stale", 400, by=("webhook-valid",))
    assert [one for one, _, _ in told(valid, old)] == ["webhook-valid", "webhook-almost-stale"]


def test_dead_dependency_explains_before_any_other_check() -> None:
    """A payment that meets a dead database is not repaired by the webhook's secret."""
    pix = replace(step("payment-pix"), explained_by=("webhook-valid",))
    checks = [dead(), deep(mongodb="fail"), pix, walked("webhook-valid", 400)]
    assert told(*checks) == [("mongo-reachable", ["health-deep", "payment-pix"], []), ("webhook-valid", [], [])]
