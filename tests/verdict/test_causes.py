"""One thing that is broken is one cause, whatever noticed it."""

from typing import Any

from gonogo.record.results import Cause, CheckResult, Outcome
from gonogo.verdict.causes import troubles
from gonogo.verdict.decision import decide
from tests.report.conftest import check

REFUSED = 'POST /api/auth/register answered 503: {"detail":"temporarily unavailable"}; 201 was expected'


def step(identifier: str, message: str = REFUSED, **more: Any) -> CheckResult:  # noqa: ANN401 - fields
    """A step of a journey that failed."""
    return check(identifier, Outcome.FAIL, message, facts={"walk": {"ending": "fail"}}, **more)


def deep(**parts: str) -> CheckResult:
    """Deep health, with what it says of each part; it fails where one of them does."""
    reading = {"parts": {name: {"word": word, "meaning": word} for name, word in parts.items()}}
    outcome = Outcome.FAIL if "fail" in parts.values() else Outcome.PASS
    return check("health-deep", outcome, "mongodb is down", facts={"health": {"deep_reading": reading}})


def dead(identifier: str = "mongo-reachable", outcome: Outcome = Outcome.FAIL) -> CheckResult:
    """A dependency that nobody can use."""
    return check(identifier, outcome, "the port refuses connections")


def told(*checks: CheckResult) -> list[tuple[str, list[str], list[str]]]:
    """The causes of these checks."""
    return [(one.check, list(one.alike), list(one.consequences)) for one in troubles(checks)]


def test_a_dead_database_is_one_cause() -> None:
    """Deep health names it, steps and the load meet it: whoever starts the database repairs all of them."""
    behind = Cause(check="client-registers", scope=("a.test", "192.0.2.1"))
    checks = [
        step("client-registers"),
        check("client-logs-in", Outcome.BLOCKED, "blocked", cause=behind),
        step("booking-requested"),
        check("load-ran", Outcome.ERROR, f"the people of the load could not be made: {REFUSED}"),
        dead(),
        deep(mongodb="fail", redis="pass"),
    ]
    alike = ["client-registers", "booking-requested", "load-ran", "health-deep"]
    assert told(*checks) == [("mongo-reachable", alike, ["client-logs-in"])]
    assert (
        decide(checks).reason == "4 must-pass checks failed; start with mongo-reachable: the port refuses connections"
    )


def test_a_database_that_the_service_reaches_explains_nothing() -> None:
    """It is closed to us alone: what users meet has another cause."""
    assert told(dead(), deep(mongodb="pass"), step("client-registers"), step("booking-requested")) == [
        ("client-registers", ["booking-requested"], []),
        ("mongo-reachable", [], []),
    ]


def test_deep_health_explains_what_no_check_asked() -> None:
    """Its word is the best that there is; a database that could not be asked is the same trouble."""
    checks = [step("client-registers"), deep(queue="fail"), dead(outcome=Outcome.ERROR)]
    assert told(*checks) == [("health-deep", ["client-registers"], []), ("mongo-reachable", [], [])]
    checks = [step("client-registers"), deep(mongodb="fail"), dead(outcome=Outcome.ERROR)]
    assert told(*checks) == [("health-deep", ["client-registers", "mongo-reachable"], [])]


def test_deep_health_that_names_more_is_a_cause_of_its_own() -> None:
    """To start the database does not repair the queue."""
    assert [one for one, _, _ in told(dead(), deep(mongodb="fail", queue="fail"))] == ["mongo-reachable", "health-deep"]


def test_the_same_refusal_at_several_steps_is_one_cause() -> None:
    """Whatever 5xx it is; a 404 only where it is the same request, and never beside a 503."""
    gone = "POST /api/bookings answered 404: {}; 201 was expected"
    other = "GET /api/me answered 404: {}; 200 was expected"
    checks = [
        step("a-one"),
        step("a-two", REFUSED.replace("register", "login").replace("503", "500")),
        step("b-one", gone),
        step("b-two", gone),
        step("c-one", other),
    ]
    assert told(*checks) == [("a-one", ["a-two"], []), ("b-one", ["b-two"], []), ("c-one", [], [])]


def test_a_refusal_at_one_of_two_targets_is_not_explained() -> None:
    """The other target failed for a reason of its own."""
    first, second = step("a-one"), step("a-one", "no reply")
    both = CheckResult(
        **{name: getattr(first, name) for name in first.__dataclass_fields__}
        | {"observations": [*first.observations, *second.observations]}
    )
    assert [one for one, _, _ in told(dead(), deep(mongodb="fail"), both)] == ["mongo-reachable", "a-one"]


def test_what_failed_comes_before_what_nobody_knows() -> None:
    """However much waits for an answer."""
    unknown = check("dns-a", Outcome.ERROR, "no resolver")
    waiting = [
        check(f"dns-{n}", Outcome.BLOCKED, "blocked", cause=Cause(check="dns-a", scope=("a.test", "192.0.2.1")))
        for n in "bcd"
    ]
    assert [one for one, _, _ in told(unknown, *waiting, dead())] == ["mongo-reachable", "dns-a"]


def test_gaps_are_started_with_as_well() -> None:
    """INCOMPLETE names its first cause as NO-GO does."""
    gaps = [check("dns-a", Outcome.ERROR, "no resolver"), check("tls-a")]
    assert decide(gaps).reason == "1 must-pass check was not checked; start with dns-a: no resolver"
