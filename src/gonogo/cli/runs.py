"""``gonogo run``, ``gonogo smoke``, ``gonogo replay``, ``gonogo report``."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gonogo.base.errors import UsageError
from gonogo.base.interruption import EXIT_INTERRUPTED, INTERRUPTION, Ending
from gonogo.cli import options
from gonogo.cli.completion import check_names, gate_names
from gonogo.policy.profiles import PROFILES, Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gonogo.load.process import GeneratorConfig
    from gonogo.record.results import Results, Verdict
    from gonogo.runs.prepare import Request
    from gonogo.runs.publish import Published

_EXIT_GO, _EXIT_NO_GO, _EXIT_INCOMPLETE, _EXIT_INTERRUPTED = 0, 1, 3, EXIT_INTERRUPTED
_STOPS_WITHIN_SECONDS = 60
"""Beside limits.run, by which the removing of test data is bounded: for requests under way, and for the record."""


def _options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that every verification has."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _folder(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """The folder that was given. Raises UsageError where there is none: a wrong name must not read as a first run."""
    del context, parameter
    if path is not None and not path.is_dir():
        raise UsageError(f"--baseline: {path} is not a folder; leave it out of the first run, or make an empty one")
    return path


_FORMAT = click.option(
    "--format",
    "style",
    type=options.Choice(["text", "github"]),
    default="text",
    show_default=True,
    help="github: also writes annotations and the job summary.",
)
_OPTIONS = (
    options.ONE_ENVIRONMENT,
    click.option("--release", metavar="SHA", help="The release under review."),
    click.option(
        "--only",
        multiple=True,
        metavar="ID",
        shell_complete=check_names,
        help="Only this check and its prerequisites. May be repeated.",
    ),
    options.faults("Switch on a fault of the bundled reference."),
    click.option(
        "--reports",
        type=click.Path(path_type=Path),
        default="reports",
        show_default=True,
        help="Where runs are stored.",
    ),
    click.option(
        "--baseline",
        metavar="FOLDER",
        type=click.Path(path_type=Path),
        callback=_folder,
        help="Earlier runs that are kept elsewhere, or one of them: the report also shows what changed since these.",
    ),
    _FORMAT,
    click.option("--strict", is_flag=True, help="Exit 1 for GO WITH EXCEPTIONS as well."),
    click.option("--allow-money", is_flag=True, help="Allow one real payment, which is refunded at once."),
)


@click.command()
@_options
@click.option(
    "--gate",
    metavar="NAME",
    shell_complete=gate_names,
    help="Gate of gates.toml.  [default: that of the environment]",
)
@click.option(
    "--carry",
    multiple=True,
    metavar="RUN",
    help="Another run of this release that answers for lines, as gates.toml allows. May be repeated.",
)
def run(*, reports: Path, strict: bool, style: str, carry: tuple[str, ...], **fields: Any) -> int:  # noqa: ANN401 - fields of a Request
    """Verify an environment, write the report, and say GO or NO-GO."""
    return _verified(fields, reports, strict=strict, style=style, carry=carry)


@click.command()
@_options
def smoke(*, reports: Path, strict: bool, style: str, **fields: Any) -> int:  # noqa: ANN401 - as above
    """Run the critical paths as synthetic users, clean up, and say GO or NO-GO."""
    return _verified({**fields, "gate": "smoke"}, reports, strict=strict, style=style)


@click.command()
@_options
@click.option(
    "--profile",
    type=options.Choice(PROFILES),
    default="gate",
    show_default=True,
    help="Profile of the load: how long and how much.",
)
@click.option("--duration", metavar="TIME", help="How long to measure, as in '2 min'.")
@click.option("--rate", type=float, metavar="N", help="Visits per second instead of load.visits_per_second.")
@click.option(
    "--model",
    type=options.Choice(["open", "closed"]),
    help="open: visits start at their rate; closed: users wait for replies.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes of the load generator on this machine.",
)
@click.option(
    "--workers", type=click.IntRange(0, 1000), default=0, help="How many workers on other machines to wait for."
)
@click.option(
    "--bind", default="127.0.0.1:5557", show_default=True, metavar="HOST:PORT", help="Address where workers connect."
)
def load(  # noqa: PLR0913 - as many as there are options
    *,
    reports: Path,
    strict: bool,
    style: str,
    profile: Profile,
    duration: str | None,
    rate: float | None,
    model: str | None,
    processes: int,
    workers: int,
    bind: str,
    **fields: Any,  # noqa: ANN401 - as above
) -> int:
    """Send the declared traffic to the service, and say whether it keeps its budgets.

    Workers on other machines: locust -f loadtests/locustfile.py --worker --master-host HOST --master-port PORT
    """
    load_options = {"visits_per_second": rate, "model": model, "duration": {profile: duration} if duration else None}
    overlay = {"load": {key: value for key, value in load_options.items() if value is not None}}
    told = {
        "--profile": profile if profile != "gate" else None,
        "--duration": duration,
        "--rate": rate,
        "--model": model,
    }
    narrowed = {
        "gate": "load",
        "options": tuple(part for name, value in told.items() if value is not None for part in (name, f"{value}")),
        "profile": profile,
        "generator_config": _generator_config(processes, workers, bind),
        "overlay": overlay if overlay["load"] else {},
    }
    return _verified({**fields, **narrowed}, reports, strict=strict, style=style)


def _generator_config(processes: int, workers: int, bind: str) -> GeneratorConfig:
    """Return how the load is generated. Raises BadParameter if ``bind`` is no address with a port."""
    from gonogo.load.process import GeneratorConfig  # noqa: PLC0415 - help answers at once

    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        raise click.BadParameter(f"{bind!r} is not an address with a port; write it as in '127.0.0.1:5557'")
    return GeneratorConfig(
        processes=processes, workers=workers, host=host if workers else "127.0.0.1", port=int(port) if workers else 0
    )


def _verified(fields: dict[str, Any], reports: Path, *, strict: bool, style: str, carry: tuple[str, ...] = ()) -> int:
    from gonogo.cli.progress import Progress  # noqa: PLC0415 - help answers at once
    from gonogo.runs.beginning import begin_record  # noqa: PLC0415
    from gonogo.runs.prepare import Request, opening, prepare  # noqa: PLC0415
    from gonogo.runs.publish import open_folder  # noqa: PLC0415
    from gonogo.runs.session import abandon, verify  # noqa: PLC0415

    INTERRUPTION.install()
    gc.freeze()  # the modules are here to stay: going through them again and again takes a tenth of a smoke run
    money = ("--allow-money",) if fields.get("allow_money") else ()
    request = Request(project=Path(), **{**fields, "options": (*fields.get("options", ()), *money)})
    progress = Progress(sys.stderr)
    request = replace(request, run_id=begin_record(request, reports))
    _refuse_mistyped(fields)
    progress.say(opening(request))
    if carry:
        request = _with_carried(request, reports, carry)
    prepared = prepare(request, os.environ)
    try:
        bound = prepared.plan.environment.limits.run.total_seconds() + _STOPS_WITHIN_SECONDS
        INTERRUPTION.defer(Ending(wake=prepared.interrupt, left=lambda: prepared.cure, within_seconds=bound))
        folder = open_folder(prepared, reports)
        prepared.source.on_record = progress.heard
        if prepared.source.load is not None:
            prepared.source.load.on_progress = progress.loaded
            prepared.source.load.on_event = progress.generated
        try:
            progress.begin(prepared.plan)
            published = verify(prepared, folder)
        except KeyboardInterrupt:
            published = abandon(prepared, folder)
    finally:
        prepared.close()
    _show(published, style)
    return _EXIT_INTERRUPTED if prepared.stop.is_set() else _exit_code(published.results, strict=strict)


def _show(published: Published, style: str) -> None:
    """Print what a run found: the checks that were asked for alone, or the summary; with annotations for GitHub."""
    from gonogo.cli.output import show_asked, show_github, show_summary  # noqa: PLC0415 - help answers at once

    if published.results.run.only and not published.results.run.interrupted:
        show_asked(published.results, str(published.signoff))
    else:
        show_summary(published.results, str(published.signoff), published.signoff_digest)
    if style == "github":
        show_github(published.results)


def _refuse_mistyped(fields: Mapping[str, Any]) -> None:
    """Raises UsageError for names and durations that mean nothing: after the record began, so that no older GO speaks."""
    options.refuse_unknown_checks(fields["only"])
    options.refuse_unknown_gate(fields.get("gate"))
    for text in fields.get("overlay", {}).get("load", {}).get("duration", {}).values():
        options.read_length("--duration", text)


def _with_carried(request: Request, reports: Path, carry: tuple[str, ...]) -> Request:
    """The request with the runs that stand for lines of it. Raises UsageError."""
    from gonogo.signing.carried_runs import carried_runs  # noqa: PLC0415 - few runs carry any

    carried = carried_runs(
        request.project, reports, carry, environment=request.environment, gate=request.gate, release=request.release
    )
    return replace(request, carried=carried)


@click.command()
@options.RUN
def replay(run: Path) -> int:
    """Judge a run's recorded evidence again, without the network, and compare the outcomes."""
    from gonogo.base.errors import IntegrityError  # noqa: PLC0415
    from gonogo.cli.output import show_summary  # noqa: PLC0415
    from gonogo.record.archive import read_results  # noqa: PLC0415
    from gonogo.record.origin import blamed  # noqa: PLC0415
    from gonogo.record.run_folder import RESULTS  # noqa: PLC0415 - help answers at once
    from gonogo.runs.belonging import read_belonging, was_cut_off  # noqa: PLC0415
    from gonogo.runs.replay import differences, judged_again  # noqa: PLC0415

    folder = run
    recorded = read_results(folder / RESULTS)
    if was_cut_off(folder, recorded):
        return _without_record(judged_again(folder, Path()), folder)
    recorded = read_belonging(folder)
    results = judged_again(folder, Path())
    if disagreements := differences(recorded, results):
        *others, last = disagreements
        listed = "\n  ".join([*others, blamed(folder, recorded, last)])
        raise IntegrityError(f"the evidence does not give what results.json says:\n  {listed}")
    # What came before it is no outcome of the evidence: it is shown as recorded.
    show_summary(replace(results, history=recorded.history), str(folder), "")
    return _exit_code(results, strict=False)


def _without_record(results: Results, folder: Path) -> int:
    """Show what the evidence of a run gives whose results were never written: there is nothing that it could bear out."""
    from gonogo.cli.output import show_summary  # noqa: PLC0415 - help answers at once

    show_summary(results, str(folder), "")
    click.echo(" its results were never written: this is what its evidence gives now, and no record of it; run again")
    code = _exit_code(results, strict=False)
    return code or _EXIT_INCOMPLETE


@click.command()
@options.RUN
@_FORMAT
def report(*, run: Path, style: str) -> int:
    """Render a run's report again from results.json, byte for byte."""
    from gonogo.cli.output import show_github  # noqa: PLC0415
    from gonogo.record.run_folder import RunFolder  # noqa: PLC0415 - help answers at once
    from gonogo.report.files import derived  # noqa: PLC0415
    from gonogo.runs.belonging import read_belonging  # noqa: PLC0415

    folder = run
    results = read_belonging(folder)
    for name, content in derived(results).items():
        RunFolder(folder).write(name, content)
        click.echo(folder / name)
    if style == "github":
        show_github(results)
    return 0


def _exit_code(results: Results, *, strict: bool) -> int:
    """The code of the verdict; of a run that was asked for some checks by name, that of the worst of them."""
    from gonogo.record.results import WORST_FIRST, Outcome, asked_by_name  # noqa: PLC0415 - help answers at once

    if results.run.interrupted:
        return _EXIT_INTERRUPTED
    if not results.run.only:
        return exit_code(results.decision.verdict, strict=strict)
    outcomes = [check.outcome for check in asked_by_name(results)]
    if len(outcomes) < len(results.run.only):
        return _EXIT_INCOMPLETE  # the gate does not demand it, so that nothing was asked
    worst = min(outcomes, key=WORST_FIRST.index)
    if worst is Outcome.FAIL or (strict and worst is Outcome.WAIVED):
        return _EXIT_NO_GO
    return _EXIT_GO if worst in {Outcome.PASS, Outcome.WARN, Outcome.WAIVED} else _EXIT_INCOMPLETE


def exit_code(verdict: Verdict, *, strict: bool) -> int:
    """Give the exit code that a deploy job goes by: only 0 may deploy."""
    from gonogo.record.results import Verdict  # noqa: PLC0415 - help answers at once

    return {
        Verdict.GO: _EXIT_GO,
        Verdict.GO_WITH_EXCEPTIONS: _EXIT_NO_GO if strict else _EXIT_GO,
        Verdict.NO_GO: _EXIT_NO_GO,
        Verdict.INCOMPLETE: _EXIT_INCOMPLETE,
    }[verdict]
