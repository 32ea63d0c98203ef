"""``gonogo rules``: what is watched, for other people's monitoring."""

from __future__ import annotations

from pathlib import Path

import click

from gonogo.cli import options

_FORMATS = ("prometheus", "alertmanager", "grafana")


@click.command()
@options.ONE_ENVIRONMENT
@click.option(
    "--format",
    "format_",
    type=options.Choice(_FORMATS),
    default="prometheus",
    show_default=True,
    help="Format of the output.",
)
def rules(environment: str, format_: str) -> int:
    """Print [watch] as rules for Prometheus, as routes for Alertmanager, or as a dashboard for Grafana."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.families.registry import read_environment  # noqa: PLC0415
    from gonogo.families.watch.section import Launch, Watch  # noqa: PLC0415
    from gonogo.watching.rules_alertmanager import alertmanager_config  # noqa: PLC0415
    from gonogo.watching.rules_export import prometheus_rules  # noqa: PLC0415
    from gonogo.watching.rules_grafana import grafana_dashboard  # noqa: PLC0415

    file = read_environment(environment, project=Path())
    watch, launch = file.environment.section(Watch), file.environment.section(Launch)
    if watch is None or not watch.watched:
        raise UsageError(f"{file.path}: watch.thresholds: is missing; docs/watch.md shows how thresholds are written")
    if format_ == "grafana":
        click.echo(grafana_dashboard(environment, watch), nl=False)
    elif format_ == "alertmanager":
        click.echo(alertmanager_config(environment, watch), nl=False)
    else:
        click.echo(prometheus_rules(environment, watch, launch), nl=False)
    return 0
