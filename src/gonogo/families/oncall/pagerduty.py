"""PagerDuty's REST API v2, read only (its OpenAPI description: github.com/PagerDuty/api-schema, reference/REST)."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, objects, text, whole
from gonogo.clients.paging import pagerduty_pages, read_pages
from gonogo.evidence.oncall import AlertService, Maintenance, Reach, Shift, Span
from gonogo.families.oncall.rota import Absent, Person, Rota, moment, needing, overlaps, written
from gonogo.families.oncall.section import OnCall

PAGERDUTY = "https://api.pagerduty.com"
_VERSION = "application/vnd.pagerduty+json;version=2"
_SOON = 30
"""Minutes after which a notification rule comes too late."""
_ID = re.compile(r"[A-Z0-9]{7,14}")
"""The form of an id; a name of the same form is found by its name."""
_AHEAD = timedelta(days=90)
"""How far ahead PagerDuty knows shifts (parameter ``until`` of /oncalls)."""
_HINT = (
    "a read-only REST API key of the account reads all of it; an app's access token needs login = 'oauth' and the scopes "
    "oncalls.read, escalation_policies.read, schedules.read, services.read and users:contact_methods.read"
)
_SCOPES = {
    "escalation_policies": "the scope escalation_policies.read",
    "schedules": "the scope schedules.read",
    "services": "the scope services.read",
}
_WORDS = {"escalation_policies": "escalation policy", "schedules": "schedule", "services": "service"}
_ONCALLS, _CONTACTS = "the scope oncalls.read", "the scope users:contact_methods.read"
_KIND = "_contact_method"
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDuty:
    """An account at PagerDuty, with the key that reads it. ``patience``: how long one request may take."""

    section: OnCall
    token: str = field(repr=False)
    patience: timedelta
    name: str = "PagerDuty"

    @asynccontextmanager
    async def session(self) -> AsyncIterator["PagerDutySession"]:
        """Open the connections that all requests of one run share, and close them at the end."""
        login = f"Bearer {self.token}" if self.section.login == "oauth" else f"Token token={self.token}"
        api = JsonApi(
            name=self.name,
            base=self.section.api or PAGERDUTY,
            headers={"Authorization": login, "Accept": _VERSION, "Content-Type": "application/json"},
            key="oncall.api",
            login_hint=_HINT,
            status_page="https://status.pagerduty.com",
            is_absence=lambda document: bool(mapping(mapping(document).get("error")).get("message")),
            patience=self.patience,
        )
        async with api.session() as session:
            yield PagerDutySession(session, self.section)


class PagerDutySession:
    """Reads the declared policy, schedule and service.

    Every method raises Unobserved for what could not be read, and Absent for what PagerDuty says does not exist.
    """

    def __init__(self, session: JsonSession, section: OnCall) -> None:
        self._session, self._section = session, section
        self._found: dict[tuple[str, str], Object] = {}

    async def rota(self, span: Span) -> Rota:
        """Return who is on call within ``span``, at which level and by which schedule (the entries of /oncalls)."""
        if span[1] > datetime.now(UTC) + _AHEAD:
            raise Unobserved(
                "PagerDuty tells shifts for 90 days, and the launch is later", hint="ask again nearer to it"
            )
        section, query = self._section, {"since": written(span[0]), "until": written(span[1])}
        schedule = await self._find("schedules", section.schedule) if section.schedule else None
        if section.policy:
            policy = section.policy
            if schedule is not None or not _ID.fullmatch(policy):
                document = await self._find("escalation_policies", policy)
                policy = text(document.get("id"))
                if schedule is not None and text(schedule.get("id")) not in _targets(document):
                    raise Absent(f"schedule {section.schedule} in the escalation policy {section.policy}")
            query["escalation_policy_ids[]"] = policy
        elif schedule is not None:
            query["schedule_ids[]"] = text(schedule.get("id"))
        first, read = pagerduty_pages("oncalls", query)
        entries = await needing(_ONCALLS, read_pages(self._session, "oncalls", first, read, right=_ONCALLS))
        return self._rota(entries, text(schedule.get("id")) if schedule is not None else "")

    def _rota(self, entries: list[dict[str, Any]], schedule: str) -> Rota:
        shifts = [(self._shift(entry), _id(entry.get("schedule"))) for entry in entries]
        people = {_id(entry.get("user")): _name(entry.get("user")) for entry in entries}
        return Rota(
            first=[shift for shift, by in shifts if (by == schedule if schedule else shift.level == 1)],
            told=[shift for shift, _ in shifts],
            people=[Person(identifier=identifier, name=name) for identifier, name in people.items()],
        )

    def _shift(self, entry: Object) -> Shift:
        level, name = whole(entry.get("escalation_level")), _name(entry.get("user"))
        if level is None or not name:
            raise Unobserved(
                "PagerDuty gave an on-call entry without its level or its user", hint="is oncall.api right?"
            )
        times = {key: entry.get(key) for key in ("start", "end")}
        known = {
            key: moment(self._session, time, f"{key} of a shift") for key, time in times.items() if time is not None
        }
        return Shift(person=name, level=level, begins=known.get("start"), ends=known.get("end"))

    async def levels(self) -> tuple[int, timedelta | None]:
        """Return how many rules the escalation policy has, and how long the first one has; 0 where none is declared."""
        if not self._section.policy:
            return 0, None
        rules = objects((await self._find("escalation_policies", self._section.policy)).get("escalation_rules"))
        minutes = whole(rules[0].get("escalation_delay_in_minutes")) if len(rules) > 1 else None
        return len(rules), None if minutes is None else timedelta(minutes=minutes)

    async def reach(self, person: Person) -> Reach:
        """Return the enabled contact methods of a person, and the number of rules of high urgency that use one of them."""
        methods = await self._of(person, "contact_methods", "contact_methods")
        rules = await self._of(person, "notification_rules?urgency=high", "notification_rules")
        usable = {
            text(method.get("id")): text(method.get("type")).removesuffix(_KIND)
            for method in methods
            if method.get("enabled") is not False and method.get("blacklisted") is not True
        }
        return Reach(
            person=person.name,
            methods=tuple(sorted(usable.values())),
            rules=sum(
                _id(rule.get("contact_method")) in usable and (whole(rule.get("start_delay_in_minutes")) or 0) <= _SOON
                for rule in rules
            ),
        )

    async def _of(self, person: Person, path: str, key: str) -> list[dict[str, Any]]:
        where = f"users/{person.identifier}/{path}"
        document = await needing(_CONTACTS, self._session.get(where, right=_CONTACTS))
        items = mapping(document).get(key)
        if not isinstance(items, list):
            raise Unobserved(f"PagerDuty gave no {key} of {person.name}", hint=f"it is read with {_CONTACTS}")
        return objects(items)

    async def service(self, span: Span) -> AlertService | None:
        """Return the declared service, the policy of its incidents, and its maintenance windows within ``span``.

        None if no service is declared.
        """
        if not self._section.service:
            return None
        found = await self._find("services", self._section.service)
        query = {"service_ids[]": text(found.get("id")), "filter": "open"}
        first, read = pagerduty_pages("maintenance_windows", query)
        right = _SCOPES["services"]
        windows = await needing(right, read_pages(self._session, "maintenance_windows", first, read, right=right))
        times = [
            Maintenance(
                begins=moment(self._session, window.get("start_time"), "start_time of a maintenance window"),
                ends=moment(self._session, window.get("end_time"), "end_time of a maintenance window"),
            )
            for window in windows
        ]
        policy = mapping(found.get("escalation_policy"))
        ours = not self._section.policy or self._section.policy in {_id(policy), _name(policy)}
        return AlertService(
            name=text(found.get("name")),
            status=text(found.get("status")),
            policy="" if ours else _name(policy) or "none",
            maintenance=tuple(time for time in times if overlaps(time.begins, time.ends, span)),
            quiet=_quiet(mapping(found.get("incident_urgency_rule"))),
        )

    async def _find(self, kind: str, declared: str) -> Object:
        """Return the declared object, by its id or else its name. Raises Absent if there is none."""
        known = self._found.get((kind, declared))
        if known is None:
            known = self._found[kind, declared] = await needing(_SCOPES[kind], self._look_up(kind, declared))
        return known

    async def _look_up(self, kind: str, declared: str) -> Object:
        right, word = _SCOPES[kind], _WORDS[kind]
        if _ID.fullmatch(declared):
            document = await self._session.get(f"{kind}/{declared}", right=right)
            if document is not None:
                return mapping(mapping(document).get(word.replace(" ", "_")))
        first, read = pagerduty_pages(kind, {"query": declared})
        named = [
            item for item in await read_pages(self._session, kind, first, read, right=right) if _name(item) == declared
        ]
        if not named:
            raise Absent(f"{word} {declared}")
        if len(named) > 1:
            raise Unobserved(f"PagerDuty has {len(named)} of the name {declared}: {word}", hint="declare its id")
        return named[0]


def _quiet(rule: Object) -> str:
    """Return when the incidents of a service are of low urgency."""
    if rule.get("urgency") == "low":
        return "always"
    hours = ("outside support hours", "during support hours")
    low = (word for word in hours if mapping(rule.get(word.replace(" ", "_"))).get("urgency") == "low")
    return next(low, "")


def _targets(policy: Object) -> set[str]:
    rules = objects(policy.get("escalation_rules"))
    return {text(target.get("id")) for rule in rules for target in objects(rule.get("targets"))}


def _id(reference: Any) -> str:  # noqa: ANN401 - JSON
    return text(mapping(reference).get("id"))


def _name(item: Any) -> str:  # noqa: ANN401 - JSON
    """Return the name of an object: references have a summary, whole objects a name as well."""
    return text(mapping(item).get("name")) or text(mapping(item).get("summary"))
