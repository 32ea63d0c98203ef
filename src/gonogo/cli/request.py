"""``gonogo request``: sends one declared request now, and shows what came."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli import options
from gonogo.cli.completion import request_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gonogo.evidence.requests import RequestEvidence
    from gonogo.record.results import CheckResult

_SHOWN_HEADERS = ("content-type", "location", "retry-after", "www-authenticate")


@click.command()
@click.argument("name", shell_complete=request_names)
@options.ONE_ENVIRONMENT
def request(name: str, environment: str) -> int:
    """Send the request NAME of [requests] to every address of its host, and show the answers.

    Exit code 0 if every answer is as declared, 1 if not, 3 if that could not be checked.
    """
    from gonogo.evidence.requests import RequestEvidence  # noqa: PLC0415 - help answers at once
    from gonogo.runs.single import asked_alone  # noqa: PLC0415

    check = f"request-{name.removeprefix('request-')}"
    options.refuse_unknown(
        "NAME: no check", [check], _known(environment), "; [requests] of the environment file does not declare it"
    )
    result, evidence = asked_alone(check, environment=environment, project=Path(), environ=os.environ)
    for answer in evidence:
        if isinstance(answer, RequestEvidence):
            click.echo("\n".join(_lines(answer)))
    return _verdict(result)


def _known(environment: str) -> list[str]:
    """The checks of all declared requests of the project that the environment belongs to."""
    from gonogo.cli.index import check_index  # noqa: PLC0415
    from gonogo.environment.load import find_environment  # noqa: PLC0415 - help answers at once

    project = find_environment(environment, Path()).parent.parent
    return [name for name in check_index(project).checks if name.startswith("request-")]


def _lines(answer: RequestEvidence) -> Iterator[str]:
    exchange = answer.exchange
    milliseconds = answer.median_elapsed.total_seconds() * 1000
    yield f"{exchange.summary}, asked at {answer.scope[1]}: {milliseconds:.0f} ms, {exchange.body_bytes} bytes"
    yield from (f"  {name}: {exchange.headers[name]}" for name in _SHOWN_HEADERS if name in exchange.headers)
    if exchange.excerpt:
        yield f"  {' '.join(exchange.excerpt.split())}"
    yield from (f"  {expression}   found {value}" for expression, value in answer.observed.items())


def _verdict(result: CheckResult) -> int:
    from gonogo.record.results import Outcome  # noqa: PLC0415 - help answers at once

    if result.outcome is Outcome.PASS:
        click.echo("✔ as declared")
        return 0
    for message in dict.fromkeys(observation.message for observation in result.observations if observation.message):
        click.echo(f"✖ {message}")
    return 1 if result.outcome in {Outcome.FAIL, Outcome.WARN} else 3
