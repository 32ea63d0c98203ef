"""Options that several commands have, with the names that complete them, and the one that was probably meant."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gonogo.base.errors import UsageError
from gonogo.base.wording import did_you_mean, nearest_or_all
from gonogo.cli.completion import environment_names, fault_names, run_names
from gonogo.record.run_folder import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import timedelta

Command = TypeVar("Command", bound="Callable[..., object]")


class Choice(click.Choice[str]):
    """One of a few words; a mistyped one is told which was probably meant."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ANN401 - of click
        """Click's own sentence, and the word."""
        meant = did_you_mean(str(value), self.choices).removeprefix("; ").capitalize()
        return f"{super().get_invalid_choice_message(value, ctx)} {meant}".rstrip()


def environment(help_text: str, *, required: bool = False) -> Callable[[Command], Command]:
    """``--env NAME``; where it is required, a project's only environment needs no naming."""
    return click.option(
        "--env",
        "environment",
        metavar="NAME",
        shell_complete=environment_names,
        callback=_or_the_only_one if required else None,
        help=f"{help_text}  [default: the only one of the project]" if required else help_text,
    )


def _or_the_only_one(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """The name that was given, or that of the only file. Raises UsageError where there are none or several."""
    del parameter
    if context.resilient_parsing:
        return name
    from gonogo.environment.names import available, declared  # noqa: PLC0415 - help answers at once

    names = declared(Path())
    if name is not None:
        refuse_unknown("--env: no environment", [name], available(Path()))
        return name
    if len(names) == 1:
        return names[0]
    there_are = f"this project has {', '.join(names)}" if names else "there is none in environments/; see gonogo init"
    raise UsageError(
        f"--env is missing: name the environment, as in --env {names[0] if names else 'staging'}; {there_are}"
    )


def faults(help_text: str) -> Callable[[Command], Command]:
    """``--fault NAME``, as often as one likes."""
    return click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="NAME",
        shell_complete=fault_names,
        callback=_known_faults,
        help=help_text,
    )


def _known_faults(context: click.Context, parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    del parameter
    if names and not context.resilient_parsing:
        from gonogo.cli.index import fault_index  # noqa: PLC0415 - few runs have one

        refuse_unknown("--fault: no fault", names, fault_index(), "; gonogo reference faults lists them")
    return names


def refuse_unknown_checks(names: Sequence[str]) -> None:
    """Raises UsageError for a check that no suite has. What is wrong with the files, the run itself says."""
    if not names:
        return
    from gonogo.base.bundled import bundled_root  # noqa: PLC0415
    from gonogo.cli.index import check_index  # noqa: PLC0415 - few runs have one

    known: list[str] = []
    with suppress(UsageError):
        indexes = [check_index(project) for project in (Path(), bundled_root())]
        known = [name for index in indexes for name in (*index.checks, *index.templates)]
    if known:
        refuse_unknown("--only: no check", names, known, "; gonogo checks lists them")


def refuse_unknown_gate(name: str | None) -> None:
    """Raises UsageError for a gate that the project's gates.toml does not have."""
    if name is None:
        return
    from gonogo.cli.index import list_index  # noqa: PLC0415 - few runs have one

    known: list[str] = []
    with suppress(UsageError):
        known = [*list_index(Path()).gates]
    if known:
        refuse_unknown("--gate: no gate", [name], [*known, "smoke", "load"])


def length(context: click.Context, parameter: click.Parameter, text: str | None) -> timedelta | None:
    """The duration that was given. Raises UsageError, which names the option."""
    del context
    return None if text is None else read_length(parameter.opts[0], text)


def read_length(option: str, text: str) -> timedelta:
    """The duration. Raises UsageError, which names the option."""
    from gonogo.base.durations import parse_duration  # noqa: PLC0415 - help answers at once

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


class _Run(click.ParamType[Path]):
    """A run: its folder, its id or the begin of it, or ``latest`` where one environment only has runs."""

    name = "run"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ANN401 - of click
        """The folder. Raises UsageError."""
        del param, ctx
        from gonogo.record.archive import environments, find_run, folders  # noqa: PLC0415 - help answers at once

        reports = Path("reports")
        places = [str(place / LATEST) for place in environments(reports) if folders(place)] if value == LATEST else []
        if len(places) > 1:
            raise UsageError(f"RUN: latest of which environment? Write {' or '.join(places)}")
        return find_run(str(value), reports)


def newest(environment: str | None) -> Path:
    """The newest run of a whole gate of the environment. Raises UsageError where none is named and several have runs."""
    return _Run().convert(f"reports/{environment}/{LATEST}" if environment else LATEST, None, None)


RUN = click.argument("run", metavar="RUN", type=_Run(), shell_complete=run_names)
RUN_OR_NEWEST = click.argument("run", metavar="[RUN]", required=False, type=_Run(), shell_complete=run_names)
"""The value is None where none is given: ``newest`` then finds it."""
ONE_ENVIRONMENT = environment("The environment, as environments/NAME.toml.", required=True)


def refuse_unknown(problem: str, names: Iterable[str], known: Sequence[str], otherwise: str = "") -> None:
    """Raises UsageError for the names that are not known, each with the one that was probably meant."""
    if unknown := [name for name in names if name not in known]:
        raise UsageError(
            *(
                f"{problem} {name!r}{(did_you_mean(name, known) or otherwise) if otherwise else nearest_or_all(name, known)}"
                for name in unknown
            )
        )
