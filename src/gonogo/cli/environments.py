"""``gonogo env``: what an environment file says, resolved, with secrets masked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click


@click.command()
@click.argument("name", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of environment files, for editors.")
def env(name: str | None, *, schema: bool) -> int:
    """Show an environment as resolved, secrets masked; without NAME, list all."""
    from gonogo.environment.load import available, find_secrets, read_environment, secret_names  # noqa: PLC0415 - help answers at once
    from gonogo.environment.schema import environment_schema  # noqa: PLC0415

    if schema:
        click.echo(environment_schema(), nl=False)
        return 0
    if name is None:
        click.echo("\n".join(available(Path.cwd())))
        return 0
    file = read_environment(name, project=Path.cwd())
    click.echo(f"# {file.path}")
    click.echo(json.dumps(file.environment.model_dump(mode="json", exclude_none=True), indent=2, ensure_ascii=False))
    if file.environment.service.bundled:
        click.echo("# bundled: release, authority, secrets and ports come from the instance that a run starts")
        return 0
    secrets, problems = find_secrets(file, os.environ)
    for key, secret in secret_names(file.environment):
        click.echo(f"# {key}: {secret} {'********' if secret in secrets else 'MISSING'}")
    for problem in problems:
        click.echo(f"gonogo: {problem}", err=True)
    return 2 if problems else 0
