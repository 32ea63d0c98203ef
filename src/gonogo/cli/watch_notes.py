"""``gonogo ack``: what people say while somebody watches, noted in the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli import options

if TYPE_CHECKING:
    from gonogo.families.watch.journal import JournalNotes


@click.command()
@click.argument("alerts", metavar="ALERT...", nargs=-1, required=True)
@options.ONE_ENVIRONMENT
@click.option("--by", required=True, metavar="NAME", help="Who has it in hand: an entry of environments/people.toml.")
@click.option("--note", default="", help="What is being done, in one sentence.")
def ack(alerts: tuple[str, ...], environment: str, by: str, note: str) -> int:
    """Say that the alert ALERT is in hand: nobody is reminded of it any more."""
    from gonogo.watching.acknowledging import acknowledge  # noqa: PLC0415 - help answers at once

    with _journal(environment) as journal:
        for one in acknowledge(journal, Path(), alerts=alerts, by=by, note=note, utc=datetime.now(UTC)):
            before = f", after {one.before.by}" if one.before else ""
            click.echo(f"{one.acknowledgement.alert} is in the hands of {one.acknowledgement.by}{before}")
    return 0


def _journal(environment: str) -> JournalNotes:
    """The journal of the environment's watch, to add to it. Raises UsageError where there is none."""
    from gonogo.families.registry import read_environment  # noqa: PLC0415 - help answers at once
    from gonogo.families.watch.journal import JournalNotes  # noqa: PLC0415
    from gonogo.families.watch.section import Watch  # noqa: PLC0415
    from gonogo.watching.opening import journal_path  # noqa: PLC0415

    watch = read_environment(environment, project=Path()).environment.section(Watch) or Watch()
    return JournalNotes.note(journal_path(watch, environment), environment=environment)
