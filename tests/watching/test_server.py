"""The page's server over real sockets: whom it answers, what it never says, and that nobody can hold it up."""

import importlib
import json
import socket
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import Reading
from gonogo.watching import server
from gonogo.watching.rows import STATE, LiveState, Word
from gonogo.watching.server import MOST_LISTENERS, LivePage
from gonogo.watching.state import live_state
from tests.report.conftest import HOSTILE
from tests.watching.samples import EVERY, Day, full, launch_section

ASK = httpx.Client(trust_env=False, verify=False, limits=httpx.Limits(max_keepalive_connections=0), timeout=20)  # noqa: S501 - no TLS
TOKEN = "a-token-of-the-launch-room"


def until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait for it, with a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def alarmed() -> LiveState:
    """A state with everything in it, and an alarm."""
    day = Day()
    day.rounds_until(600)
    day.rounds_until(900, api_errors=Reading(at=0, value=0.12, events=900))
    failed = replace(full(day), channel_failures={"oncall": 3}, channels_down={"oncall": "connection refused"})
    return live_state(failed, launch_section(), day.watch, day.last)


@pytest.fixture
def page(alarmed: LiveState) -> Iterator[LivePage]:
    """On loopback, with a state."""
    with LivePage() as page:
        page.publish(alarmed)
        yield page


@contextmanager
def events(url: str) -> Iterator[Iterator[dict[str, object]]]:
    """What a listener gets, event by event."""
    with ASK.stream("GET", f"{url}events") as reply:
        assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield (json.loads(line.removeprefix("data: ")) for line in reply.iter_lines() if line.startswith("data: "))


def test_page_is_whole_without_javascript(page: LivePage, alarmed: LiveState) -> None:
    """The state stands in the page itself, which reloads by itself."""
    reply = ASK.get(page.url)
    assert reply.status_code == 200
    assert f"<h1>{alarmed.word}</h1>" in reply.text
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in reply.text
    for text in (alarmed.reason, "Davi Lima", "taking the release back", "Look at the newest deployment", "T+"):
        assert text in reply.text
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["cache-control"] == "no-store"
    assert " style=" not in reply.text, "the policy would not let it through"


def test_state_for_programs(page: LivePage, alarmed: LiveState) -> None:
    """The same, as JSON."""
    assert STATE.validate_json(ASK.get(f"{page.url}state.json").content) == alarmed


def test_metrics_are_prometheus_own_format(page: LivePage) -> None:
    """Held against Prometheus' own linter and parser: who watches the watcher reads numbers, not a guess."""
    text = ASK.get(f"{page.url}metrics").text
    linted = subprocess.run(
        ["promtool", "check", "metrics"],  # noqa: S607 - Debian's
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert values["gonogo_watch_rounds_total",] == 60
    assert values["gonogo_watch_round_seconds",] == 0.21
    assert values["gonogo_watch_word", "ABORT"] == 1
    assert values["gonogo_watch_word", "ALL WELL"] == 0
    assert values["gonogo_watch_alerts", "firing"] == 1
    assert values["gonogo_watch_alerts", "ok"] == 4
    assert values["gonogo_watch_channel_failures_total", "oncall"] == 3
    assert values["gonogo_watch_channel_down", "oncall"] == 1
    assert values["gonogo_watch_channel_down", "team"] == 0


def test_before_the_first_round() -> None:
    """Nothing is known yet, which is neither well nor the end of the page."""
    with LivePage() as page:
        for path in ("", "live.json", "state.json"):
            assert ASK.get(f"{page.url}{path}").status_code == 503
        assert "gonogo_watch_listeners 0.0" in ASK.get(f"{page.url}metrics").text


def test_listener_gets_the_newest_and_what_comes(page: LivePage, alarmed: LiveState) -> None:
    """At once, not with the next round."""
    with events(page.url) as told:
        first = next(told)
        assert str(first["title"]).startswith("ABORT")
        page.publish(replace(alarmed, word=Word.LOOK, reason="Another reason."))
        second = next(told)
        assert str(second["title"]).startswith("LOOK")
        assert "Another reason." in str(second["body"])
    until(lambda: page.listeners == 0, "the listener that left is forgotten")


def test_blind_by_itself_when_the_watch_hangs(alarmed: LiveState) -> None:
    """Whoever opens the page while the loop hangs is not shown what was well an hour ago."""
    seconds = [1000.0]
    with LivePage(seconds=lambda: seconds[0]) as page:
        page.publish(alarmed)
        assert ASK.get(f"{page.url}state.json").json()["word"] == "ABORT"
        seconds[0] += 2 * EVERY.total_seconds() + 1
        assert ASK.get(f"{page.url}state.json").json()["word"] == "BLIND"
        assert "<h1>BLIND</h1>" in ASK.get(page.url).text
        event = ASK.get(f"{page.url}live.json").json()
        assert event["age"] > event["patience"]
        assert 'gonogo_watch_word{word="BLIND"} 1.0' in ASK.get(f"{page.url}metrics").text


@pytest.mark.parametrize(
    "path", ["", "/", "/events", "/state.json", "/metrics", "/wrong/", "/wrong/state.json", f"/{TOKEN}x/"]
)
def test_without_the_token_there_is_nothing(alarmed: LiveState, path: str) -> None:
    """Not even that there is a page."""
    with LivePage(token=TOKEN) as page:
        page.publish(alarmed)
        root = page.url.removesuffix(f"/{TOKEN}/")
        reply = ASK.get(f"{root}{path}")
        assert reply.status_code == 404
        assert "WorkMe" not in reply.text


def test_with_the_token_everything_is_there(alarmed: LiveState) -> None:
    """And nothing that is sent repeats it."""
    with LivePage(token=TOKEN) as page:
        page.publish(alarmed)
        assert page.url.endswith(f"/{TOKEN}/")
        for path in ("", "state.json", "live.json", "metrics"):
            reply = ASK.get(f"{page.url}{path}")
            assert reply.status_code == 200
            assert TOKEN not in reply.text
        assert ASK.get(page.url.removesuffix("/"), follow_redirects=True).url == page.url


def test_beyond_this_machine_there_is_always_a_token() -> None:
    """Nobody has to think of it."""
    assert LivePage(host="127.0.0.1").url.count("/") == 3
    one, other = (LivePage(host="192.0.2.1", port=8000).url for _ in range(2))
    assert one.startswith("http://192.0.2.1:8000/")
    assert len(one.split("/")[3]) >= 32
    assert one != other


def test_name_of_somebody_else_for_this_machine_is_refused(page: LivePage) -> None:
    """DNS rebinding: a foreign page must not read ours through a browser of the launch room."""
    assert ASK.get(page.url, headers={"Host": "attacker.test"}).status_code == 400
    assert ASK.get(page.url, headers={"Host": "localhost"}).status_code == 200


def test_address_that_is_taken(page: LivePage) -> None:
    """A sentence, before the watch begins."""
    with pytest.raises(UsageError, match=r"cannot be served at 127.0.0.1, port .*choose another --host"):
        LivePage(port=int(page.url.split(":")[2].strip("/"))).start()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback for whoever installed the bare program."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "gonogo.watching.server")
    with pytest.raises(UsageError, match=r"needs uvicorn, and it is not installed: pip install 'gonogo\[watch\]'"):
        importlib.import_module("gonogo.watching.server")


def test_hostile_text_is_text(alarmed: LiveState) -> None:
    """Titles, notes and answers come from files, people and servers."""
    hostile = replace(
        alarmed,
        service=HOSTILE,
        reason=HOSTILE,
        changes=(HOSTILE,),
        alerts=(replace(alarmed.alerts[0], title=HOSTILE),),
    )
    with LivePage() as page:
        page.publish(hostile)
        text = ASK.get(page.url).text
        event = ASK.get(f"{page.url}live.json").json()
        for shown in (text, event["body"]):
            assert "<script>alert(1)" not in shown
            assert "&lt;script&gt;alert(1)" in shown
            assert "⟦U+202E⟧" in shown


def test_listeners_are_bounded(page: LivePage) -> None:
    """One more is told to come again, and reloads meanwhile; the others go on."""
    with ExitStack() as stack:
        told = [stack.enter_context(events(page.url)) for _ in range(MOST_LISTENERS)]
        for one in told:
            next(one)
        refused = ASK.get(f"{page.url}events")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10")
        assert ASK.get(f"{page.url}live.json").status_code == 200
    until(lambda: page.listeners == 0, "all that left are forgotten")
    with events(page.url) as one:
        next(one)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second is long."""
    monkeypatch.setattr(server, "_SLOW_SECONDS", 1.0)
    monkeypatch.setattr(server, "_STILL_SECONDS", 0.2)


def deaf(page: LivePage) -> socket.socket:
    """A listener that asks for events and never reads one."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.connect(("127.0.0.1", int(page.url.split(":")[2].strip("/"))))
    listener.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return listener


@pytest.mark.usefixtures("impatient")
def test_listener_that_does_not_read_is_dropped(alarmed: LiveState) -> None:
    """It holds up nobody, and what it did not take is not kept: its connection is closed by the system."""
    big = replace(alarmed, changes=("x" * 1_000_000,))
    with LivePage() as page, deaf(page) as listener, events(page.url) as told:
        until(lambda: page.listeners == 2, "both listen")
        rounds = iter(range(1000))

        def dropped() -> bool:
            page.publish(replace(big, rounds=next(rounds)))
            next(told)
            return page.listeners == 1

        until(dropped, "the deaf one is dropped")

        def closed() -> bool:
            try:
                return not listener.send(b"\r\n")
            except OSError:
                return True

        until(closed, "its connection is closed")


def test_stops_within_its_deadline_whoever_listens(alarmed: LiveState) -> None:
    """The watch ends when it is told to."""
    page = LivePage()
    page.start()
    page.publish(replace(alarmed, changes=("x" * 3_000_000,)))
    with deaf(page), events(page.url) as told:
        next(told)
        until(lambda: page.listeners == 2, "both listen")
        assert page.stop(within=10)
        assert list(told) == []
    assert not page.alive
    page.publish(alarmed)  # of no use, and no error


def a_day(every: int) -> list[LiveState]:
    """States of a whole day, one in so many rounds, with warnings that come and go."""
    day, states = Day(), list[LiveState]()
    while day.at < 86400:
        bad = {"api_slow": Reading(at=0, value=2.0, events=900)} if day.rounds % 400 < 30 else {}
        day.round(**bad)
        if day.rounds % every == 0:
            states.append(live_state(full(day), launch_section(), day.watch, day.last))
    return states


@pytest.mark.parametrize("every", [96, pytest.param(4, marks=pytest.mark.whole)])
def test_memory_does_not_grow_with_the_day(every: int) -> None:
    """A day of rounds in short, a listener reading along: the second half needs no more than the first."""
    states = a_day(every)
    sizes = list[int]()
    with LivePage() as page:
        page.publish(states[0])
        with events(page.url) as told:
            next(told)
            tracemalloc.start()
            for state in states[1:]:
                page.publish(state)
                next(told)
                sizes.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
    half = len(sizes) // 2
    first, second = max(sizes[half // 2 : half]), max(sizes[half:])
    assert second - first < 300_000, f"{first} bytes, then {second}"
