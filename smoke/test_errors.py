"""Would we see an error in production? Only what is found in Sentry by its id was really delivered."""

import secrets

import pytest

from gonogo.base.comparing import there
from gonogo.families.http.section import Http
from smoke.people import WorkMe


@pytest.mark.check("errors-canary")
def test_canary_is_found_in_sentry(walk: WorkMe) -> None:
    """The SDK returns an id even with a wrong key and without a server: errors of the launch would vanish the same way.

    Fix: compare SENTRY_DSN with the project's client keys; look at the project's quota and inbound filters.
    """
    event_id = walk.sentry.send_canary()
    walk.sentry.stored(event_id)


@pytest.mark.check("errors-provoked")
def test_error_of_the_service_is_found_in_sentry(walk: WorkMe) -> None:
    """The other test error proves the project; this one proves that the service itself reports errors.

    Fix: call sentry_sdk.init with the DSN in the service's own process, and let errors with status 500 reach it.
    """
    reply = walk.admin.post("/api/beta/diagnostics/error").document(500)
    error_id = reply.values.get("error_id")
    given = error_id if isinstance(error_id, str) else None
    assert there(given, "id of the error"), f"the service failed as asked, but gave no id of the error: {reply.said}"
    walk.sentry.stored(given)


@pytest.mark.check("errors-transaction")
def test_transaction_is_found_in_sentry(walk: WorkMe) -> None:
    """Without traces nobody knows which request was slow.

    Fix: set traces_sample_rate above 0 in sentry_sdk.init, and look at the project's quota for spans.
    """
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    http = walk.world.environment.section(Http)
    health = http.health.path if http and http.health else "/api/health"
    # The caller decides that this trace is kept (https://docs.sentry.io/platforms/python/tracing/).
    walk.stranger.send("GET", health, {"sentry-trace": f"{trace_id}-{span_id}-1"}).answers(200)
    walk.sentry.traced(trace_id)
