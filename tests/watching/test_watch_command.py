"""``gonogo watch`` as people see it: against a service in memory, with a disk that becomes full under it."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gonogo.base.errors import UsageError
from gonogo.cli.program import cli
from gonogo.watching.own_alarm import JOURNAL
from tests.support.ports import closed_port
from tests.support.small_disks import needs_root, small_disk
from tests.support.threads import listening
from tests.watching.test_channels import PASSWORD, TOKEN, Mailbox, MailServer, mail_url

FILE = """
[service]
name = "Shop"
base_url = "https://shop.example.com"
without = ["dns", "hosts", "http", "ports", "mongodb", "redis", "servers", "digitalocean", "atlas", "stripe", "sentry",
    "mail", "smoke", "load", "variables", "records", "banners", "files", "requests", "api", "browser", "compose"]

[watch]
prometheus = "{url}"
journal = "{journal}"
every = "250 ms"

[watch.thresholds.full]
title = "There is room"
signal.promql = "full"
above = 0.9
severity = "critical"
"""


@pytest.fixture(scope="module")
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server, and its port."""
    box = Mailbox()
    with listening(MailServer(box)) as port:
        yield box, port


@contextmanager
def asked(at_question: Callable[[int], None]) -> Iterator[str]:
    """The address of a Prometheus to which all is well; each question is told to the test first."""
    questions = list[int]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            questions.append(len(questions))
            at_question(len(questions))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            sample = {"resultType": "scalar", "result": [1.0, "0.1"]}
            self.wfile.write(json.dumps({"status": "success", "data": sample}).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - of the standard library
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def watched(project: Path, url: str, journal: Path, *options: str) -> Result:
    """The command's exit code and lines."""
    (project / "environments").mkdir()
    (project / "environments" / "shop.toml").write_text(FILE.format(url=url, journal=journal))
    return CliRunner().invoke(cli, ["watch", "--env", "shop", *options], standalone_mode=False)


@needs_root
def test_disk_that_becomes_full_under_a_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on to its end, and says so; what could not be written is no success, and no failure of the service."""
    monkeypatch.chdir(tmp_path)
    with small_disk(tmp_path / "disk") as disk:
        journal = disk.folder / "journal.sqlite3"
        with asked(lambda number: disk.fill() if number == 3 else None) as url:
            result = watched(tmp_path, url, journal, "--for", "6 s")
        lines = result.output.splitlines()
    told = f"{journal}: the disk is full; free some space: what was written before is kept"
    assert result.return_value == 3
    assert any(f" FIRING    {JOURNAL}-1  The watch cannot write its journal: {told}" in line for line in lines)
    assert f"OPEN     {JOURNAL}-1 (firing)" in lines
    assert re.search(
        rf"^LOST     \d+ rounds since .* are not in the journal: {re.escape(told)}$", result.output, re.MULTILINE
    )


def test_message_to_every_channel_that_says_it_is_a_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mailbox: tuple[Mailbox, int]
) -> None:
    """One took it and two did not: each is told by its name, none by its address, and it is no success."""
    monkeypatch.chdir(tmp_path)
    box, port = mailbox
    box.messages.clear()
    secrets = {
        "ONCALL_URL": mail_url(port),
        "TEAM_URL": f"json://127.0.0.1:{closed_port()}/{TOKEN}",
        "BOSS_URL": f"http://127.0.0.1:{closed_port()}/{TOKEN}",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    channels = [f"--tell={name.removesuffix('_URL').lower()}={name}" for name in secrets]
    journal = tmp_path / "journal.sqlite3"
    result = watched(tmp_path, "http://127.0.0.1:9", journal, *channels, "--test-channels")
    assert result.return_value == 1
    lines = [re.sub(r"\d\d:\d\d:\d\d", "TIME", line) for line in result.output.splitlines()]
    assert lines[:3] == [
        "accepted oncall, TIME UTC: accepted by E-Mail",
        "FAILED   team, TIME UTC: JSON: it could not be reached, the connection was cut off, or the login was refused",
        "FAILED   boss, TIME UTC: Alertmanager: refused: nothing listens",
    ]
    assert not any(word in result.output for word in (TOKEN, PASSWORD, str(port)))
    assert not journal.exists()
    (message,) = box.messages
    assert message["Subject"] == "TEST shop: gonogo watch, no action is needed"
    text = message.get_content()
    assert text.startswith("This is a test: nothing is wrong, and no action is needed.")
    assert "channel oncall of shop works" in text


def test_every_channel_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mailbox: tuple[Mailbox, int]) -> None:
    """Then it is a success; without any channel there is nothing to be tested, and that is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONCALL_URL", mail_url(mailbox[1]))
    result = watched(tmp_path, "http://127.0.0.1:9", tmp_path / "j", "--tell=oncall=ONCALL_URL", "--test-channels")
    assert result.return_value == 0
    (tmp_path / "environments" / "shop.toml").unlink()
    (tmp_path / "environments").rmdir()
    result = watched(tmp_path, "http://127.0.0.1:9", tmp_path / "j", "--test-channels")
    assert isinstance(result.exception, UsageError)
    assert "environments/shop.toml: watch.channels: names no channel" in str(result.exception)
