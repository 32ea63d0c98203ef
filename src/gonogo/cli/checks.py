"""``gonogo checks``: what there is to verify."""

from __future__ import annotations

from pathlib import Path

import click

from gonogo.cli.completion import check_names


@click.command()
@click.argument("identifier", metavar="[ID]", required=False, shell_complete=check_names)
def checks(identifier: str | None) -> int:
    """List all checks; with ID, say why one matters and how to fix it."""
    from gonogo.planning.suite import project_suite, selection  # noqa: PLC0415 - help answers at once

    suite = project_suite(Path())
    if identifier is None:
        for name, line in suite.catalogue.items():
            origin = suite.origin(name)
            click.echo(f"{name:<26} {line.severity:<8} {line.effect:<9} {origin:<8} {line.title}")
        for template, function in suite.templates.items():
            click.echo(f"{template:<26} one for each entry that an environment file declares: {function.path.name}")
        return 0
    selection(suite, [identifier])
    line, declaration = suite.catalogue[identifier], suite.declarations[identifier]
    click.echo(f"{identifier}: {line.title}")
    click.echo(f"  severity {line.severity}, effect {line.effect}, from {suite.origin(identifier)}")
    for label, values in (("needs", line.needs), ("proves", line.proves), ("supports", line.supports)):
        if values:
            click.echo(f"  {label} {', '.join(values)}")
    click.echo(f"  why  {declaration.why}")
    click.echo(f"  fix  {declaration.fix}")
    return 0
