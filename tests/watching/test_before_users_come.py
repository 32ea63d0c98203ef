"""``watch-green`` over a watch that runs: of the bundled service, green, and red as soon as something alarms."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.evidence.watch import FACT, RELEASE_AT, AlertState
from gonogo.families.watch.journal_reader import JournalReader
from gonogo.families.watch.section import Watch
from gonogo.record.results import CheckResult, Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance
from gonogo.runs.session import results_of
from gonogo.watching.opening import Opened, WatchRequest, opened
from gonogo.watching.sources import AskedChecks
from gonogo.watching.surroundings import Surroundings
from gonogo.watching.trying import try_channels
from tests.support.threads import listening
from tests.support.watch_day import watch_of
from tests.watching.test_channels import Mailbox, MailServer, mail_url

PATIENCE_SECONDS = 120.0
"""Of a crowded machine; on a quiet one the first look has ended after two seconds."""
GREEN = {"launch": {"green": "3 s"}}
ALARM = {"alarms": {"payments": {"line": "alerts.payments", "threshold": "payment-failures"}}}
SEEN = Surroundings(facts={"release at a.test": "4f2a90c"}, unread={})


@dataclass
class Looks:
    """In place of the process that asks: these looks, one after another, and the last one for ever."""

    answers: Sequence[Surroundings | str]
    number: int = 0
    enough: threading.Event = field(default_factory=threading.Event)

    def look(self) -> Surroundings | str:
        """The next one."""
        answer = self.answers[min(self.number, len(self.answers) - 1)]
        self.number += 1
        if self.number == len(self.answers):
            self.enough.set()
        return answer

    def close(self) -> None:
        """There is no process."""


def asked(looks: Looks, **more: str) -> AskedChecks:
    """What looks at the surroundings, without checks."""
    watch = Watch.model_validate({**watch_of().model_dump(mode="json", by_alias=True), **more})
    return AskedChecks(looks, looks, watch)  # type: ignore[arg-type]  # of a process it has what is used


@pytest.mark.parametrize(
    "failed",
    ["there was no answer within 150 s", Surroundings(facts={}, unread={"service a.test": "the run was interrupted"})],
    ids=["nothing", "a part"],
)
def test_look_that_did_not_see_all_is_made_again_soon(failed: Surroundings | str) -> None:
    """Ten minutes later is after the launch."""
    looks = Looks([failed, failed, SEEN])
    asking = asked(looks, surroundings_every="1 h", checks_every="10 ms")
    asking.start()
    try:
        assert looks.enough.wait(PATIENCE_SECONDS)
    finally:
        asking.close()
    assert asking.looked is SEEN
    assert looks.number == len(looks.answers)


def test_who_never_answers_is_asked_no_more_often_than_all_else() -> None:
    """A provider that refuses us for good must not be asked every minute of a day."""
    asking = asked(Looks(["refused"]), surroundings_every="10 min", checks_every="1 min")
    pauses = [asking._look() for _ in range(6)]  # noqa: SLF001 - the pauses alone, without waiting for them
    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 10, 10)]


@dataclass(frozen=True, slots=True)
class Running:
    """A watch in a thread of this process."""

    watch: Opened
    instance: ReferenceInstance
    journal: Path
    told: Mapping[str, Any]
    """What is declared of its channels."""

    def until(self, holds: Callable[[JournalReader], bool]) -> None:
        """Wait until the journal says so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with JournalReader.read(self.journal, environment="reference") as reader:
                if holds(reader):
                    return
                seen = [event.text for event in reader.events()]
            assert time.monotonic() < deadline, seen
            time.sleep(0.2)

    def judged(self, only: str, declared: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> CheckResult:
        """What a run of another terminal says of the last while."""
        overlay = {"watch": {"journal": str(self.journal), **self.told}, **declared}
        request = Request(
            environment="reference", project=Path(), gate="sign-off", only=[only], exactly=True, overlay=overlay
        )
        (check,) = results_of(prepare(request, environ or {}, instance=self.instance)).checks
        return check

    def green_at_last(self) -> CheckResult:
        """What it says once it is green: a machine that is busy with other tests is slow, and that alarms, truly."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            check = self.judged("watch-green", GREEN)
            if check.outcome is Outcome.PASS or time.monotonic() > deadline:
                return check


@contextmanager
def running(journal: Path, *faults: str, environ: Mapping[str, str] | None = None) -> Iterator[Running]:
    """The bundled service is watched, without an end; its faults are there when the test says so."""
    told = {"channels": {"oncall": "ONCALL_URL"}} if environ else {}
    request = WatchRequest(
        environment="reference", project=Path(), faults=faults, overlay={"journal": str(journal), **told}
    )
    with opened(request, environ or {}) as watch:
        assert watch.demonstration is not None
        stop = threading.Event()
        rounds = threading.Thread(target=watch.watcher.run, args=(stop,))
        rounds.start()
        try:
            yield Running(watch, watch.demonstration.instance, journal, told)
        finally:
            stop.set()
            rounds.join()


def knows_release(reader: JournalReader) -> bool:
    """At both addresses."""
    facts = [one.text for one in reader.events() if one.kind == FACT and one.text.startswith(RELEASE_AT)]
    return len(facts) == 2


def seconds_without_alarm(reader: JournalReader, seconds: float) -> bool:
    """Whether so long has been watched, and nothing stands."""
    last = reader.last_round()
    return last is not None and last.at >= seconds and all(not alert.id for alert in reader.alerts().values())


def alarms(reader: JournalReader) -> bool:
    """Whether somebody is told that searches fail."""
    return any(one.threshold == "api-errors" and one.after is AlertState.FIRING for one in reader.transitions())


@pytest.mark.whole
def test_running_watch_of_the_bundled_service_is_green_and_then_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release is known at once, and an alarm is seen while it stands: nobody simulates anything here."""
    monkeypatch.chdir(tmp_path)
    with running(tmp_path / "journal.sqlite3", "searches-fail") as watch:
        watch.until(knows_release)
        watch.until(lambda reader: seconds_without_alarm(reader, 5.0))
        well = watch.green_at_last()
        assert watch.watch.demonstration is not None
        watch.watch.demonstration.begin(lambda _text: None)
        watch.until(alarms)
        ill = watch.judged("watch-green", GREEN)
    assert well.outcome is Outcome.PASS, well.worst.message
    assert ill.outcome is Outcome.FAIL, ill.worst.message
    assert "still open: " in ill.worst.message
    assert "within the last 3 s: " in ill.worst.message
    assert "api-errors-1" in ill.worst.message


def state_of_payments(reader: JournalReader) -> AlertState | None:
    """Where the alert of payments stands."""
    alert = reader.alerts().get("payment-failures")
    return alert.state if alert else None


@pytest.mark.whole
@pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning")
def test_alarm_of_payments_is_proved_by_a_watch_and_a_message_that_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a test nobody can say; another address is another channel; a series that is gone wakes nobody."""
    monkeypatch.chdir(tmp_path)
    box, journal = Mailbox(), tmp_path / "journal.sqlite3"
    with listening(MailServer(box)) as port:
        environ = {"ONCALL_URL": mail_url(port)}
        with running(journal, "metrics-without-payments", environ=environ) as watch:
            watch.until(lambda reader: state_of_payments(reader) is AlertState.OK)
            untested = watch.judged("alarm-payments", ALARM, environ)
            overlay = {"journal": str(journal), **watch.told}
            request = WatchRequest(environment="reference", project=Path(), overlay=overlay)
            (receipt,) = try_channels(request, environ)
            tested = watch.judged("alarm-payments", ALARM, environ)
            elsewhere = watch.judged("alarm-payments", ALARM, {"ONCALL_URL": mail_url(port + 1)})
            assert watch.watch.demonstration is not None
            watch.watch.demonstration.begin(lambda _text: None)
            watch.until(lambda reader: state_of_payments(reader) is AlertState.NO_DATA)
            gone = watch.judged("alarm-payments", ALARM, environ)
    assert receipt.delivered, receipt.answer
    assert any("TEST" in str(message["Subject"]) for message in box.messages)
    assert (untested.outcome, untested.worst.message) == (Outcome.ERROR, "oncall was never sent a test message")
    assert tested.outcome is Outcome.PASS, tested.worst.message
    assert tested.proves == ["alerts.payments"]
    assert elsewhere.outcome is Outcome.ERROR
    assert "oncall has another address than the one that was tested" in elsewhere.worst.message
    assert gone.outcome is Outcome.FAIL
    assert "payment-failures cannot be read: " in gone.worst.message
