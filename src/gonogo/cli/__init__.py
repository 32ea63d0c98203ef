"""The command line: a command that judges runs in a process of its own, the others in this one."""

import sys
from collections.abc import Sequence

from gonogo.base.errors import WITHOUT_ASSERTIONS
from gonogo.cli.supervisor import is_judging, supervise

EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, and exit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if is_judging(words):
        if sys.flags.optimize:
            sys.stderr.write(f"gonogo: {WITHOUT_ASSERTIONS}\n")
            sys.exit(EXIT_USAGE)
        sys.exit(supervise(words))
    # Whoever supervises needs none of the commands, and the one that judges must not wait until they are loaded.
    from gonogo.cli.program import run_here  # noqa: PLC0415

    run_here(words)
