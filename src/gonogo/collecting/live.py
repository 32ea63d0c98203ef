"""Targets that are asked now, journeys that are walked now, load that is made now."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from gonogo.base.supervision import tell
from gonogo.collecting.collector import Collector, Job
from gonogo.collecting.source import unasked
from gonogo.environment.model import Limits
from gonogo.evidence.base import Key, Scope
from gonogo.evidence.record import Record
from gonogo.journey.runner import Journeys
from gonogo.journey.step import Step
from gonogo.load.run import LoadRun
from gonogo.planning.plan import LOAD, WALK
from gonogo.verdict.decision import Seen


class LiveSource:
    """Asks the targets, and walks the journeys."""

    def __init__(self, jobs: Mapping[Key, Job], limits: Limits, journeys: Journeys, load: LoadRun | None) -> None:
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

    def walk(self, journeys: Mapping[str, Sequence[Step]], observed: Seen) -> None:
        """Set out on these, knowing what the checks have seen."""
        tell(f"leaves {self.journeys.cure}")
        self.journeys.begin(self._collector.portal, journeys, observed)

    def wait(self, key: Key) -> Record:
        """Block until the target answered, or cannot any more."""
        if key[0] == LOAD and self.load is not None:
            tell(f"leaves {self.load.cure}")
            return self.load.record(self._collector.portal)
        return self.journeys.wait(key[1]) if key[0] == WALK else self._collector.wait(key)

    @property
    def interrupted(self) -> bool:
        """Only the load gives what it has when somebody wants it to end."""
        return self.load is not None and self.load.interrupted

    def interrupt(self) -> None:
        """Let everybody stop who asks, walks or makes load, and wake whoever waits for them; from another thread."""
        self._collector.interrupt()
        self.journeys.interrupt()
        if self.load is not None:
            self.load.interrupt()

    @property
    def uncleaned(self) -> bool:
        """Whether anything that this run made may be in the service now."""
        return self.journeys.uncleaned or (self.load is not None and self.load.uncleaned)

    def artefacts(self) -> Mapping[str, bytes]:
        """Files that the load made, by name."""
        return self.load.artefacts if self.load else {}

    def records(self) -> Sequence[Record]:
        """Everything that is known by now, and what was not asked, so that a replay plans the same."""
        records = self._collector.records()
        load = [self.load.known(unasked)] if self.load else []
        return [*(records.get(key) or unasked(key) for key in self._jobs), *self.journeys.records(), *load]

    def notes(self) -> tuple[str, ...]:
        """The notes of journeys and load: what they could not do, and what they left behind."""
        return (*self.journeys.notes, *(self.load.notes if self.load else ()))

    def close(self) -> None:
        """End the journeys, with nothing left behind; then cancel what is pending, and end the thread."""
        if self._started:
            self._started = False
            self.journeys.close()
            self._collector.__exit__(None, None, None)
            tell("leaves ")

    def _heard(self, record: Record) -> None:
        self.on_record(record)
