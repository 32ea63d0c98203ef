"""``[alarms.NAME]`` of an environment file: an alert of the list that gonogo's own watch is."""

from datetime import timedelta

from pydantic import Field

from gonogo.environment.entry_check import EntryCheck, EntryName
from gonogo.environment.types import Duration


class AlarmEntry(EntryCheck):
    """A threshold that a running watch judges, and whose channels took a test message lately."""

    threshold: EntryName = Field(description="The name of one of watch.thresholds.")
    tested: Duration = Field(
        default=timedelta(days=1), description="So old the newest test message to each of its channels may be."
    )

    @property
    def words(self) -> str:
        """What is watched, and that it would be heard."""
        return f"The watch that runs judges {self.threshold}, and whoever is told at once took a test message"
