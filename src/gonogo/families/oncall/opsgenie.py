"""Opsgenie's REST API, read only (docs.opsgenie.com; its OpenAPI description: github.com/opsgenie/opsgenie-oas).

Atlassian has not sold it since 2025-06-04, and its API ends on 2027-04-05 (support.atlassian.com, "What happens when
Opsgenie is turned off").
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any
from urllib.parse import quote, urlencode

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, objects, text, whole
from gonogo.evidence.oncall import AlertService, Maintenance, Reach, Shift, Span
from gonogo.families.oncall.rota import Absent, Person, Rota, moment, needing, overlaps, written
from gonogo.families.oncall.section import OnCall

OPSGENIE = "https://api.opsgenie.com"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RIGHT = "the access rights Read and Configuration access"
_HINT = f"a key of API key management needs {_RIGHT}; a key of a team's integration sees its team alone"
_DAY = timedelta(days=1)
_UNITS = {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 1440.0}
_TELLS_SHIFT = {"", "default"}
"""``notifyType`` of a rule that notifies the person on call; ``next`` and ``previous`` notify others."""
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opsgenie:
    """An account at Opsgenie, with the key that reads it. ``patience``: how long one request may take."""

    section: OnCall
    token: str = field(repr=False)
    patience: timedelta
    name: str = "Opsgenie"

    @asynccontextmanager
    async def session(self) -> AsyncIterator["OpsgenieSession"]:
        """Open the connections that all requests of one run share, and close them at the end."""
        api = JsonApi(
            name=self.name,
            base=self.section.api or OPSGENIE,
            headers={"Authorization": f"GenieKey {self.token}"},
            key="oncall.api",
            login_hint=_HINT,
            status_page="https://opsgenie.status.atlassian.com",
            is_absence=lambda document: bool(text(mapping(document).get("message"))),
            patience=self.patience,
        )
        async with api.session() as session:
            yield OpsgenieSession(session, self.section)


class OpsgenieSession:
    """Reads the declared escalation, schedule and integration.

    Every method raises Unobserved for what could not be read, and Absent for what Opsgenie says does not exist.
    """

    def __init__(self, session: JsonSession, section: OnCall) -> None:
        self._session, self._section = session, section
        self._people: dict[str, Person] = {}

    async def rota(self, span: Span) -> Rota:
        """Return who is on call within ``span``, by the schedules of the escalation and the declared one.

        ``first`` is the declared schedule, or else level 1 of the escalation; ``told`` has every level. If a later level
        could not be read, ``untold`` has the reason.
        """
        section = self._section
        own = await self._timeline(section.schedule, span, 1) if section.schedule else []
        if not section.policy:
            return self._rota(own, own)
        told, untold = list[Shift](), ""
        rules = await self._rules()
        if section.schedule and not any(section.schedule in _names(rule) for rule in rules):
            raise Absent(f"schedule {section.schedule} in the escalation {section.policy}")
        for rule in rules:
            try:
                told += await self._told(rule, _level(rule, rules), span)
            except Unobserved as error:
                if not section.schedule and _level(rule, rules) == 1:
                    raise
                untold = untold or error.reason
        return self._rota(own if section.schedule else [shift for shift in told if shift.level == 1], told, untold)

    def _rota(self, first: Sequence[Shift], told: Sequence[Shift], untold: str = "") -> Rota:
        return Rota(first=first, told=told, people=list(self._people.values()), untold=untold)

    async def _told(self, rule: Object, level: int, span: Span) -> Sequence[Shift]:
        """Return the shifts of those whom one rule of the escalation notifies."""
        recipient, notify = mapping(rule.get("recipient")), text(rule.get("notifyType"))
        match text(recipient.get("type")):
            case "user":
                return [Shift(person=self._person(recipient), level=level)]
            case "schedule" if notify in _TELLS_SHIFT:
                return await self._timeline(text(recipient.get("id")) or text(recipient.get("name")), span, level)
            case "none":
                return []
            case kind:
                whom = " ".join(filter(None, (kind, text(recipient.get("name")), notify and f"({notify})")))
                raise Unobserved(
                    f"level {level} of the escalation tells {whom}, and Opsgenie tells of now only who that is",
                    hint="let it tell a schedule or a user; or declare oncall.schedule alone, without policy",
                )

    async def _timeline(self, schedule: str, span: Span, level: int) -> list[Shift]:
        """Return the shifts of the final timeline that overlap ``span``.

        The request begins a day earlier, because Opsgenie may begin the timeline with a day of the schedule's zone.
        """
        days = ceil((span[1] - span[0]) / _DAY) + 2
        query = {"date": written(span[0] - _DAY), "interval": str(days), "intervalUnit": "days"}
        data = mapping(
            await self._data(f"v2/schedules/{_quoted(schedule)}/timeline", schedule, f"schedule {schedule}", query)
        )
        if mapping(data.get("_parent")).get("enabled") is False:
            raise Absent(f"schedule {schedule} that is enabled")
        begins, ends = (
            moment(self._session, data.get(key), f"{key} of a timeline") for key in ("startDate", "endDate")
        )
        if begins > span[0] or ends < span[1]:
            raise Unobserved(
                f"Opsgenie gave the timeline of {schedule} from {begins} to {ends}, and more was asked for"
            )
        rotations = mapping(data.get("finalTimeline")).get("rotations")
        if not isinstance(rotations, list):
            raise Unobserved(f"Opsgenie gave no timeline of {schedule}", hint="is oncall.api right?")
        periods = [period for rotation in objects(rotations) for period in objects(rotation.get("periods"))]
        return [shift for period in periods for shift in self._shifts(period, schedule, span, level)]

    def _shifts(self, period: Object, schedule: str, span: Span, level: int) -> Sequence[Shift]:
        begins = moment(self._session, period.get("startDate"), "startDate of a period")
        ends = moment(self._session, period.get("endDate"), "endDate of a period")
        if not overlaps(begins, ends, span):
            return []
        recipients = objects(period.get("flattenedRecipients")) or [mapping(period.get("recipient"))]
        kinds = {text(recipient.get("type")) for recipient in recipients}
        if others := sorted(kinds - {"user", "none"}):
            raise Unobserved(
                f"from {written(begins)} on a {others[0] or 'recipient without a type'} is on call in {schedule}, and Opsgenie "
                "tells of now only who that is",
                hint="put users into the rotation, or attest the line",
            )
        people = [self._person(recipient) for recipient in recipients if recipient.get("type") == "user"]
        return [Shift(person=person, level=level, begins=begins, ends=ends) for person in people]

    def _person(self, recipient: Object) -> str:
        identifier = text(recipient.get("id"))
        name = text(recipient.get("username")) or text(recipient.get("name"))
        if not (identifier and name):
            raise Unobserved("Opsgenie gave somebody on call without id or name", hint="is oncall.api right?")
        self._people[identifier] = Person(identifier=identifier, name=name)
        return name

    async def _rules(self) -> list[dict[str, Any]]:
        name = self._section.policy or ""
        data = mapping(await self._data(f"v2/escalations/{_quoted(name)}", name, f"escalation {name}", {}))
        if not isinstance(data.get("rules"), list):
            raise Unobserved(f"Opsgenie gave no rules of the escalation {name}", hint="is oncall.api right?")
        return objects(data["rules"])

    async def levels(self) -> tuple[int, timedelta | None]:
        """Return after how many different delays the escalation notifies somebody, and the second of them.

        The number is 0 if no escalation is declared; the delay is None if there are fewer than two.
        """
        if not self._section.policy:
            return 0, None
        delays = sorted({_delay(rule) for rule in await self._rules()})
        return len(delays), timedelta(minutes=delays[1]) if len(delays) > 1 else None

    async def reach(self, person: Person) -> Reach:
        """Return the contacts of a person that are enabled, and the number of enabled rules for a new alert.

        Which of the contacts a rule uses is not read.
        """
        whom, user = f"user {person.name}", f"v2/users/{_quoted(person.identifier)}"
        contacts = objects(await self._data(f"{user}/contacts", None, whom, {}))
        rules = objects(await self._data(f"{user}/notification-rules", None, whom, {}))
        usable = [
            text(contact.get("method"))
            for contact in contacts
            if mapping(contact.get("status")).get("enabled") is not False
        ]
        telling = [rule for rule in rules if rule.get("actionType") == "create-alert" and rule.get("enabled") is True]
        return Reach(person=person.name, methods=tuple(sorted(usable)), rules=len(telling) if usable else 0)

    async def service(self, span: Span) -> AlertService | None:
        """Return the declared integration with the maintenance that disables it within ``span``; None if none is declared."""
        declared = self._section.service
        if not declared:
            return None
        integrations = objects(await self._data("v2/integrations", None, "integrations", {}))
        named = [
            integration for integration in integrations if declared in {integration.get("id"), integration.get("name")}
        ]
        if not named:
            raise Absent(f"integration {declared}")
        if len(named) > 1:
            raise Unobserved(f"Opsgenie has {len(named)} integrations of the name {declared}", hint="declare its id")
        return AlertService(
            name=text(named[0].get("name")),
            status="enabled" if named[0].get("enabled") is True else "disabled",
            maintenance=tuple(await self._maintenance(text(named[0].get("id")), span)),
        )

    async def _maintenance(self, integration: str, span: Span) -> list[Maintenance]:
        disabling = list[Maintenance]()
        for listed in objects(await self._data("v1/maintenance", None, "maintenance", {"type": "non-expired"})):
            time = mapping(listed.get("time"))
            begins, ends = (
                moment(self._session, time[key], f"{key} of a maintenance") if time.get(key) else None
                for key in ("startDate", "endDate")
            )
            maintenance = Maintenance(begins=begins or span[0], ends=ends)
            if listed.get("status") not in {"active", "planned"} or not overlaps(maintenance.begins, ends, span):
                continue
            details = await self._data(f"v1/maintenance/{_quoted(text(listed.get('id')))}", None, "maintenance", {})
            rules = objects(mapping(details).get("rules"))
            if any(mapping(rule.get("entity")).get("id") == integration and _switches_off(rule) for rule in rules):
                disabling.append(maintenance)
        return disabling

    async def _data(self, path: str, named: str | None, word: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
        """Return the ``data`` of a reply. Raises Absent if Opsgenie says that there is no such thing."""
        if named is not None:
            query = {"identifierType": "id" if _UUID.fullmatch(named) else "name", **query}
        where = f"{path}?{urlencode(query)}" if query else path
        document = await needing(_RIGHT, self._session.get(where, right=_RIGHT))
        if document is None:
            raise Absent(word)
        if "data" not in mapping(document):
            raise Unobserved(
                f"Opsgenie gave no data for {path}", hint=f"it is read with {_RIGHT}; is oncall.api right?"
            )
        return mapping(document)["data"]


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _names(rule: Object) -> set[str]:
    recipient = mapping(rule.get("recipient"))
    return {text(recipient.get("id")), text(recipient.get("name"))}


def _delay(rule: Object) -> float:
    """Return after how many minutes a rule notifies."""
    delay = mapping(rule.get("delay"))
    return (whole(delay.get("timeAmount")) or 0) * _UNITS.get(text(delay.get("timeUnit")) or "minutes", 0.0)


def _level(rule: Object, rules: Sequence[Object]) -> int:
    """Return the level of a rule, from 1: rules with the same delay are one level."""
    return 1 + sorted({_delay(other) for other in rules}).index(_delay(rule))


def _switches_off(rule: Object) -> bool:
    return text(rule.get("state")) in {"disabled", ""}
