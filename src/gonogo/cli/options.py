"""Options that several commands have, with the names that complete them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from gonogo.base.errors import UsageError
from gonogo.cli.completion import environment_names, fault_names

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., object]")


def environment(help_text: str, *, required: bool = False) -> Callable[[Command], Command]:
    """``--env NAME``; where it is required, a project's only environment needs no naming."""
    return click.option(
        "--env",
        "environment",
        metavar="NAME",
        shell_complete=environment_names,
        callback=_or_the_only_one if required else None,
        help=f"{help_text}  [default: the project's, if it has one only]" if required else help_text,
    )


def _or_the_only_one(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """The name that was given, or that of the only file. Raises UsageError where there are none or several."""
    del parameter
    if name is not None or context.resilient_parsing:
        return name
    from gonogo.environment.names import declared  # noqa: PLC0415 - help answers at once

    names = declared(Path())
    if len(names) == 1:
        return names[0]
    there_are = f"this project has {', '.join(names)}" if names else "there is none in environments/; see gonogo init"
    raise UsageError(
        f"--env is missing: say which environment, as in --env {names[0] if names else 'staging'}; {there_are}"
    )


def faults(help_text: str) -> Callable[[Command], Command]:
    """``--fault NAME``, as often as one likes."""
    return click.option("--fault", "faults", multiple=True, metavar="NAME", shell_complete=fault_names, help=help_text)


ONE_ENVIRONMENT = environment("The environment, as environments/NAME.toml.", required=True)
