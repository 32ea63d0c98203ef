"""Options that several commands have, with the names that complete them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from gonogo.cli.completion import environment_names, fault_names

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., object]")


def environment(help_text: str, *, required: bool = False) -> Callable[[Command], Command]:
    """``--env NAME``."""
    return click.option(
        "--env", "environment", required=required, metavar="NAME", shell_complete=environment_names, help=help_text
    )


def faults(help_text: str) -> Callable[[Command], Command]:
    """``--fault NAME``, as often as one likes."""
    return click.option("--fault", "faults", multiple=True, metavar="NAME", shell_complete=fault_names, help=help_text)


ONE_ENVIRONMENT = environment("The environment, as environments/NAME.toml.", required=True)
