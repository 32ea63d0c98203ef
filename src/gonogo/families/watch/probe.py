"""Reads the journal that `gonogo watch` keeps; nobody else is asked, and nothing in it is changed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.watch import WatchEvidence, WatchGreenEvidence, WatchJournalEvidence
from gonogo.families.kind import Probe
from gonogo.families.watch.hearing import alarm_questions, probe_alarm
from gonogo.families.watch.journal_reader import JournalReader
from gonogo.families.watch.record import green_evidence, journal_evidence, watched_evidence
from gonogo.families.watch.section import Launch, Watch

_GREEN = "green"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalQuestion:
    """The journal, and of what in it; without a name, of the whole."""

    watch: Watch
    launch: Launch | None
    name: str = ""

    @property
    def scope(self) -> Scope:
        """The journal, or the threshold or key metric in it."""
        return ("watch", self.name) if self.name else ("watch",)

    @property
    def host(self) -> str:
        """This machine."""
        return "watch"


def journal_questions(environment: Environment, secrets: Secrets) -> Sequence[JournalQuestion]:
    """One about the whole."""
    del secrets
    watch = environment.section(Watch)
    return [JournalQuestion(watch=watch, launch=environment.section(Launch))] if watch else []


def watched_questions(environment: Environment, secrets: Secrets) -> Sequence[JournalQuestion]:
    """One for each threshold and key metric."""
    del secrets
    watch, launch = environment.section(Watch), environment.section(Launch)
    return [JournalQuestion(watch=watch, launch=launch, name=name) for name in watch.watched] if watch else []


def green_questions(environment: Environment, secrets: Secrets) -> Sequence[JournalQuestion]:
    """One about the time before the launch, where the launch demands it."""
    del secrets
    watch, launch = environment.section(Watch), environment.section(Launch)
    demanded = watch is not None and launch is not None and launch.green is not None
    return [JournalQuestion(watch=watch, launch=launch, name=_GREEN)] if watch and demanded else []


async def probe_journal(question: JournalQuestion) -> WatchJournalEvidence:
    """Read the whole. Raises Unobserved where there is none, or none that can be read."""
    return await asyncio.to_thread(_journal, question)


async def probe_watched(question: JournalQuestion) -> WatchEvidence:
    """Read what it says of one. Raises Unobserved as above."""
    return await asyncio.to_thread(_watched, question)


async def probe_green(question: JournalQuestion) -> WatchGreenEvidence:
    """Read what it says of the last while. Raises Unobserved as above."""
    return await asyncio.to_thread(_green, question)


def _journal(question: JournalQuestion) -> WatchJournalEvidence:
    now = datetime.now(UTC)
    with _opened(question.watch) as reader:
        return journal_evidence(reader, question.launch, question.scope, now)


def _watched(question: JournalQuestion) -> WatchEvidence:
    now = datetime.now(UTC)
    with _opened(question.watch) as reader:
        return watched_evidence(reader, question.name, question.watch, question.launch, scope=question.scope, now=now)


def _green(question: JournalQuestion) -> WatchGreenEvidence:
    now, wanted = datetime.now(UTC), (question.launch or Launch()).green
    with _opened(question.watch) as reader:
        return green_evidence(reader, question.watch, wanted or timedelta(0), question.scope, now)


def _opened(watch: Watch) -> JournalReader:
    environment, journal = watch.environment or "", watch.journal or ""
    try:
        return JournalReader.read(Path(journal), environment=environment)
    except UsageError as error:
        raise Unobserved(str(error), hint=f"gonogo watch --env {environment} writes it") from None


PROBES: Mapping[str, Probe] = {
    "watch_journal": Probe(questions=journal_questions, ask=probe_journal),
    "watched": Probe(questions=watched_questions, ask=probe_watched),
    "watch_green": Probe(questions=green_questions, ask=probe_green),
    "alarm": Probe(questions=alarm_questions, ask=probe_alarm),
}
