"""An Alertmanager as a channel: its API v2, which tells duplicates apart by the labels of an alert.

It forgets an alert that nobody sends again: what stands is sent every minute, as Prometheus does. It says how long the
alert stands without being sent again (``endsAt``), and that is an hour here: a watch that died resolves nothing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gonogo.clients.secret_url import NotTaken, SecretUrl
from gonogo.evidence.watch import TESTED, Announcement
from gonogo.watching.announcer import ChannelDown
from gonogo.watching.messages import Letterhead

_STANDS = timedelta(hours=1)
_TEST_STANDS = timedelta(minutes=1)
"""Long enough to be routed to people; it is over by itself."""
_ALERTS, _STATUS = "/api/v2/alerts", "/api/v2/status"
_HINT = "is it an Alertmanager? Write the address of another webhook as json://"
_NO_SUCH_PATH = {404, 405}


class AlertmanagerChannel:
    """Tells one Alertmanager. ``environment`` is a label of every alert."""

    def __init__(
        self, name: str, url: SecretUrl, head: Letterhead, *, renewed: timedelta = timedelta(minutes=1)
    ) -> None:
        self.name = name
        self.renewed: timedelta | None = renewed
        self._url, self._head = url, head

    def send(self, announcements: Sequence[Announcement]) -> str:
        """Post them; of one alert the newest. Raises ChannelDown."""
        newest = {one.alert: one for one in announcements}
        alerts = self._head.redactor.json([self._alert(one) for one in newest.values()])
        content = json.dumps(alerts).encode()
        self._ask("POST", _ALERTS, content=content, headers={"Content-Type": "application/json"})
        return "accepted by the Alertmanager"

    def check(self) -> None:
        """Ask what it is. Raises ChannelDown."""
        answer = self._ask("GET", _STATUS)
        if "versionInfo" not in answer:
            raise ChannelDown(f"Alertmanager: the answer is not that of an Alertmanager; {_HINT}")

    def _ask(self, method: str, path: str, **more: Any) -> str:  # noqa: ANN401 - as of SecretUrl.ask
        try:
            return self._url.ask(method, path, **more)
        except NotTaken as error:
            hint = f"; {_HINT}" if error.status in _NO_SUCH_PATH else ""
            raise ChannelDown(f"Alertmanager: {error}{hint}") from None

    def _alert(self, one: Announcement) -> Mapping[str, object]:
        stands = _TEST_STANDS if one.event == TESTED else _STANDS
        ends = datetime.now(UTC) + stands if one.tells or one.event == TESTED else one.utc
        annotations = {"summary": one.title, "description": one.reason, "checklist": ", ".join(one.lines)}
        if self._head.rollback and one.tells:
            annotations["rollback"] = self._head.rollback
        return {
            "labels": {
                "alertname": one.threshold,
                "severity": one.severity,
                "environment": self._head.environment,
                "threshold": one.threshold,
                "alert_id": one.alert,
                "job": "gonogo",
            },
            "annotations": {name: value for name, value in annotations.items() if value},
            "startsAt": one.since.isoformat(),
            "endsAt": ends.isoformat(),
            **({"generatorURL": self._head.page} if self._head.page else {}),
        }
