"""Every threshold of WorkMe, from its named fault to a message that arrived, and to RESOLVED: one watch of one instance.

The instance is up already, as from ``gonogo reference up`` in another terminal, and its faults are switched while
``gonogo watch`` looks. Nothing here goes by a clock: each step waits for what the journal says.
"""

import os
import queue
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import CHANGED, AlertState, Receipt, Transition
from gonogo.families.registry import read_environment
from gonogo.families.watch.journal_reader import JournalReader
from gonogo.families.watch.section import Watch
from tests.reference.supervised import ROOT, Supervised, announcing
from tests.support.threads import listening
from tests.watching.test_alertmanager import alertmanager
from tests.watching.test_channels import Mailbox, MailServer, mail_url

pytestmark = [pytest.mark.whole, pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning")]

STEPS: tuple[Mapping[str, set[str]], ...] = (
    {
        "cards-declined": {"payment-failures"},
        "beta-code-inactive": {"registration-failures"},
        "searches-slow": {"response-time"},
        "server-disk-full": {"server-resources"},
    },
    {"searches-fail": {"api-errors", "app-crashes"}, "uploads-fail": {"api-errors", "upload-failures"}},
    {"mongo-down": {"database-down"}},
)
"""Faults that are on at the same time, each with the alerts that it is about. Without its database nothing else fails alone."""
FOLLOWS = {
    "mongo-down": {"api-errors", "registration-failures", "app-crashes"},
    "uploads-fail": {"app-crashes"},
}
"""What a fault leads to besides."""
SLOW_HERE = {"response-time", "database-slow"}
"""What a machine that is busy with other tests shows as well, and truly."""
BEGUN_ANEW = {"database-slow"}
"""Its fault begins the database anew, and much else alarms meanwhile: tests/reference/test_watched.py has it."""
WITHIN_SECONDS = 240
TELLING = """
[watch.channels]
oncall = "ONCALL_URL"
team = "TEAM_URL"

[watch.tell]
critical = ["oncall", "team"]
warning = ["oncall", "team"]
"""


@dataclass(slots=True)
class Seen:
    """What a whole watch left behind."""

    mailbox: Mailbox
    hooked: list[Mapping[str, Any]] = field(default_factory=list)
    fired: list[set[str]] = field(default_factory=list)
    """The thresholds whose alerts began to fire in each step."""
    transitions: tuple[Transition, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    changes: tuple[str, ...] = ()
    output: str = ""
    started_another: bool = False

    @property
    def mails(self) -> list[str]:
        """Subject and text of each, in their order."""
        return [_text(message) for message in self.mailbox.messages]


def _text(message: EmailMessage) -> str:
    return f"{message['Subject']}\n{message.get_content()}"


class Followed:
    """The journal of a watch that goes on."""

    def __init__(self, process: subprocess.Popen[bytes], journal: Path, output: Path) -> None:
        self._process, self._journal, self._output = process, journal, output

    def until(self, condition: Callable[[JournalReader], bool], what: str) -> None:
        """Read it until it is so; it fails with what stands in it when time is up."""
        deadline, stood = time.monotonic() + WITHIN_SECONDS, "there is no journal"
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._output.read_text()
            with suppress(UsageError), JournalReader.read(self._journal, environment="reference") as reader:
                if condition(reader):
                    return
                stood = str({name: (alert.state.value, alert.id) for name, alert in reader.alerts().items()})
            time.sleep(0.5)
        pytest.fail(f"{what}: {stood}\n{self._output.read_text()}")


def _fired(reader: JournalReader, since: int) -> set[str]:
    return {one.threshold for one in reader.transitions()[since:] if one.after is AlertState.FIRING}


def _told(reader: JournalReader, event: str) -> set[tuple[str, str]]:
    """Channels and thresholds of what was delivered."""
    names = {one.alert: one.threshold for one in reader.announcements()}
    return {(one.channel, names[one.alert]) for one in reader.receipts() if one.delivered and one.event == event}


def _both(thresholds: set[str]) -> set[tuple[str, str]]:
    return {(channel, name) for channel in ("oncall", "team") for name in thresholds}


def _project(folder: Path) -> Path:
    """WorkMe's own files, and who is told."""
    shutil.copytree(ROOT / "environments", folder / "environments")
    for name in ("smoke", "loadtests"):
        (folder / name).symlink_to(ROOT / name)
    file = folder / "environments/reference.toml"
    often = '[watch]\nsurroundings_every = "10 s"\n'
    file.write_text(file.read_text().replace("[watch]\n", often) + TELLING)
    return folder


@contextmanager
def _watching(project: Path, environ: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    output = project / "output.txt"
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "gonogo", "watch", "--env", "reference"],
            cwd=project,
            env=environ,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process, output
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            try:
                process.wait(WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """One watch, from the first fault to the end of the last one."""
    place, project = tmp_path_factory.mktemp("tmp"), _project(tmp_path_factory.mktemp("project"))
    watched = Seen(Mailbox())
    with (
        listening(MailServer(watched.mailbox)) as port,
        alertmanager(tmp_path_factory.mktemp("alertmanager")) as real,
        Supervised(*announcing(place), TMPDIR=str(place)) as up,
    ):
        environ = {**os.environ, "TMPDIR": str(place), "ONCALL_URL": mail_url(port), "TEAM_URL": real.base}
        with _watching(project, environ) as (process, output):
            _walk(up, Followed(process, project / "reports/reference/watch/journal.sqlite3", output), watched)
            watched.started_another = len(list(place.glob("gonogo-reference-*/"))) > 1
        watched.output = output.read_text()
        with suppress(queue.Empty):
            while True:
                watched.hooked.append(real.called.get(timeout=3))
    return watched


def _walk(up: Supervised, followed: Followed, watched: Seen) -> None:
    """Switch the faults of one step after another on, and in the end all of them off."""
    names = set(_thresholds())
    followed.until(lambda reader: _all_are_well(reader, names), "not all is well before the first fault")
    for step in STEPS:
        since = len(watched.transitions)
        wanted = set().union(*step.values())
        assert up.set_faults(*step)["faults"] == list(step)

        def all_told(reader: JournalReader, since: int = since, wanted: set[str] = wanted) -> bool:
            watched.transitions = tuple(reader.transitions())
            return wanted <= _fired(reader, since) | _firing(reader) and _told(reader, "began") >= _both(wanted)

        followed.until(all_told, f"{wanted} were not told of by {sorted(step)}")
        watched.fired.append({one.threshold for one in watched.transitions[since:] if one.after is AlertState.FIRING})
    assert up.set_faults()["faults"] == []

    def all_over(reader: JournalReader) -> bool:
        watched.transitions, watched.receipts = tuple(reader.transitions()), tuple(reader.receipts())
        watched.changes = tuple(event.text for event in reader.events() if event.kind == CHANGED)
        is_over = (
            _all_are_well(reader, names)
            and _told(reader, "resolved") >= _both(names - BEGUN_ANEW)
            and not reader.unsent()
        )
        return is_over and bool(watched.changes)

    followed.until(all_over, "not all is over after the last fault")


def _firing(reader: JournalReader) -> set[str]:
    return {name for name, alert in reader.alerts().items() if alert.state is AlertState.FIRING}


def _all_are_well(reader: JournalReader, names: set[str]) -> bool:
    alerts = reader.alerts()
    return all(name in alerts and alerts[name].state is AlertState.OK for name in names - SLOW_HERE)


def _thresholds() -> Mapping[str, str]:
    """Title of each, by name."""
    watch = read_environment("reference", project=ROOT).environment.section(Watch)
    assert watch is not None
    return {name: threshold.title or "" for name, threshold in watch.thresholds.items()}


def test_a_fault_fires_the_alerts_that_it_is_about_and_no_other(seen: Seen) -> None:
    """An alert that fires by something else sends people to the wrong door."""
    for step, fired in zip(STEPS, seen.fired, strict=True):
        wanted = set().union(*step.values())
        follows = set().union(*(FOLLOWS.get(fault, set()) for fault in step))
        assert wanted - SLOW_HERE <= fired <= wanted | follows | SLOW_HERE, (fired, seen.output)
    told = set().union(*(alerts for step in STEPS for alerts in step.values()))
    assert told == set(_thresholds()) - BEGUN_ANEW


@pytest.mark.parametrize("name", sorted(_thresholds().keys() - BEGUN_ANEW))
def test_the_alarm_and_its_end_arrive_by_mail(seen: Seen, name: str) -> None:
    """Somebody who sleeps beside a phone must hear of both."""
    title = _thresholds()[name]
    mails = seen.mails
    began = [number for number, text in enumerate(mails) if f"{title} (" in text and f"{name}-" in text]
    over = [number for number, text in enumerate(mails) if f"{title}: resolved" in text]
    assert began, (mails, seen.output)
    assert over, (mails, seen.output)
    assert began[0] < over[-1]


@pytest.mark.parametrize("name", sorted(_thresholds().keys() - BEGUN_ANEW))
def test_the_alertmanager_has_it_firing_and_then_resolved(seen: Seen, name: str) -> None:
    """A team that has an Alertmanager routes by it."""
    alerts = [alert for call in seen.hooked for alert in call["alerts"] if alert["labels"].get("threshold") == name]
    states = [alert["status"] for alert in alerts]
    assert states[0] == "firing", (seen.hooked, seen.output)
    assert states[-1] == "resolved", (alerts, seen.output)


@pytest.mark.parametrize("name", sorted(_thresholds().keys() - BEGUN_ANEW))
def test_the_journal_and_the_terminal_have_it_resolved(seen: Seen, name: str) -> None:
    """The morning after asks the journal."""
    states = [one.after for one in seen.transitions if one.threshold == name]
    assert AlertState.FIRING in states
    assert AlertState.RESOLVED in states[states.index(AlertState.FIRING) :]
    assert f"RESOLVED  {name}-" in seen.output


def test_what_sentry_saw_for_the_first_time_is_among_the_changes(seen: Seen) -> None:
    """Searches ended in an error that nobody foresaw."""
    new = [text for text in seen.changes if text.startswith("new issue WORKME-API-")]
    assert any("RuntimeError: no index for" in text for text in new), seen.changes


def test_the_instance_that_was_up_is_the_one_that_was_watched(seen: Seen) -> None:
    """Another one would have no faults, and all of this would be about nothing."""
    assert not seen.started_another
    assert "Traceback" not in seen.output
    assert "synthetic visitors: " in seen.output


def test_an_alarm_of_checks_names_the_one_that_fails(seen: Seen) -> None:
    """A number sends nobody to the right server; what a failing need blocks is not named beside it."""
    reasons = {one.threshold: one.reason for one in seen.transitions if one.after is AlertState.FIRING}
    assert "mongo-reachable: " in reasons["database-down"]
    assert "mongo-primary" not in reasons["database-down"]
    assert "server-room: " in reasons["server-resources"]
