"""``gonogo reference``: the bundled service, kept running, with or without faults."""

from __future__ import annotations

import os
import signal

import click

from gonogo.cli import options


@click.group()
def reference() -> None:
    """The bundled reference environment: WorkMe with real databases."""


@reference.command()
@options.faults("Switch on a named fault. May be repeated.")
def up(faults: tuple[str, ...]) -> int:
    """Keep the reference environment running until Ctrl-C, and print how to reach it."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.runs.announcement import find_announced  # noqa: PLC0415
    from gonogo.runs.reference_instance import ReferenceProcess, explain  # noqa: PLC0415

    other = find_announced()
    if other is not None:
        fix = (
            "stop it first, or use it"
            if other.same_content
            else "its code is not the code that is here now: stop it first"
        )
        raise UsageError(f"a reference environment of this checkout is running already (pid {other.pid}); {fix}")
    # A script starts "up &" with SIGINT ignored; its Ctrl-C is to end what it started as well.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with ReferenceProcess(faults, announce=True) as process:
        ready = process.ready
        _say_how_to_reach(ready["environment"])
        click.echo(f"faults    {', '.join(faults) or 'none'}")
        click.echo(f"ready in {ready['seconds']} s; verify it with: gonogo run --env reference")
        click.echo(f"stop it with Ctrl-C, or from another terminal with: kill {os.getpid()}")
        try:
            event = process.wait()
        except KeyboardInterrupt:
            click.echo("stopping", err=True)
            return 0
    if event is not None and event["event"] == "crashed":
        click.echo(f"gonogo: {explain(event)}", err=True)
    return 1


@reference.command("faults")
def list_faults() -> int:
    """List the named faults."""
    from gonogo.runs.reference_instance import known_faults  # noqa: PLC0415 - help answers at once

    for fault in known_faults():
        click.echo(f"{fault['area']:<8} {fault['name']:<40} {fault['breaks']}")
    return 0


def _say_how_to_reach(environment: dict[str, dict[str, object]]) -> None:
    url, dns, trust = environment["service"]["base_url"], environment["dns"]["port"], environment["tls"]["trust"]
    port = str(url).rpartition(":")[2]
    click.echo(f"api       {url}/api/health")
    click.echo(f"          curl --cacert {trust} --resolve api.workme.test:{port}:127.0.0.1 {url}/api/health/deep")
    click.echo(f"dns       dig @127.0.0.1 -p {dns} api.workme.test")
    click.echo(f"secrets   {environment['secrets']['dotenv']}")
