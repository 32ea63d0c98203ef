"""The lines by which a supervised process tells its supervisor its progress, its record, and its end."""

import os
from pathlib import Path

VARIABLE = "GONOGO_SUPERVISED"
"""Holds the file descriptor to write to; absent where nobody supervises."""


def tell(line: str) -> None:
    """One line for the supervisor, if there is one."""
    descriptor = os.environ.get(VARIABLE)
    if descriptor is None:
        return
    try:
        os.write(int(descriptor), f"{line}\n".encode())
    except (OSError, ValueError):  # it is gone, and whoever ended it will end us
        return


def tell_record(folder: Path) -> None:
    """Say where the record of this run is, once it is whole."""
    tell(f"record {folder}")
