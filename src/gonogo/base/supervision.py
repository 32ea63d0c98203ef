"""The lines by which a supervised process tells its supervisor its progress, its record, and its end."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "GONOGO_SUPERVISED"
"""Holds a channel to the supervisor; absent where nobody supervises."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What a supervisor hands to the process that it starts, and to nobody else."""

    descriptor: int
    supervisor: int
    """Its process id: a variable that came from elsewhere supervises nobody."""
    word: str
    """Before each line, so that no other line counts."""

    def __str__(self) -> str:
        """As in the variable."""
        return f"{self.descriptor}:{self.supervisor}:{self.word}"

    @classmethod
    def given(cls) -> "Channel | None":
        """The one that the parent of this process handed over."""
        descriptor, _, rest = os.environ.get(VARIABLE, "").partition(":")
        supervisor, _, word = rest.partition(":")
        try:
            channel = cls(int(descriptor), int(supervisor), word)
        except ValueError:
            return None
        return channel if channel.supervisor == os.getppid() else None


_channels: list[Channel] = []
"""The one that was taken, if any."""


def take_channel() -> None:
    """Take the channel out of the environment: checks are somebody's code, and write nothing into it."""
    _channels[:] = filter(None, [Channel.given()])
    os.environ.pop(VARIABLE, None)


def tell(line: str) -> None:
    """One line for the supervisor, if there is one."""
    for channel in _channels:
        with suppress(OSError):  # it is gone, and whoever ended it will end us
            os.write(channel.descriptor, f"{channel.word} {line}\n".encode())


def tell_record(folder: Path) -> None:
    """Say where the record of this run is, once it is whole."""
    tell(f"record {folder}")
