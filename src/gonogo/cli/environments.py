"""``gonogo env`` and ``gonogo schema``: what an environment file says, and what it may say."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import click

from gonogo.cli import options
from gonogo.cli.completion import environment_names


@click.command()
@click.argument("name", required=False, shell_complete=environment_names)
@click.option(
    "--from-openapi", is_flag=True, help="Fetch the service's OpenAPI document, and show what [api] takes from it."
)
def env(name: str | None, *, from_openapi: bool) -> int:
    """Show an environment as gonogo understands it, without secrets; without NAME, list all."""
    from gonogo.environment.names import available  # noqa: PLC0415 - help answers at once
    from gonogo.environment.secret_values import find_secrets, secret_names  # noqa: PLC0415
    from gonogo.families.registry import read_environment  # noqa: PLC0415

    if name is None:
        click.echo("\n".join(available(Path())))
        return 0
    file = read_environment(name, project=Path())
    if from_openapi:
        from gonogo.runs.described_api import completed  # noqa: PLC0415 - it loads clients

        file = completed(file)
    click.echo(f"# {file.path}")
    for key, value in _flat(file.environment.model_dump(exclude_none=True, by_alias=True)):
        click.echo(f"{key} = {value}")
    if file.environment.service.bundled:
        click.echo("# bundled: release, authority, secrets and ports come from the instance that a run starts")
        return 0
    secrets, problems = find_secrets(file, os.environ)
    for key, secret in secret_names(file.environment):
        click.echo(f"# {key}: {secret} {'********' if secret in secrets else 'MISSING'}")
    for problem in problems:
        click.echo(f"gonogo: {problem}", err=True)
    return 2 if problems else 0


@click.command()
@click.argument("document", type=options.Choice(["environment", "results"]))
def schema(document: str) -> int:
    """Print the JSON Schema of environment files, for editors, or of results.json."""
    from gonogo.environment.schema import environment_schema  # noqa: PLC0415 - help answers at once
    from gonogo.families.registry import installed_families  # noqa: PLC0415
    from gonogo.record.results_schema import results_schema  # noqa: PLC0415

    click.echo(
        environment_schema(installed_families(Path()).environment) if document == "environment" else results_schema(),
        nl=False,
    )
    return 0


def _flat(section: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Keys as the error messages spell them, and values as people write them; defaults included."""
    from gonogo.base.durations import format_duration  # noqa: PLC0415 - help answers at once

    for key, value in section.items():
        match value:
            case Mapping():
                yield from _flat(value, f"{prefix}{key}.")
            case timedelta():
                yield f"{prefix}{key}", format_duration(value)
            case tuple() | list() if value and isinstance(value[0], Mapping):
                for index, item in enumerate(value):
                    yield from _flat(item, f"{prefix}{key}.{index}.")
            case tuple() | list():
                yield f"{prefix}{key}", ", ".join(map(str, value)) or "(none)"
            case frozenset():
                yield f"{prefix}{key}", ", ".join(sorted(map(str, value))) or "(none)"
            case bool():
                yield f"{prefix}{key}", "yes" if value else "no"
            case _:
                yield f"{prefix}{key}", str(value)
