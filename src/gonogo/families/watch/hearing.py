"""Reads whether an alarm would be heard: the journal of the watch that runs, and the record of tests beside it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.base.wording import nearest_or_all
from gonogo.environment.model import Environment
from gonogo.evidence.alarm import AlarmEvidence, ChannelTest, SameAddress
from gonogo.evidence.base import Scope
from gonogo.evidence.watch import CHANNELS, FACT, FACT_IS
from gonogo.families.watch.alarm_entry import AlarmEntry
from gonogo.families.watch.channel_tests import Tested, newest_tests
from gonogo.families.watch.journal_reader import JournalReader
from gonogo.families.watch.section import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmQuestion:
    """One alarm, with the addresses of the channels that it is told to."""

    name: str
    entry: AlarmEntry
    watch: Watch
    addresses: Mapping[str, str] = field(repr=False)
    """By channel; of one whose secret has no value here, none."""

    @property
    def scope(self) -> Scope:
        """The entry."""
        return "alarms", self.name

    @property
    def host(self) -> str:
        """This machine."""
        return "watch"

    @property
    def told(self) -> tuple[str, ...]:
        """The channels that are told at once."""
        channels = self.watch.tell.of(self.watch.thresholds[self.entry.threshold].severity)
        return channels or tuple(self.watch.channels)[:1]


def alarm_questions(environment: Environment, secrets: Secrets) -> Sequence[AlarmQuestion]:
    """Every declared alarm. Raises UsageError for a threshold that is not declared."""
    watch, found = environment.section(Watch) or Watch(), list[AlarmQuestion]()
    for name, entry in environment.table(AlarmEntry).items():
        if entry.threshold not in watch.thresholds:
            near = nearest_or_all(entry.threshold, tuple(watch.thresholds))
            raise UsageError(f"alarms.{name}.threshold: no threshold {entry.threshold!r} in watch.thresholds{near}")
        addresses = {channel: secrets[secret] for channel, secret in watch.channels.items() if secret in secrets}
        found.append(AlarmQuestion(name=name, entry=entry, watch=watch, addresses=addresses))
    return found


async def probe_alarm(question: AlarmQuestion) -> AlarmEvidence:
    """Read both. Raises Unobserved where there is no journal, or one of them cannot be read."""
    return await asyncio.to_thread(_alarm, question)


def _alarm(question: AlarmQuestion) -> AlarmEvidence:
    watch, threshold, taken_at = question.watch, question.entry.threshold, datetime.now(UTC)
    journal, environment = Path(watch.journal or ""), watch.environment or ""
    try:
        tests = newest_tests(journal)
        with JournalReader.read(journal, environment=environment) as reader:
            last, stretches = reader.last_round(), reader.stretches()
            alert, readings = reader.alerts().get(threshold), reader.readings(threshold, last.at if last else 0.0)
            known = set(_channels(reader))
    except UsageError as error:
        raise Unobserved(str(error), hint=f"gonogo watch --env {environment} writes it") from None
    if last is None or not stretches:
        raise Unobserved(f"{journal}: the watch has not looked at anything yet", hint="let it look, and ask again")
    return AlarmEvidence(
        scope=question.scope,
        taken_at=taken_at,
        file=str(journal),
        threshold=threshold,
        tested_within=question.entry.tested,
        every=stretches[-1].every,
        looked_until=last.utc,
        as_declared=stretches[-1].rules.get(threshold) == watch.rule_texts[threshold],
        state=alert.state if alert else None,
        reason=readings[-1].missing if readings else "",
        channels=tuple(_tested(name, name in known, tests.get(name), question.addresses) for name in question.told),
    )


def _channels(reader: JournalReader) -> Iterator[str]:
    """Those that the watch was begun with, the last time."""
    begins = f"{CHANNELS}{FACT_IS}"
    facts = [one.text for one in reader.events() if one.kind == FACT and one.text.startswith(begins)]
    yield from facts[-1].removeprefix(begins).split(", ") if facts else ()


def _tested(name: str, known: bool, test: Tested | None, addresses: Mapping[str, str]) -> ChannelTest:  # noqa: FBT001 - a fact
    if test is None:
        return ChannelTest(name=name, known=known)
    address = SameAddress.UNKNOWN
    if name in addresses:
        address = SameAddress.SAME if test.is_of(addresses[name]) else SameAddress.OTHER
    return ChannelTest(
        name=name, known=known, utc=test.utc, delivered=test.delivered, answer=test.answer, address=address
    )
