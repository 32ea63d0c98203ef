"""``gonogo rules``: what is watched, for other people's monitoring."""

from __future__ import annotations

from pathlib import Path

import click

from gonogo.cli.completion import environment_names

_FORMATS = ("prometheus", "alertmanager", "grafana")


@click.command()
@click.option("--env", "name", metavar="NAME", required=True, shell_complete=environment_names, help="Environment.")
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), default="prometheus", show_default=True, help="Whose format."
)
def rules(name: str, format_: str) -> int:
    """Write what [watch] watches as rules for Prometheus, as routes for Alertmanager, or as a dashboard for Grafana."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.families.registry import read_environment  # noqa: PLC0415
    from gonogo.families.watch.section import Launch, Watch  # noqa: PLC0415
    from gonogo.watching.rules_alertmanager import alertmanager_config  # noqa: PLC0415
    from gonogo.watching.rules_export import prometheus_rules  # noqa: PLC0415
    from gonogo.watching.rules_grafana import grafana_dashboard  # noqa: PLC0415

    file = read_environment(name, project=Path())
    watch, launch = getattr(file.environment, "watch", None), getattr(file.environment, "launch", None)
    if not isinstance(watch, Watch) or not watch.watched:
        raise UsageError(f"{file.path}: watch.thresholds: is missing; docs/watch.md shows how thresholds are written")
    if format_ == "grafana":
        click.echo(grafana_dashboard(name, watch), nl=False)
    elif format_ == "alertmanager":
        click.echo(alertmanager_config(name, watch), nl=False)
    else:
        click.echo(prometheus_rules(name, watch, launch if isinstance(launch, Launch) else None), nl=False)
    return 0
