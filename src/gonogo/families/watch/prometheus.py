"""Reads signals from a Prometheus, over its HTTP API (``/api/v1/query``): a team's own, which outgrew one machine."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, text
from gonogo.evidence.watch import Reading
from gonogo.families.watch.promql import Expressions, expressions
from gonogo.families.watch.section import Threshold, Watch, Watched

_UNCERTAIN = "a series began anew within the window (the service restarted?), is gone in part, or is no number"
_LEAST_PATIENCE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Answer:
    """One instant query: a number, or why there is none."""

    value: float | None
    missing: str = ""


class PrometheusSource:
    """Asks for every signal that a Prometheus can know, once a round."""

    def __init__(self, base: str, watch: Watch, *, patience: timedelta | None = None) -> None:
        asked = {name: expressions(watched) for name, watched in watch.watched.items()}
        self._asked = {name: one for name, one in asked.items() if one is not None}
        self._watched = watch.watched
        self._api = JsonApi(
            name="Prometheus",
            base=base,
            headers={},
            key="watch.prometheus",
            login_hint="watch.prometheus must answer without a login from this machine",
            status_page="the page /targets of that Prometheus",
            is_absence=lambda _document: False,
            trust=watch.ca_file or "public",
            patience=patience or max(watch.every, _LEAST_PATIENCE),
        )

    def read(self, at: float) -> Mapping[str, Reading]:
        """The newest reading of each signal. A Prometheus that is down is a reason for all of them."""
        try:
            return asyncio.run(self._read(at))
        except Unobserved as error:
            return {name: Reading(at=at, value=None, missing=str(error)) for name in self._asked}

    async def _read(self, at: float) -> dict[str, Reading]:
        async with self._api.session() as session:
            await _answer(session, "1")  # one that does not answer is asked once, and not for every signal
            readings = await asyncio.gather(*(self._one(session, name, at) for name in self._asked))
        return dict(zip(self._asked, readings, strict=True))

    async def _one(self, session: JsonSession, name: str, at: float) -> Reading:
        asked, watched = self._asked[name], self._watched[name]
        queries = list(filter(None, (asked.value, asked.events, asked.uncertain, asked.quiet)))
        try:
            answers = dict(zip(queries, await asyncio.gather(*(_answer(session, one) for one in queries)), strict=True))
        except Unobserved as error:
            return Reading(at=at, value=None, missing=str(error))
        return _reading(at, watched, asked, answers)


def _reading(at: float, watched: Watched, asked: Expressions, answers: Mapping[str, _Answer]) -> Reading:
    """What these answers say. Silence says nothing."""
    value, events = answers[asked.value], answers.get(asked.events)
    if events is not None and events.value is None:
        return Reading(at=at, value=None, missing=events.missing)
    if events is not None and events.value == 0:
        quiet = answers.get(asked.quiet)
        if quiet is not None and quiet.value is not None:
            return Reading(at=at, value=None, missing=f"no event for {format_duration(watched.no_traffic)}")
        return Reading(at=at, value=0.0, events=0.0)
    if value.value is None:
        return Reading(at=at, value=None, missing=value.missing)
    reading = Reading(at=at, value=value.value, events=events.value if events else None)
    uncertain = answers.get(asked.uncertain)
    if uncertain is not None and uncertain.value is not None and not _alarms(watched, reading):
        return Reading(at=at, value=None, missing=_UNCERTAIN)
    return reading


def _alarms(watched: Watched, reading: Reading) -> bool:
    """Whether it is beyond a limit already, whatever was lost."""
    known = reading.value is not None and (reading.events is None or reading.events >= watched.at_least)
    return isinstance(watched, Threshold) and watched.above is not None and known and watched.beyond(reading.value or 0)


async def _answer(session: JsonSession, query: str) -> _Answer:
    path = f"api/v1/query?query={quote(query, safe='')}"
    reply = await session.ask("GET", path)
    document = mapping(reply.document)
    if document.get("status") == "error":
        return _Answer(None, f"Prometheus does not answer {query}: {text(document.get('error'))}")
    return _number(query, mapping(mapping(session.read(reply, path, "")).get("data")))


def _number(query: str, data: Mapping[str, Any]) -> _Answer:
    kind, result = data.get("resultType"), data.get("result")
    if not isinstance(result, list) or kind not in {"vector", "scalar"}:
        return _Answer(None, f"Prometheus answers {query} with no number, but with {kind or 'nothing'}")
    if kind == "vector" and len(result) != 1:
        several = f"{len(result)} series; add them up, as in sum(…)" if result else "no series"
        return _Answer(None, f"Prometheus has {several} for {query}")
    sample = result if kind == "scalar" else mapping(result[0]).get("value")
    try:
        value = float(sample[1])  # type: ignore[index]  # [time, "text"], or this fails
    except (TypeError, ValueError, IndexError):
        return _Answer(None, f"Prometheus answers {query} with {str(sample)[:60]}, which is no number")
    return _Answer(value) if math.isfinite(value) else _Answer(None, f"{query} is {value}")
