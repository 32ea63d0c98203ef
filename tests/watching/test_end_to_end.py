"""From a fault to a message that arrived, and to RESOLVED: the command, the bundled service, real mail, a real Alertmanager."""

import json
import os
import queue
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gonogo.families.watch.journal_reader import JournalReader
from tests.docs.blocks import ROOT, blocks
from tests.support.threads import listening
from tests.watching.test_alertmanager import alertmanager
from tests.watching.test_channels import Mailbox, MailServer, mail_url

pytestmark = pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning")


@dataclass(frozen=True, slots=True)
class Watched:
    """What a whole watch left behind."""

    code: int
    output: str
    mailbox: Mailbox
    hooked: list[Mapping[str, Any]]
    journal: Path


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """The half minute of docs/watch.md, with two channels."""
    project, mailbox = tmp_path_factory.mktemp("project"), Mailbox()
    with listening(MailServer(mailbox)) as port, alertmanager(tmp_path_factory.mktemp("alertmanager")) as real:
        environ = {**os.environ, "ONCALL_URL": mail_url(port), "TEAM_URL": real.base}
        (shown,) = blocks(ROOT / "docs" / "watch.md")
        telling = ["--tell", "oncall=ONCALL_URL", "--tell", "team=TEAM_URL"]
        command = [sys.executable, "-m", *shlex.split(shown), *telling]
        done = subprocess.run(  # noqa: S603 - this interpreter
            command, cwd=project, env=environ, capture_output=True, text=True, timeout=300, check=False
        )
        hooked = list(_everything(real.called))
    return Watched(
        done.returncode, done.stdout + done.stderr, mailbox, hooked, project / "reports/reference/watch/journal.sqlite3"
    )


def _everything(called: "queue.Queue[Mapping[str, Any]]") -> Iterator[Mapping[str, Any]]:
    """What the Alertmanager's hook was called with; it calls within a second of what it is told."""
    try:
        while True:
            yield called.get(timeout=3)
    except queue.Empty:
        return


def test_the_alarm_and_its_end_arrive_by_mail(watched: Watched) -> None:
    """Somebody who sleeps beside a phone must hear of both."""
    texts = [f"{message['Subject']}\n{message.get_content()}" for message in watched.mailbox.messages]
    began = [text for text in texts if "CRITICAL reference" in text and "API error rate (critical)" in text]
    over = [text for text in texts if "API error rate: resolved" in text]
    assert began, (texts, watched.output)
    assert over, (texts, watched.output)
    assert texts.index(began[0]) < texts.index(over[-1])
    assert "gonogo ack api-errors-1" in began[0]


def test_the_alertmanager_has_it_firing_and_then_resolved(watched: Watched) -> None:
    """A team that has an Alertmanager routes by it."""
    states = [
        alert["status"]
        for call in watched.hooked
        for alert in call["alerts"]
        if alert["labels"].get("threshold") == "api-errors"
    ]
    assert states[0] == "firing", (watched.hooked, watched.output)
    assert states[-1] == "resolved"


def test_the_command_says_what_began_and_what_ended(watched: Watched) -> None:
    """It is read on a terminal, behind a deployment."""
    assert re.search(r"FIRING +api-errors-1 ", watched.output), watched.output
    assert re.search(r"RESOLVED +api-errors-1 ", watched.output), watched.output


def test_the_journal_has_a_receipt_for_each_announcement(watched: Watched) -> None:
    """Who asks afterwards whether anybody was told must find it."""
    with JournalReader.read(watched.journal, environment="reference") as journal:
        receipts = [one for one in journal.receipts() if one.alert == "api-errors-1"]
        assert not journal.unsent()
    assert {(one.channel, one.event) for one in receipts if one.delivered} >= {
        ("oncall", "began"),
        ("team", "escalated"),  # nobody acknowledged it within five seconds
        ("oncall", "resolved"),
        ("team", "resolved"),
    }


def test_no_secret_is_anywhere(watched: Watched) -> None:
    """The addresses of channels hold passwords."""
    written = watched.output.encode() + watched.journal.read_bytes() + json.dumps(watched.hooked).encode()
    assert b"p4ss-word-12345" not in written
