"""Where a run's evidence comes from: targets that are asked now, or a recording."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from gonogo.collecting.collector import Collector, Job
from gonogo.environment.model import Limits
from gonogo.evidence.base import Key, Scope
from gonogo.evidence.record import Failure, Record
from gonogo.journey.runner import Journeys, Step
from gonogo.load.stage import LoadStage
from gonogo.planning.plan import LOAD, WALK
from gonogo.verdict.decision import Seen


class Source(Protocol):
    """Hands out records by kind and scope."""

    def start(self, keys: Collection[Key]) -> None:
        """Begin to gather these."""

    def wait(self, key: Key) -> Record:
        """One record, once it is there."""
        ...

    def records(self) -> Sequence[Record]:
        """All that was gathered."""
        ...

    def walk(self, journeys: Mapping[str, Sequence[Step]], seen: Seen) -> None:
        """Begin to walk these."""

    @property
    def interrupted(self) -> bool:
        """Whether somebody wanted it to end while it was waited for."""
        ...

    def artefacts(self) -> Mapping[str, bytes]:
        """Files that belong to what was gathered, by name."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What a reader of the report must know of the gathering."""
        ...

    def close(self) -> None:
        """Give up what is still pending. Safe to call twice."""


class LiveSource:
    """Asks the targets, and walks the journeys."""

    def __init__(self, jobs: Mapping[Key, Job], limits: Limits, journeys: Journeys, load: LoadStage | None) -> None:
        self._jobs = jobs
        self.journeys = journeys
        self.load = load
        journeys.on_record = self._heard
        self._collector = Collector(limits, self._heard)
        self._started = False
        self.on_record: Callable[[Record], None] = lambda _record: None

    def planned_keys(self, steps: Iterable[Scope]) -> Sequence[Key]:
        """Every question there is, the steps of journeys and the load with them, whether they are asked or not."""
        return [*self._jobs, *((WALK, scope) for scope in steps), *([(LOAD, (LOAD,))] if self.load else [])]

    def start(self, keys: Collection[Key]) -> None:
        """Begin to ask, all at once. Steps of journeys are not asked, but walked, later."""
        self._collector.__enter__()
        self._started = True
        self._collector.start([self._jobs[key] for key in keys if key in self._jobs])

    def walk(self, journeys: Mapping[str, Sequence[Step]], seen: Seen) -> None:
        """Set out on these, knowing what the checks have seen."""
        self.journeys.begin(self._collector.portal, journeys, seen)

    def wait(self, key: Key) -> Record:
        """Block until the target answered, or cannot any more."""
        if key[0] == LOAD and self.load is not None:
            return self.load.record(self._collector.portal)
        return self.journeys.wait(key[1]) if key[0] == WALK else self._collector.wait(key)

    @property
    def interrupted(self) -> bool:
        """Only the load gives what it has when somebody wants it to end."""
        return self.load is not None and self.load.interrupted

    def artefacts(self) -> Mapping[str, bytes]:
        """Of the load."""
        return self.load.artefacts if self.load else {}

    def records(self) -> Sequence[Record]:
        """What is known by now, and what was not asked, so that a replay plans the same."""
        known = self._collector.records()
        load = [self.load.known(_unasked)] if self.load else []
        return [*(known.get(key) or _unasked(key) for key in self._jobs), *self.journeys.records(), *load]

    def notes(self) -> tuple[str, ...]:
        """Of journeys and load: what they could not do, and what they left behind."""
        return (*self.journeys.notes, *(self.load.notes if self.load else ()))

    def close(self) -> None:
        """End the journeys, with nothing left behind; then cancel what is pending, and end the thread."""
        if self._started:
            self._started = False
            self.journeys.close()
            self._collector.__exit__(None, None, None)

    def _heard(self, record: Record) -> None:
        self.on_record(record)


class RecordedSource:
    """Gives back what an earlier run recorded."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = {(record.kind, record.scope): record for record in records}

    def start(self, keys: Collection[Key]) -> None:
        """Nothing is asked."""

    def walk(self, journeys: Mapping[str, Sequence[Step]], seen: Seen) -> None:
        """They were walked already; their outcomes are carried as recorded."""

    def wait(self, key: Key) -> Record:
        """The record as it was."""
        return self._records.get(key) or _unasked(key)

    def records(self) -> Sequence[Record]:
        """All of the recording."""
        return list(self._records.values())

    @property
    def interrupted(self) -> bool:
        """Nothing takes time."""
        return False

    def artefacts(self) -> Mapping[str, bytes]:
        """They lie in the run's folder already."""
        return {}

    def notes(self) -> tuple[str, ...]:
        """They stand in the recording already."""
        return ()

    def close(self) -> None:
        """Nothing is pending."""


def _unasked(key: Key) -> Record:
    failure = Failure(reason="not asked: no check of this run was about it", never_reached=True)
    return Record(kind=key[0], scope=key[1], seconds=0.0, failure=failure)
