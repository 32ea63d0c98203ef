"""What the checks of a watch are given: simulated days on which something was wrong, as the probes read them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gonogo.environment.model import Environment
from gonogo.evidence.watch import Acknowledgement, Reading, Receipt, WatchEvidence, WatchJournalEvidence
from gonogo.families.registry import environment_from
from gonogo.families.watch.probe import JournalQuestion, probe_journal, probe_watched
from gonogo.families.watch.section import Launch
from tests.support.watch_day import ENVIRONMENT, HOUR, Day, Readings, announcement, watch_of, well

MINUTE, WHOLE = timedelta(minutes=1), 3600.0


def ill(**values: float | None) -> Readings:
    """Everything is as it should be but for these; None: it cannot be read."""

    def readings(at: float) -> Mapping[str, Reading]:
        changed = {
            name: replace(well(at)[name], value=value, missing="" if value is not None else "the scrape failed")
            for name, value in values.items()
        }
        return {**well(at), **changed}

    return readings


def answered(day: Day, *, after: timedelta, delivered: bool = True) -> None:
    """Somebody was told, and took it in hand."""
    began = day.transitions[-1]
    day.journal.receipt(
        Receipt(
            alert=began.alert,
            event="began",
            channel="oncall",
            number=1,
            utc=began.utc,
            attempts=1,
            delivered=delivered,
            answer="250 OK" if delivered else "connection refused",
        )
    )
    day.journal.acknowledge(Acknowledgement(alert=began.alert, by="Ana", utc=began.utc + after))


def alarm(
    day: Day, *, after: timedelta = MINUTE, delivered: bool = True, minutes: int = 10, **values: float | None
) -> Day:
    """Ten minutes in which something is wrong, after ten in which nothing was."""
    day.look(600)
    day.look(600 + 60 * minutes, ill(**(values or {"errors": 0.2})), lambda transition: [announcement(transition)])
    if day.transitions:
        answered(day, after=after, delivered=delivered)
    return day


def environment(**more: Any) -> Environment:  # noqa: ANN401 - keys of the section
    """What the checks are given: the file of the day."""
    watch = watch_of(**more).model_dump(mode="json", by_alias=True, exclude_none=True)
    return environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "watch": watch})


def asked(path: Path, name: str = "", launch: Launch = HOUR, **more: Any) -> JournalQuestion:  # noqa: ANN401 - as above
    """The question, as an environment file raises it."""
    watch = watch_of(journal=str(path), environment=ENVIRONMENT, **more)
    return JournalQuestion(watch=watch, launch=launch, name=name)


def watched(path: Path, name: str = "errors", launch: Launch = HOUR) -> WatchEvidence:
    """What the probe reads of one threshold."""
    return asyncio.run(probe_watched(asked(path, name, launch)))


def whole(path: Path, launch: Launch = HOUR) -> WatchJournalEvidence:
    """What it reads of the journal."""
    return asyncio.run(probe_journal(asked(path, launch=launch)))
