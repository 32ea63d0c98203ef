"""All commands. Each imports what it needs when it is called: help answers at once."""

import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

import gonogo
from gonogo.base.errors import IntegrityError, UsageError
from gonogo.base.interruption import EXIT_INTERRUPTED, INTERRUPTION
from gonogo.base.library_logs import silence
from gonogo.base.supervision import tell
from gonogo.cli import EXIT_USAGE
from gonogo.cli.attest_and_waive import attest, waive
from gonogo.cli.checklist import checklist
from gonogo.cli.checks import checks
from gonogo.cli.clean import clean
from gonogo.cli.environments import env, schema
from gonogo.cli.history import diff, list_runs, open_page, show
from gonogo.cli.init import init
from gonogo.cli.reference import reference
from gonogo.cli.request import request
from gonogo.cli.rules import rules
from gonogo.cli.runs import load, replay, report, run, smoke
from gonogo.cli.signing import key, seal, sign, verify
from gonogo.cli.streams import make_patient
from gonogo.cli.supervisor import begin_supervised
from gonogo.cli.watch import watch
from gonogo.cli.watch_notes import ack, duty, poll

EXIT_INTEGRITY = 4
EXIT_BUG = 5


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(gonogo.__version__, prog_name="gonogo")
def cli() -> None:
    """May we launch? Verify a running environment and say GO or NO-GO.

    Exit codes: 0 GO, 1 NO-GO, 2 usage error, 3 INCOMPLETE, 4 integrity failure, 5 bug in gonogo, 130 interrupted.
    """


for _command in (
    init,
    run,
    smoke,
    load,
    watch,
    ack,
    poll,
    duty,
    rules,
    clean,
    checklist,
    attest,
    waive,
    replay,
    report,
    list_runs,
    show,
    open_page,
    diff,
):
    cli.add_command(_command)
for _command in (key, sign, verify, seal, env, checks, request, schema, reference):
    cli.add_command(_command)


def run_here(words: Sequence[str]) -> NoReturn:
    """Run the command line in this process, and exit."""
    begin_supervised()
    make_patient()
    code = _run(words)
    sys.stdout.flush()
    sys.stderr.flush()
    tell(f"end {code}")
    sys.exit(code)


def _run(arguments: Sequence[str]) -> int:
    """Run the command, and turn whatever ends it into an exit code and a message without a traceback."""
    silence()
    try:
        with INTERRUPTION.raising():
            code = cli.main(arguments, prog_name="gonogo", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except UsageError as error:
        for problem in error.problems:
            click.echo(f"gonogo: {problem}", err=True)
        return EXIT_USAGE
    except IntegrityError as error:
        click.echo(f"gonogo: {error}", err=True)
        return EXIT_INTEGRITY
    except (KeyboardInterrupt, click.Abort):
        click.echo("gonogo: interrupted", err=True)
        return EXIT_INTERRUPTED
    except Exception:  # noqa: BLE001 - the outermost edge: what arrives here is our own mistake
        return _broken(traceback.format_exc())
    return code if isinstance(code, int) else 0


def _broken(lines: str) -> int:
    """The exit code for an error that nobody expected; libraries wrap an interruption into errors of their own."""
    if INTERRUPTION.heard:
        click.echo("gonogo: interrupted", err=True)
        return EXIT_INTERRUPTED
    click.echo(lines, err=True)
    click.echo("gonogo: this is a bug in gonogo; please report it with the lines above", err=True)
    return EXIT_BUG
