"""How one of the servers of ``[monitoring]`` is reached, and what time it is there."""

import base64
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import ApiReply, JsonApi, mapping, text
from gonogo.environment.model import Environment
from gonogo.families.monitoring.section import MonitoringServer


def server_api(name: str, key: str, server: MonitoringServer, environment: Environment, secrets: Secrets) -> JsonApi:
    """Its API, with the login that is declared."""
    headers = {}
    if server.token:
        headers["Authorization"] = f"Bearer {secrets[server.token]}"
    elif server.user and server.password:
        login = f"{server.user}:{secrets[server.password]}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(login).decode()}"
    where = f"monitoring.{key}"
    return JsonApi(
        name=name,
        base=server.api,
        headers=headers,
        key=f"{where}.api",
        login_hint=f"{where} names token, or user and password, where it wants a login",
        status_page=f"the log of that {name}",
        is_absence=_is_absence,
        trust=server.ca_file or "public",
        patience=environment.limits.probe,
    )


def _is_absence(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Grafana's word for a dashboard that there is not; the others have no such word."""
    return text(mapping(document).get("message")).lower().startswith("dashboard not found")


def clock_of(reply: ApiReply) -> datetime | None:
    """The time of whoever answered; None where it does not tell."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return None
