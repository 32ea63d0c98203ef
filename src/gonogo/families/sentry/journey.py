"""Verbs of Sentry for the steps of journeys: errors and transactions as Sentry stored them, and a canary of our own."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from gonogo.base.comparing import decided
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.replies import demand
from gonogo.families.sentry.section import Sentry
from gonogo.families.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gonogo.clients.sentry import SentryApi

CANARY = "canary of launch verification"
"""How messages begin that gonogo sends itself: no error of the service."""
_POLL_SECONDS = 0.1
_SLOWEST_POLL_SECONDS = 2.0
_FLUSH_SECONDS = 5.0
_STATUS = "status_"


class SentryVerbs(Verbs[Sentry]):
    """``walk.sentry``: one project."""

    model = Sentry

    def send_canary(self) -> str:
        """Send a message through the SDK, with the service's own DSN; gives the event's id, which proves nothing yet.

        Fails the step if Sentry refuses it. Raises Unobserved if it never left this machine.
        """
        import sentry_sdk  # noqa: PLC0415 - help, and every run without this step, need not wait for it
        from sentry_sdk.transport import HttpTransport  # noqa: PLC0415
        from sentry_sdk.utils import BadDsn  # noqa: PLC0415

        lost: list[str] = []

        class Noting(HttpTransport):
            def on_dropped_event(self, reason: str) -> None:
                lost.append(reason)

        try:
            # Like every other request of gonogo it goes to its target itself: a proxy of this machine is not the service's.
            client = sentry_sdk.Client(
                dsn=self.world.secrets[self.section.dsn],
                default_integrations=False,
                transport=Noting,
                http_proxy="",
                https_proxy="",
            )
        except BadDsn:
            raise UsageError(
                f"secret {self.section.dsn}: no DSN; it looks like https://<key>@o1.ingest.sentry.io/<project> and is "
                "found at Sentry under Settings → Projects → Client Keys"
            ) from None
        event = {"message": f"{CANARY} {self.world.mark}", "level": "info"}
        event_id = client.capture_event(event)  # type: ignore[arg-type]  # a TypedDict of many optional keys
        client.close(timeout=_FLUSH_SECONDS)
        _must_have_left(lost)
        return str(event_id)

    def stored(self, event_id: str) -> None:
        """Fail the step unless the event is found in time."""
        self._found(lambda api: self.world.run(api.has_event, event_id), f"event {event_id}")

    def traced(self, trace_id: str) -> None:
        """Fail the step unless a transaction of the trace is found in time."""
        self._found(lambda api: self.world.run(api.has_transaction, trace_id), f"a transaction of trace {trace_id}")

    def _found(self, look: Callable[[SentryApi], bool], subject: str) -> None:
        """Look until the event is there or its time is over; this machine's own pauses are no lateness of Sentry's."""
        from gonogo.clients.sentry import SentryApi  # noqa: PLC0415 - only where somebody walks

        section, secrets = self.section, self.world.secrets
        token, delivery = secrets[section.token], section.delivery
        api = SentryApi(api=section.api, token=token, organization=section.organization, project=section.project)
        started = time.monotonic()
        pause, where = _POLL_SECONDS, f"in Sentry, within {format_duration(delivery)}"
        while not look(api):
            in_time = time.monotonic() < started + delivery / timedelta(seconds=1)
            if not in_time:
                WAKEFULNESS.demand(started)
                decided(where, "not found", "found", met=False)
            demand(
                in_time,
                f"{subject} was sent and is not found in {section.organization}/{section.project} "
                f"after {format_duration(delivery)}",
            )
            self.world.pause(pause)
            pause = min(pause * 2, _SLOWEST_POLL_SECONDS)
        decided(where, "found", "found")


def _must_have_left(lost: Sequence[str]) -> None:
    """Judge what the SDK says of events that it could not deliver: ``status_403``, ``network``."""
    refused = [reason.removeprefix(_STATUS) for reason in lost if reason.startswith(_STATUS)]
    demand(not refused, f"Sentry refuses the events of the service's DSN: it answered {', '.join(refused)}")
    if lost:
        raise Unobserved(
            f"the canary never left this machine ({', '.join(lost)})",
            hint="is the host of the DSN reachable from here? a proxy of the environment is not used",
        )
