"""The team's PagerDuty: the parts of its REST API v2 that tell who is on call, how they are told, and what alerts go to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from reference.web import WebServer

POLICY, SCHEDULE, SERVICE = "WorkMe launch", "WorkMe primary", "workme-api"
SCOPES = frozenset(
    {
        "oncalls.read",
        "escalation_policies.read",
        "schedules.read",
        "services.read",
        "users:contact_methods.read",
    }
)
_POLICY_ID, _SERVICE_ID = "PLAUNCH", "PWORKME"
_SCHEDULES = {"PPRIMAR": SCHEDULE, "PSECOND": "WorkMe secondary"}
_PEOPLE = {"PDAVILI": "Davi Lima", "PPAULAC": "Paula Costa", "PTOMASR": "Tomás Reis", "PLEFTUS": "Rui Alves"}
_HANDOVER, _MAINTENANCE = timedelta(hours=6), timedelta(hours=4)
_KNOWN = timedelta(days=3)
_MOST = 100
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallSettings:
    """The defaults are healthy."""

    running: bool = True
    scopes: frozenset[str] = SCOPES
    policy_exists: bool = True
    gap_hours: float = 0.0
    """How long nobody is on call, at either level, before the second shift begins."""
    levels: int = 2
    second: Literal["PTOMASR", "PDAVILI"] = "PTOMASR"
    """Who is told at the second level."""
    relief: Literal["PPAULAC", "PLEFTUS"] = "PPAULAC"
    """Who has the second shift."""
    rules: bool = True
    """Whether that one has notification rules."""
    phone: bool = True
    """Whether PagerDuty still calls that one's phone, and has an address of that one."""
    service: Literal["active", "disabled"] = "active"
    service_policy: str = POLICY
    urgency: Literal["high", "low"] = "high"
    """Of the incidents that it makes."""
    escalates_minutes: int = 5
    maintenance_hours: float = 0.0
    """How long a window is that begins in four hours."""


class OnCallDouble:
    """One account, behind the access token of an app with scopes."""

    def __init__(self, settings: OnCallSettings, *, port: int, token: str) -> None:
        self._settings, self._token = settings, token
        zone = {"time_zone": "America/Sao_Paulo", "description": ""}
        schedules = [_named("schedule", identifier, name) | zone for identifier, name in _SCHEDULES.items()]
        routes = [
            self._list("/oncalls", "oncalls", "oncalls.read", self._oncalls),
            *self._both("/escalation_policies", "escalation_policy", "escalation_policies", self._policies),
            *self._both("/schedules", "schedule", "schedules", lambda _: schedules),
            *self._both("/services", "service", "services", lambda _: [self._service()]),
            self._list("/maintenance_windows", "maintenance_windows", "services.read", self._windows),
            *(self._of_user(key) for key in ("contact_methods", "notification_rules")),
        ]
        handlers = {404: lambda _request, _error: _error(404, 2100, "Not Found")}
        self._server = WebServer(Starlette(routes=routes, exception_handlers=handlers), "127.0.0.1", port)

    async def start(self) -> None:
        """Listen; who is down answers 503."""
        await self._server.start()

    async def stop(self) -> None:
        """End it."""
        await self._server.stop()

    # -- routes -------------------------------------------------------------------------------------------------------

    def _guarded(self, path: str, scope: str, answer: Callable[[Request], Json | None]) -> Route:
        def respond(request: Request) -> Response:
            if not self._settings.running:
                return PlainTextResponse("Service Unavailable", 503)
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                return _error(401, 2006, "You are not logged in")
            if scope not in self._settings.scopes:
                return _error(403, 2010, "Access Denied")
            document = answer(request)
            return _error(404, 2100, "Not Found") if document is None else JSONResponse(document)

        return Route(path, respond)

    def _list(self, path: str, key: str, scope: str, items: Callable[[Request], Sequence[Json]]) -> Route:
        """Pages by offset and limit."""

        def answer(request: Request) -> Json:
            query = request.query_params
            offset, limit = int(query.get("offset", "0")), min(int(query.get("limit", "25")), _MOST)
            found = [item for item in items(request) if query.get("query", "").lower() in item.get("name", "").lower()]
            more = len(found) > offset + limit
            return {key: found[offset : offset + limit], "limit": limit, "offset": offset, "more": more, "total": None}

        return self._guarded(path, scope, answer)

    def _both(self, path: str, word: str, key: str, items: Callable[[Request], Sequence[Json]]) -> Sequence[Route]:
        """The list, and one of it by its id."""

        def one(request: Request) -> Json | None:
            named = [item for item in items(request) if item["id"] == request.path_params["id"]]
            return {word: named[0]} if named else None

        scope = f"{key}.read"
        return self._list(path, key, scope, items), self._guarded(f"{path}/{{id}}", scope, one)

    def _of_user(self, key: str) -> Route:
        answers = {"contact_methods": self._contact_methods, "notification_rules": self._notification_rules}

        def answer(request: Request) -> Json | None:
            user = request.path_params["id"]
            return {key: answers[key](user)} if user in _PEOPLE else None

        return self._guarded(f"/users/{{id}}/{key}", "users:contact_methods.read", answer)

    # -- objects ------------------------------------------------------------------------------------------------------

    def _policies(self, _request: Request) -> Sequence[Json]:
        if not self._settings.policy_exists:
            return []
        rules = [
            {
                "id": f"PLEVEL{level}",
                "escalation_delay_in_minutes": self._settings.escalates_minutes,
                "targets": [_reference("schedule", identifier, _SCHEDULES[identifier])],
            }
            for level, identifier in enumerate(list(_SCHEDULES)[: self._settings.levels], 1)
        ]
        services = [_reference("service", _SERVICE_ID, SERVICE)]
        more = {"escalation_rules": rules, "services": services, "num_loops": 2, "teams": [], "description": ""}
        return [_named("escalation_policy", _POLICY_ID, POLICY) | more]

    def _oncalls(self, request: Request) -> Sequence[Json]:
        """Those that overlap with the time, by policy and by schedule."""
        query = request.query_params
        since, until = (datetime.fromisoformat(query[key]) for key in ("since", "until"))
        policies, schedules = query.getlist("escalation_policy_ids[]"), query.getlist("schedule_ids[]")
        if not self._settings.policy_exists or (policies and _POLICY_ID not in policies):
            return []
        return [
            {
                "escalation_policy": _reference("escalation_policy", _POLICY_ID, POLICY),
                "escalation_level": level,
                "schedule": _reference("schedule", schedule, _SCHEDULES[schedule]),
                "user": _reference("user", user, _PEOPLE[user]),
                "start": _written(begins),
                "end": _written(ends),
            }
            for level, schedule, user, begins, ends in self._shifts()
            if begins < until and ends > since and (not schedules or schedule in schedules)
        ]

    def _shifts(self) -> Sequence[tuple[int, str, str, datetime, datetime]]:
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        handover = now + _HANDOVER
        relieved = handover + timedelta(hours=self._settings.gap_hours)
        shifts = [
            (1, "PPRIMAR", "PDAVILI", now - _HANDOVER, handover),
            (1, "PPRIMAR", self._settings.relief, relieved, now + _KNOWN),
        ]
        second = [(now - _HANDOVER, handover), (relieved, now + _KNOWN)]
        if relieved == handover:
            second = [(now - _HANDOVER, now + _KNOWN)]
        shifts += [(2, "PSECOND", self._settings.second, *span) for span in second]
        return [shift for shift in shifts if shift[0] <= self._settings.levels]

    def _service(self) -> Json:
        policy = self._settings.service_policy
        return _named("service", _SERVICE_ID, SERVICE) | {
            "description": "The API of WorkMe",
            "created_at": "2026-01-07T10:00:00Z",
            "status": self._settings.service,
            "auto_resolve_timeout": 14400,
            "acknowledgement_timeout": 1800,
            "alert_creation": "create_alerts_and_incidents",
            "incident_urgency_rule": {"type": "constant", "urgency": self._settings.urgency},
            "escalation_policy": _reference("escalation_policy", _POLICY_ID if policy == POLICY else "PDEFAUL", policy),
            "teams": [],
        }

    def _windows(self, request: Request) -> Sequence[Json]:
        hours = self._settings.maintenance_hours
        if not hours or _SERVICE_ID not in request.query_params.getlist("service_ids[]"):
            return []
        begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + _MAINTENANCE
        window = {
            "id": "PWINDOW",
            "type": "maintenance_window",
            "summary": "Migration of the database",
            "self": "https://api.pagerduty.com/maintenance_windows/PWINDOW",
            "html_url": None,
            "sequence_number": 3,
            "start_time": _written(begins),
            "end_time": _written(begins + timedelta(hours=hours)),
            "description": "Migration of the database",
            "services": [_reference("service", _SERVICE_ID, SERVICE)],
            "teams": [],
            "created_by": _reference("user", "PDAVILI", _PEOPLE["PDAVILI"]),
        }
        return [window]

    def _contact_methods(self, user: str) -> Sequence[Json]:
        relieves = user == self._settings.relief
        if relieves and not self._settings.phone:
            return [_phone(user, blacklisted=True)]
        return [_phone(user, blacklisted=False), _mail(user)]

    def _notification_rules(self, user: str) -> Sequence[Json]:
        if user == self._settings.relief and not self._settings.rules:
            return []
        method = _phone(user, blacklisted=False)
        return [
            {
                "id": f"R{user[1:]}",
                "type": "assignment_notification_rule",
                "summary": "0 minutes: channel Mobile",
                "self": f"https://api.pagerduty.com/users/{user}/notification_rules/R{user[1:]}",
                "html_url": None,
                "start_delay_in_minutes": 0,
                "contact_method": _reference("phone_contact_method", method["id"], "Mobile"),
                "urgency": "high",
            }
        ]


def _phone(user: str, *, blacklisted: bool) -> Json:
    return {
        "id": f"T{user[1:]}",
        "type": "phone_contact_method",
        "summary": "Mobile",
        "self": f"https://api.pagerduty.com/users/{user}/contact_methods/T{user[1:]}",
        "html_url": None,
        "label": "Mobile",
        "address": "5555550100",
        "country_code": 55,
        "enabled": True,
        "blacklisted": blacklisted,
    }


def _mail(user: str) -> Json:
    return {
        "id": f"M{user[1:]}",
        "type": "email_contact_method",
        "summary": "Work",
        "self": f"https://api.pagerduty.com/users/{user}/contact_methods/M{user[1:]}",
        "html_url": None,
        "label": "Work",
        "address": f"{user.lower()}@workme.test",
        "send_short_email": False,
    }


def _reference(word: str, identifier: str, name: str) -> Json:
    return _object(word, identifier, name) | {"type": f"{word}_reference"}


def _named(word: str, identifier: str, name: str) -> Json:
    return _object(word, identifier, name) | {"type": word, "name": name}


def _object(word: str, identifier: str, name: str) -> Json:
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return {
        "id": identifier,
        "summary": name,
        "self": f"https://api.pagerduty.com/{plural}/{identifier}",
        "html_url": f"https://workme.pagerduty.com/{plural}/{identifier}",
    }


def _written(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _error(status: int, code: int, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def oncall_at(port: int) -> Mapping[str, str]:
    """What ``[oncall]`` says of where it is."""
    return {"api": f"http://127.0.0.1:{port}"}
