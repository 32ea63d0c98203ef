"""``gonogo checks``: what there is to verify."""

from __future__ import annotations

from pathlib import Path

import click

from gonogo.base.errors import UsageError
from gonogo.base.wording import did_you_mean
from gonogo.cli.completion import check_names


@click.command()
@click.argument("identifier", metavar="[ID]", required=False, shell_complete=check_names)
def checks(identifier: str | None) -> int:
    """List all checks; with ID, say why one matters and how to fix it."""
    from gonogo.cli.index import check_index  # noqa: PLC0415 - help answers at once

    index = check_index(Path())
    if identifier is None:
        for name, check in index.checks.items():
            click.echo(f"{name:<26} {check.severity:<8} {check.effect:<9} {check.origin:<8} {check.title}")
        for template, file in index.templates.items():
            click.echo(f"{template:<26} one for each entry that an environment file declares: {file}")
        return 0
    if identifier in index.templates:
        raise UsageError(f"ID: {identifier} stands for one check per entry; name one of these")
    if identifier not in index.checks:
        near = did_you_mean(identifier, index.checks) or "; gonogo checks lists them"
        raise UsageError(f"ID: no check {identifier!r}{near}")
    check = index.checks[identifier]
    click.echo(f"{identifier}: {check.title}")
    click.echo(f"  severity {check.severity}, effect {check.effect}, from {check.origin}")
    for label, values in (("needs", check.needs), ("proves", check.proves), ("supports", check.supports)):
        if values:
            click.echo(f"  {label} {', '.join(values)}")
    click.echo(f"  why  {check.why}")
    click.echo(f"  fix  {check.fix}")
    return 0
