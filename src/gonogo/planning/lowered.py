"""Values of a load run that ask less than the environment file declares: another question than that of the gate."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from gonogo.base.durations import format_duration
from gonogo.environment.model import Environment
from gonogo.families.load.section import Load
from gonogo.policy.profiles import Profile

TOLD = {"load": frozenset({"visits_per_second", "model", "duration"})}
"""Section to its keys that the command line may replace; the rest of the file holds for every run."""


def lowered(declared: Environment, effective: Environment, profile: Profile) -> tuple[str, ...]:
    """Say in words which values ask less; empty: the run asks what is declared, or more."""
    file, run = declared.section(Load), effective.section(Load)
    return tuple(_lowered(file, run, profile)) if file and run else ()


def told_otherwise(overlay: Mapping[str, Any]) -> list[str]:
    """Keys that a run says that the command line gave, and that it has no option for."""
    return [
        f"{section}.{key}"
        for section, values in overlay.items()
        for key in (values if isinstance(values, Mapping) else {"": values})
        if key not in TOLD.get(section, ())
    ]


def _lowered(file: Load, run: Load, profile: Profile) -> Iterator[str]:
    """Each part of the load that is less than the file declares: such a run answers an easier question."""
    if run.visits_per_second < file.visits_per_second:
        yield f"rate {run.visits_per_second:g} visits/s instead of {file.visits_per_second:g}"
    lasts: timedelta = getattr(run.duration, profile)
    declared: timedelta = max(file.duration.gate, getattr(file.duration, profile))
    if lasts < declared:
        yield f"duration {format_duration(lasts)} instead of {format_duration(declared)}"
    if run.model != file.model:
        yield f"model {run.model} instead of {file.model}"
