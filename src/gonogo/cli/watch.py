"""``gonogo watch``: looks again and again on launch day."""

from __future__ import annotations

import os
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.base.errors import UsageError
from gonogo.base.interruption import INTERRUPTION, Ending
from gonogo.base.secrets import SECRET_NAME
from gonogo.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from gonogo.evidence.watch import Transition
    from gonogo.watching.facts import LiveRound
    from gonogo.watching.opening import Opened, WatchRequest
    from gonogo.watching.server import LivePage

_EXIT_WELL, _EXIT_FAILED = 0, 1
_STOPS_WITHIN_SECONDS = 60


def _moment(context: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:
    """Read the moment that was given. Raises UsageError: without an offset it would be somebody's nine o'clock."""
    del context, parameter
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(
            f"--launch: {text!r} is not a time with its offset from UTC; write it as in 2026-12-01T09:00-03:00"
        )
    return moment


def _channels(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """Names of channels and of secrets. Raises UsageError: an address here would be in the history of the shell."""
    del context, parameter
    channels = {}
    for text in given:
        name, _, secret = text.partition("=")
        if re.fullmatch(SECRET_NAME, secret) is None:
            raise UsageError(
                "--tell: the names of a channel and of a secret are expected, as in --tell oncall=ONCALL_URL"
            )
        channels[name] = secret
    return channels


@click.command()
@options.ONE_ENVIRONMENT
@click.option(
    "--for", "length", metavar="TIME", callback=options.length, help="How long to watch, as in '30 min' or '24 h'."
)
@click.option("--launch", metavar="MOMENT", callback=_moment, help="T-0 with its offset, as in 2026-12-01T09:00-03:00.")
@click.option("--release", metavar="SHA", help="The release that was deployed.")
@click.option(
    "--abort-on",
    type=options.Choice(["critical", "warning"]),
    help="Exit with code 1 as soon as an alert of this severity or a worse one fires, so that a pipeline can roll the deployment back.",
)
@click.option(
    "--tell",
    "channels",
    metavar="NAME=SECRET",
    multiple=True,
    callback=_channels,
    help="A further channel to notify: its name, and the name of the secret with its address. May be repeated.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port of the live page; 0 takes any free one.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Host of the live page; if it is not loopback, the URL has a token.",
)
@options.faults("Start and stop a fault of the bundled reference during the watch.")
@click.option("--report", "reporting", is_flag=True, help="Make a run from the journal so far, and exit.")
@click.option("--review", metavar="DAY", help="Print the review of a day, as in 'day 1', and exit.")
@click.option("--test-channels", "testing", is_flag=True, help="Send a test message to every channel, and exit.")
@click.option(
    "--reports",
    type=click.Path(path_type=Path),
    default="reports",
    show_default=True,
    help="Where runs are stored, for --report.",
)
def watch(  # noqa: PLR0913 - as many as there are options
    *,
    environment: str,
    length: timedelta | None,
    launch: datetime | None,
    release: str | None,
    abort_on: str | None,
    faults: tuple[str, ...],
    channels: dict[str, str],
    host: str,
    port: int,
    reporting: bool,
    testing: bool,
    review: str | None,
    reports: Path,
) -> int:
    """Check repeatedly, notify people when a problem begins and ends, and keep a journal.

    Exit code 0 if no alert fires at the end, 1 if one does or --abort-on applied, 3 if that is not known, 130 if the
    watch was stopped before its time was over.
    """
    if review is not None:
        return _review(environment, review)
    if reporting:
        return _report(environment, reports, release)
    from gonogo.watching.opening import WatchRequest  # noqa: PLC0415 - help answers at once

    request = WatchRequest(
        environment=environment,
        project=Path(),
        faults=faults,
        length=length,
        launch=launch,
        release=release,
        overlay={"channels": channels} if channels else {},
    )
    if testing:
        return _test_channels(request)
    return _watch(request, host, port, abort_on)


def _watch(request: WatchRequest, host: str, port: int, abort_on: str | None) -> int:
    """Watch until the time is over or somebody stops it; the exit code."""
    from gonogo.runs.prepare import Request, opening  # noqa: PLC0415 - help answers at once
    from gonogo.watching.ending import BLIND  # noqa: PLC0415
    from gonogo.watching.opening import opened  # noqa: PLC0415
    from gonogo.watching.server import LivePage  # noqa: PLC0415

    INTERRUPTION.install()
    stop = threading.Event()
    announced = Request(environment=request.environment, project=request.project, faults=request.faults)
    click.echo(opening(announced), err=True)
    with opened(request, os.environ) as watched, LivePage(host=host, port=port) as page:
        INTERRUPTION.defer(Ending(wake=stop.set, left=lambda: "", within_seconds=_STOPS_WITHIN_SECONDS))
        shown = _Shown(watched, page, abort_on, stop)
        watched.watcher.on_round = shown.round
        shown.begin()
        watched.watcher.run(stop)
        code = shown.end()
    shown.leave()
    if watched.journal.lost:
        click.echo(f"LOST     {watched.journal.lost}", err=True)
        return code or BLIND
    return code


def _review(environment: str, day: str) -> int:
    from gonogo.families.registry import read_environment  # noqa: PLC0415 - help answers at once
    from gonogo.families.watch.journal_reader import JournalReader  # noqa: PLC0415
    from gonogo.families.watch.section import Launch, Watch  # noqa: PLC0415
    from gonogo.watching.opening import journal_path  # noqa: PLC0415
    from gonogo.watching.review import day_number, review  # noqa: PLC0415

    file = read_environment(environment, project=Path()).environment
    watch = file.section(Watch) or Watch()
    with JournalReader.read(journal_path(watch, environment), environment=environment) as reader:
        click.echo(review(reader, watch, file.section(Launch) or Launch(), day_number(day)), nl=False)
    return _EXIT_WELL


def _test_channels(request: WatchRequest) -> int:
    """One line for each channel; 1 where one did not take the message."""
    from gonogo.watching.trying import try_channels  # noqa: PLC0415 - help answers at once

    failed = 0
    for receipt in try_channels(request, os.environ):
        failed += not receipt.delivered
        word = "accepted" if receipt.delivered else "FAILED"
        click.echo(f"{word:<8} {receipt.channel}, {receipt.utc:%H:%M:%S} UTC: {receipt.answer}")
    if failed:
        click.echo(
            "Correct the secrets of the channels that failed, and test again: alerts would not reach them either."
        )
    return _EXIT_FAILED if failed else _EXIT_WELL


def _report(environment: str, reports: Path, release: str | None) -> int:
    from gonogo.cli.output import show_summary  # noqa: PLC0415 - help answers at once
    from gonogo.cli.runs import exit_code  # noqa: PLC0415
    from gonogo.watching.recording import report  # noqa: PLC0415

    published = report(environment, project=Path(), reports=reports, environ=os.environ, release=release)
    show_summary(published.results, str(published.signoff), published.signoff_digest)
    return exit_code(published.results.decision.verdict, strict=False)


class _Shown:
    """Lines on the terminal: what changed, and nothing else."""

    def __init__(self, watched: Opened, page: LivePage, abort_on: str | None, stop: threading.Event) -> None:
        from gonogo.families.watch.alerts import rules_of  # noqa: PLC0415 - help answers at once
        from gonogo.watching.own_alarm import OWN_RULES  # noqa: PLC0415

        self._watched = watched
        self._page = page
        self._abort_on = abort_on
        self._stop = stop
        rules = {**rules_of(watched.watch), **OWN_RULES}
        self._titles = {name: rule.watched.title or name for name, rule in rules.items()}
        self._zone: ZoneInfo = watched.launch.zone_info
        self._aborted = ""
        self._last: LiveRound | None = None

    def begin(self) -> None:
        watch = self._watched.watch
        names = f"{len(watch.thresholds)} thresholds and {len(watch.metrics)} key metrics"
        told = ", ".join(watch.channels) or "nobody: watch.channels is empty"
        until = self._watched.watcher.until
        end = f"until {self._time(until)}" if until else "until Ctrl-C"
        click.echo(f"watching {self._watched.environment.service.name}: {names}, {end}")
        click.echo(f"notify   {told}")
        click.echo(f"page     {self._page.url}")
        if self._watched.demonstration:
            if before := sorted({*self._watched.demonstration.instance.faults} - {*self._watched.demonstration.faults}):
                click.echo(f"fault    {', '.join(before)} already on")
            self._watched.demonstration.begin(lambda text: click.echo(f"fault    {text}"))

    def round(self, now: LiveRound) -> None:
        """Show what changed; end the watch where an alert is one to abort on."""
        self._last = now
        watched = self._watched
        channels = {**watched.announcer.states(), **watched.beats()}
        self._page.publish(watched.live.state(now, channels, watched.asked.looked))
        for line in self._lines(now):
            click.echo(self._watched.redactor.text(line))
        for transition in now.transitions:
            if self._aborts(transition) and not self._aborted:
                self._aborted = transition.alert
                self._watched.watcher.end(f"{transition.alert} fired: aborted")
                self._stop.set()

    def end(self) -> int:
        """Say how it ended; the exit code."""
        from gonogo.watching.ending import ALARM, ending  # noqa: PLC0415 - help answers at once
        from gonogo.watching.watcher import ENDED  # noqa: PLC0415

        if self._watched.demonstration:
            self._watched.demonstration.end()
        if self._aborted:
            click.echo(f"ABORT    {self._aborted} fired: roll back")
            rollback = self._watched.launch.rollback
            if rollback:
                click.echo(f"         {rollback}")
            return ALARM
        until, last = self._watched.watcher.until, self._last
        cut_off = until is not None and not any(event.kind == ENDED for event in self._watched.journal.events)
        ended = ending(self._watched.watch, last.alerts if last else {}, cut_off=cut_off)
        click.echo("\n".join(ended.lines))
        return ended.code

    def leave(self) -> None:
        """Say what became of the visitors, once they are gone: what of them could not be removed as well."""
        if self._watched.demonstration:
            click.echo(self._watched.redactor.text(self._watched.demonstration.visitors.words))

    def _lines(self, now: LiveRound) -> Iterator[str]:
        for transition in now.transitions:
            if transition.alert:
                title = self._titles[transition.threshold]
                word = transition.after.value.upper()
                yield f"{self._time(transition.utc)} {word:<9} {transition.alert}  {title}: {transition.reason}"

    def _aborts(self, transition: Transition) -> bool:
        threshold = self._watched.watch.thresholds.get(transition.threshold)
        if self._abort_on is None or threshold is None or transition.after.value != "firing":
            return False
        return self._abort_on == "warning" or threshold.severity == "critical"

    def _time(self, utc: datetime) -> str:
        return (
            f"{utc.astimezone(self._zone):%H:%M:%S}" if self._zone.key != "UTC" else f"{utc.astimezone(UTC):%H:%M:%SZ}"
        )
