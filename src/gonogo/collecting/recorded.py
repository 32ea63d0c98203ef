"""Evidence that an earlier run recorded."""

from collections.abc import Collection, Mapping, Sequence

from gonogo.collecting.source import unasked
from gonogo.evidence.base import Key
from gonogo.evidence.record import Record
from gonogo.journey.step import Step
from gonogo.verdict.decision import Seen


class RecordedSource:
    """Gives back what an earlier run recorded."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = {(record.kind, record.scope): record for record in records}

    def start(self, keys: Collection[Key]) -> None:
        """Nothing is asked."""

    def walk(self, journeys: Mapping[str, Sequence[Step]], observed: Seen) -> None:
        """Do nothing: the journeys were walked already, and their outcomes are carried as recorded."""

    def wait(self, key: Key) -> Record:
        """The record as it was."""
        return self._records.get(key) or unasked(key)

    def records(self) -> Sequence[Record]:
        """All of the recording."""
        return list(self._records.values())

    @property
    def interrupted(self) -> bool:
        """Nothing takes time."""
        return False

    def artefacts(self) -> Mapping[str, bytes]:
        """Return no files: they lie in the run's folder already."""
        return {}

    def notes(self) -> tuple[str, ...]:
        """Return no notes: they stand in the recording already."""
        return ()

    def close(self) -> None:
        """Nothing is pending."""
