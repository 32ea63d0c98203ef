"""The reference's PagerDuty is held against PagerDuty's own client, and against its published OpenAPI description."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from pagerduty import HttpError, RestApiV2Client
from pagerduty.rest_api_v2_client import CANONICAL_PATHS

from reference.doubles.oncall import POLICY, SCOPES, SERVICE, OnCallDouble, OnCallSettings
from tests.support.ports import closed_port

TOKEN = "pdus+_never-shown-1"
NOW = datetime.now(UTC)
SPAN = {"since": f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "until": f"{NOW + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"}
OF_POLICY = {"escalation_policy_ids[]": ["PLAUNCH"], **SPAN}
OF_SERVICE = {"service_ids[]": ["PWORKME"], "filter": "open"}
Ask = Callable[[RestApiV2Client], Any]
REFERENCE = {"id": str, "type": str, "summary": str, "self": str, "html_url": (str, type(None))}
PUBLISHED: Mapping[str, tuple[str, str, str, Mapping[str, Any]]] = {
    "/oncalls": (
        "/oncalls",
        "oncalls",
        "oncalls.read",
        {
            "escalation_policy": REFERENCE,
            "escalation_level": int,
            "schedule": REFERENCE,
            "user": REFERENCE,
            "start": str,
            "end": str,
        },
    ),
    "/escalation_policies": (
        "/escalation_policies",
        "escalation_policies",
        "escalation_policies.read",
        {"name": str, "escalation_rules": list, "services": list, "num_loops": int, "teams": list, "description": str},
    ),
    "/escalation_policies/PLAUNCH": (
        "/escalation_policies/{id}",
        "escalation_policy",
        "escalation_policies.read",
        {"id": str, "name": str, "escalation_rules": list},
    ),
    "/schedules": ("/schedules", "schedules", "schedules.read", {"id": str, "name": str, "time_zone": str}),
    "/schedules/PPRIMAR": ("/schedules/{id}", "schedule", "schedules.read", {"id": str, "name": str, "time_zone": str}),
    "/services": (
        "/services",
        "services",
        "services.read",
        {"name": str, "status": str, "created_at": str, "escalation_policy": REFERENCE, "acknowledgement_timeout": int},
    ),
    "/services/PWORKME": (
        "/services/{id}",
        "service",
        "services.read",
        {"status": str, "escalation_policy": REFERENCE},
    ),
    "/maintenance_windows": (
        "/maintenance_windows",
        "maintenance_windows",
        "services.read",
        {"start_time": str, "end_time": str, "services": list, "type": str, "sequence_number": int},
    ),
    "/users/PDAVILI/contact_methods": (
        "/users/{id}/contact_methods",
        "contact_methods",
        "users:contact_methods.read",
        {"id": str, "type": str, "label": str, "address": str},
    ),
    "/users/PDAVILI/notification_rules": (
        "/users/{id}/notification_rules",
        "notification_rules",
        "users:contact_methods.read",
        {"type": str, "start_delay_in_minutes": int, "contact_method": REFERENCE, "urgency": str},
    ),
}
"""What is asked: its operation, the key of the answer, the scope, and members of an item with their types.

Read in github.com/PagerDuty/api-schema, reference/REST/openapiv3.json, at 91a06fb3 of 2026-08-14."""


class Plainly(httpx2.HTTPTransport):
    """The client takes addresses with https only, and the double has no certificate."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it without TLS."""
        request.url = request.url.copy_with(scheme="http")
        return super().handle_request(request)


def answered(ask: Ask, settings: OnCallSettings | None = None, *, token: str = TOKEN) -> Any:  # noqa: ANN401 - JSON
    """What PagerDuty's client is answered by the double."""

    def asking(port: int) -> Any:  # noqa: ANN401 - as above
        url = f"https://127.0.0.1:{port}"
        client = RestApiV2Client(token, auth_type="bearer", base_url=url, transport=Plainly())
        client.max_http_attempts = 1
        with client:
            return ask(client)

    async def main() -> Any:  # noqa: ANN401 - as above
        port = closed_port()
        double = OnCallDouble(settings or OnCallSettings(maintenance_hours=2.0), port=port, token=TOKEN)
        await double.start()
        try:
            return await asyncio.to_thread(asking, port)
        finally:
            await double.stop()

    return asyncio.run(main())


def raw(path: str, settings: OnCallSettings | None = None) -> tuple[int, Any]:
    """Status and document of one answer."""

    def ask(client: RestApiV2Client) -> tuple[int, Any]:
        many = {"/oncalls": OF_POLICY, "/maintenance_windows": OF_SERVICE}
        reply = client.get(path, params=many.get(path))
        return reply.status_code, reply.json()

    return answered(ask, settings)  # type: ignore[no-any-return]


def test_official_client_reads_who_is_on_call() -> None:
    """Through its own paging."""
    entries = answered(lambda client: client.list_all("oncalls", params=OF_POLICY))
    assert [(entry["escalation_level"], entry["user"]["summary"]) for entry in entries] == [
        (1, "Davi Lima"),
        (1, "Paula Costa"),
        (2, "Tomás Reis"),
    ]
    assert answered(lambda client: client.list_all("oncalls", params=OF_POLICY, page_size=1)) == entries


@pytest.mark.parametrize(
    ("ask", "member", "value"),
    [
        (lambda client: client.rget("/escalation_policies/PLAUNCH"), "name", POLICY),
        (lambda client: client.find("escalation_policies", POLICY, attribute="name"), "id", "PLAUNCH"),
        (lambda client: client.find("schedules", "WorkMe primary", attribute="name"), "id", "PPRIMAR"),
        (lambda client: client.rget("/services/PWORKME"), "status", "active"),
        (lambda client: client.find("services", SERVICE, attribute="name"), "id", "PWORKME"),
        (lambda client: client.list_all("maintenance_windows", params=OF_SERVICE)[0], "id", "PWINDOW"),
        (lambda client: client.rget("/users/PDAVILI/contact_methods")[0], "type", "phone_contact_method"),
        (lambda client: client.rget("/users/PDAVILI/notification_rules")[0], "urgency", "high"),
    ],
)
def test_official_client_finds_the_rest(ask: Ask, member: str, value: str) -> None:
    """It unwraps each answer by its own table of what stands where."""
    assert answered(ask)[member] == value


@pytest.mark.parametrize(
    ("path", "token", "settings", "status"),
    [
        ("/services/PNOTHER", TOKEN, OnCallSettings(), 404),
        ("/services/PWORKME", "wrong", OnCallSettings(), 401),
        ("/services/PWORKME", TOKEN, OnCallSettings(scopes=frozenset()), 403),
        ("/services/PWORKME", TOKEN, OnCallSettings(running=False), 503),
    ],
)
def test_official_client_understands_refusals(path: str, token: str, settings: OnCallSettings, status: int) -> None:
    """As errors of HTTP with these statuses."""
    with pytest.raises(HttpError) as refused:
        answered(lambda client: client.rget(path), settings, token=token)
    assert refused.value.response is not None
    assert refused.value.response.status_code == status


@pytest.mark.parametrize("path", PUBLISHED)
def test_shape_is_published(path: str) -> None:
    """The client knows the path, and each answer has the members of the description, of its types."""
    operation, key, _, members = PUBLISHED[path]
    assert operation in CANONICAL_PATHS
    status, document = raw(path)
    assert status == 200
    items = document[key] if isinstance(document[key], list) else [document[key]]
    assert items
    if isinstance(document[key], list) and not path.startswith("/users/"):
        assert {"limit", "offset", "more", "total"} <= document.keys()
    for item in items:
        wrong = {
            name: item.get(name, "missing")
            for name, kind in members.items()
            if not _is_a(item.get(name, object()), kind)
        }
        assert not wrong


def _is_a(value: Any, kind: Any) -> bool:  # noqa: ANN401 - JSON, and a type or members of types
    if isinstance(kind, Mapping):
        return isinstance(value, dict) and all(_is_a(value.get(name, object()), inner) for name, inner in kind.items())
    return isinstance(value, kind)


@pytest.mark.parametrize("path", PUBLISHED)
def test_scope_is_published(path: str) -> None:
    """Each operation takes the scope that the description names, and no other."""
    scope = PUBLISHED[path][2]
    assert raw(path, OnCallSettings(maintenance_hours=2.0, scopes=frozenset({scope})))[0] == 200
    status, document = raw(path, OnCallSettings(scopes=SCOPES - {scope}))
    assert status == 403
    assert document["error"]["message"]
