"""``gonogo ack``, ``gonogo poll``, ``gonogo duty``: what people say while somebody watches, noted in the journal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli import options
from gonogo.cli.completion import role_names

if TYPE_CHECKING:
    from gonogo.families.watch.journal import JournalNotes


@click.command()
@click.argument("alerts", metavar="ALERT...", nargs=-1, required=True)
@options.ONE_ENVIRONMENT
@click.option("--by", required=True, metavar="NAME", help="Who takes care of it: an entry of environments/people.toml.")
@click.option("--note", default="", help="What is being done, in one sentence.")
def ack(alerts: tuple[str, ...], environment: str, by: str, note: str) -> int:
    """Acknowledge the alert ALERT, and stop its reminders."""
    from gonogo.watching.acknowledging import acknowledge  # noqa: PLC0415 - help answers at once

    with _journal(environment) as journal:
        for one in acknowledge(journal, Path(), alerts=alerts, by=by, note=note, utc=datetime.now(UTC)):
            before = f", after {one.before.by}" if one.before else ""
            click.echo(f"{one.acknowledgement.alert} is acknowledged by {one.acknowledgement.by}{before}")
    return 0


@click.command()
@options.ONE_ENVIRONMENT
@click.option("--role", required=True, shell_complete=role_names, help="Your role, as in environments/gates.toml.")
@click.option("--decision", required=True, type=options.Choice(["go", "hold"]), help="Your decision.")
@click.option("--by", required=True, metavar="NAME", help="Who answers: an entry of environments/people.toml.")
@click.option("--note", default="", help="A sentence for everybody, for example why to hold.")
@click.option("--key", "key_file", type=click.Path(path_type=Path), help="Sign the answer with your key.")
@click.option(
    "--ssh-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Sign it with this SSH key instead."
)
def poll(  # noqa: PLR0913 - as many as there are options
    *, environment: str, role: str, decision: str, by: str, note: str, key_file: Path | None, ssh_key: Path | None
) -> int:
    """Answer the poll of the roles: go, or hold. With a hold, the page does not say that all is well."""
    from gonogo.cli.signing import passphrase  # noqa: PLC0415
    from gonogo.evidence.watch import Poll  # noqa: PLC0415
    from gonogo.watching.polling import PollKey, answer_poll  # noqa: PLC0415 - help answers at once

    key = PollKey(path=ssh_key, ssh=True) if ssh_key else None
    if key_file is not None and key is None:
        key = PollKey(path=key_file, passphrase=passphrase(confirm=False))
    answer = Poll(role=role, decision=decision, by=by, utc=datetime.now(UTC), note=note)
    with _journal(environment) as journal:
        seal = answer_poll(journal, Path(), answer, key)
    click.echo(f"{decision.upper()} by {by}, {role}{f'; signed: {seal}' if seal else ', not signed'}")
    return 0


@click.command()
@click.argument("words", metavar="DUTY")
@options.ONE_ENVIRONMENT
@click.option("--by", required=True, metavar="NAME", help="Who did it: an entry of environments/people.toml.")
def duty(*, words: str, environment: str, by: str) -> int:
    """Mark a duty of the run sheet as done. DUTY is its title, or a part of it."""
    from gonogo.families.registry import read_environment  # noqa: PLC0415 - help answers at once
    from gonogo.families.watch.section import Launch  # noqa: PLC0415
    from gonogo.watching.duties import mark_duty  # noqa: PLC0415

    launch = read_environment(environment, project=Path()).environment.section(Launch) or Launch()
    with _journal(environment) as journal:
        key = mark_duty(journal, Path(), launch, words, by, datetime.now(UTC))
    click.echo(f"{key}: done by {by}")
    return 0


def _journal(environment: str) -> JournalNotes:
    """The journal of the environment's watch, to add to it. Raises UsageError where there is none."""
    from gonogo.families.registry import read_environment  # noqa: PLC0415 - help answers at once
    from gonogo.families.watch.journal import JournalNotes  # noqa: PLC0415
    from gonogo.families.watch.section import Watch  # noqa: PLC0415
    from gonogo.watching.opening import journal_path  # noqa: PLC0415

    watch = read_environment(environment, project=Path()).environment.section(Watch) or Watch()
    return JournalNotes.note(journal_path(watch, environment), environment=environment)
