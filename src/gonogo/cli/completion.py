"""Completion at the Tab key: names that this project has. It never prints an error into somebody's prompt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.base.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click

    Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def _completing(names: Callable[[], Iterable[str]]) -> Completer:
    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        del context, parameter
        try:
            return [name for name in names() if name.startswith(incomplete)]
        except (UsageError, OSError):
            return []  # the command itself says it, with its cure

    return complete


@_completing
def environment_names() -> Iterable[str]:
    """Names of the files in ``environments/``."""
    from gonogo.environment.names import available  # noqa: PLC0415 - help answers at once

    return available(Path())


def _checks() -> Iterable[str]:
    from gonogo.cli.index import check_index  # noqa: PLC0415 - help answers at once

    return check_index(Path()).checks


def _lines() -> Iterable[str]:
    from gonogo.cli.index import list_index  # noqa: PLC0415 - help answers at once

    return list_index(Path()).lines


request_names = _completing(
    lambda: [name.removeprefix("request-") for name in _checks() if name.startswith("request-")]
)
"""Completes names of ``[requests.NAME]``, of every environment file."""
check_names = _completing(_checks)
"""Completes ids of checks, from every catalogue."""
line_names = _completing(_lines)
"""Completes ids of lines and of checks."""
check_and_line_names = _completing(lambda: [*_checks(), *_lines()])


@_completing
def run_names() -> Iterable[str]:
    """Names of runs in ``reports/``, the newest of each environment first."""
    from gonogo.record.archive import environments, folders  # noqa: PLC0415 - help answers at once

    return [folder.name for place in environments(Path("reports")) for folder in folders(place)]


@_completing
def fault_names() -> Iterable[str]:
    """Names of faults of the bundled reference environment."""
    from gonogo.cli.index import fault_index  # noqa: PLC0415 - help answers at once

    return fault_index()


@_completing
def gate_names() -> Iterable[str]:
    """Complete the names of the gates in ``environments/gates.toml``."""
    from gonogo.cli.index import list_index  # noqa: PLC0415 - help answers at once

    return list_index(Path()).gates


@_completing
def role_names() -> Iterable[str]:
    """Complete the names of the roles in ``environments/gates.toml``."""
    from gonogo.cli.index import list_index  # noqa: PLC0415 - help answers at once

    return list_index(Path()).roles
