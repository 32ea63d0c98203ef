"""``gonogo clean``: what killed runs left."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event

import click

from gonogo.base.interruption import EXIT_INTERRUPTED, INTERRUPTION, Ending
from gonogo.cli import options

_CLEAN, _STAYED, _UNKNOWN = 0, 1, 3
_STOPS_WITHIN_SECONDS = 60


@click.command()
@options.ONE_ENVIRONMENT
@click.option("--run", "run_id", metavar="RUN", help="Only the test data of this run, by its id.")
def clean(environment: str, run_id: str | None) -> int:
    """Remove the test data that killed runs left behind, and list it.

    Without --run it removes the test data of all runs, also of a run that is still in progress. Exits 1 if something is
    left, 3 if that is not known.
    """
    from gonogo.base.errors import Unobserved, UsageError  # noqa: PLC0415
    from gonogo.runs.cleanup import clean as remove  # noqa: PLC0415 - help answers at once

    if run_id is not None and not run_id.strip():
        raise UsageError("--run: is empty; name a run by its id, or leave --run out for all runs")
    stop = Event()
    INTERRUPTION.install()
    INTERRUPTION.defer(Ending(wake=stop.set, left=lambda: "", within_seconds=_STOPS_WITHIN_SECONDS))
    try:
        cleanup = remove(environment, Path(), os.environ, run_id=run_id, stop=stop)
    except (AssertionError, Unobserved) as error:
        click.echo(f"gonogo: {environment} could not be cleaned: {error}", err=True)
        return EXIT_INTERRUPTED if stop.is_set() else _UNKNOWN
    click.echo(f"found     {cleanup.found_words}")
    click.echo(f"remaining {cleanup.remaining_words}")
    for gap in cleanup.unasked:
        click.echo(f"gonogo: could not look for test data: {gap.reason}{f'; {gap.hint}' if gap.hint else ''}", err=True)
    if stop.is_set():
        return EXIT_INTERRUPTED
    if cleanup.remaining:
        return _STAYED
    return _UNKNOWN if cleanup.unasked else _CLEAN
