"""The process that walks an OpenAPI document: without its library, without an answer, past its time, and interrupted."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.redaction import Redactor
from gonogo.families.api import document
from tests.reference.supervised import eventually
from tests.support.api_projects import declared, serving
from tests.support.process_table import children_of

if TYPE_CHECKING:
    from gonogo.families.api.section import Api
    from gonogo.families.world import World

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Slow", "version": "1"},
    "paths": {
        path: {"get": {"responses": {"200": {"description": ""}}}} for path in ("/me", "/first", "/second", "/third")
    },
}
API = """
[http]
openapi = "/openapi.json"
closed_paths = ["/.env"]

[api]
me = "/me"
who = "id"
opaque = true
closed = ["/me"]

[api.login]
post = "/login"
send = { email = "{email}", password = "{password}" }
token = "token"

[api.accounts.ann]
email = "ann@example.com"
password = "ANN_PASSWORD"

[api.accounts.ben]
email = "ben@example.com"
password = "BEN_PASSWORD"

[api.document]
requests = 1000
seconds = 60
"""
PASSWORDS = {"ANN_PASSWORD": "ann-of-the-laboratory", "BEN_PASSWORD": "ben-of-the-laboratory"}


class Stuck:
    """Answers whoever logs in, and nothing of its document until it is let go."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()

    def answer(self, method: str, path: str, fields: Mapping[str, Any], token: str) -> tuple[int, Any]:
        """One request."""
        del fields, token
        match method, path:
            case "GET", "/openapi.json":
                return 200, DOCUMENT
            case "POST", "/login":
                return 200, {"token": "opaque-token"}
        if path.partition("?")[0] not in DOCUMENT["paths"]:
            return 404, {}
        self.asked.set()
        self.released.wait(60)
        return 200, {}


def walkers(parent: int | None = None) -> list[int]:
    """The processes below this one, or that one, that walk a document."""
    pending, below = [parent or os.getpid()], list[int]()
    while pending:
        below += (children := children_of(pending.pop()))
        pending += children
    return [pid for pid in below if document._PROCESS.encode() in _command_of(pid)]  # noqa: SLF001 - what it starts


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Accepts, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def order(port: int, **budget: float) -> dict[str, Any]:
    """What the process is told, for a service at this port."""
    where = {"host": "api.example.test", "address": "127.0.0.1", "port": port, "verify": False}
    who: dict[str, Any] = {"users": [{}], "administrator": None, "shown": "", "secured": [], "left": {}, "run": "run-1"}
    how = {"requests": 100, "seconds": 60, "seed": 1, "writes": False, "invalid": False} | budget
    base_url = f"https://api.example.test:{port}"
    return {"document": json.dumps(DOCUMENT), "base_url": base_url, **where, **who, **how}


def world(alive: Callable[[], None] = lambda: None) -> "World":
    """As much of a run as the process is asked with."""
    return cast("World", SimpleNamespace(alive=alive, redactor=Redactor({})))


def test_extra_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is asked: no operation is taken for a good one."""
    monkeypatch.setitem(sys.modules, "schemathesis", None)
    with pytest.raises(Unobserved, match="Schemathesis is not installed") as error:
        document.hold(world(), cast("Api", None), [])
    assert error.value.hint == "install gonogo with its extra openapi"


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"seconds": 0}, "it was not asked: the 0 seconds of api.document.seconds were over"),
        ({"requests": 0}, "it was not asked: the 0 requests of api.document.requests were used up"),
    ],
)
def test_operations_that_the_budget_left_are_told_by_its_key(
    silent_port: int, budget: dict[str, float], said: str
) -> None:
    """None of them is known to be right; the process ends by itself."""
    told = order(silent_port, **budget)
    lines = document._answered(world(), told, 60)  # noqa: SLF001 - what the journey asks
    conformance = document._read(world(), lines, told, [])  # noqa: SLF001 - as above
    assert conformance.left == dict.fromkeys(["GET /me", "GET /first", "GET /second", "GET /third"], said)
    assert conformance.shown == "0 requests to 0 operations"
    assert walkers() == []


def test_process_past_its_time_is_ended_and_told(silent_port: int) -> None:
    """It may hang in a request, or in its own computing: nothing is left running."""
    with pytest.raises(Unobserved, match="could not be walked through in its time") as error:
        document._answered(world(), order(silent_port), 2)  # noqa: SLF001 - what the journey asks
    assert error.value.hint == "raise api.document.seconds"
    assert walkers() == []


def test_document_that_breaks_the_process_is_an_error_in_one_line(silent_port: int) -> None:
    """Its last word, and no traceback."""
    broken = order(silent_port) | {"document": "[]"}
    with pytest.raises(Unobserved, match="the document could not be walked through: ") as error:
        document._answered(world(), broken, 60)  # noqa: SLF001 - what the journey asks
    assert "\n" not in str(error.value)
    assert error.value.hint == "Schemathesis cannot read this document; exclude the operation"


def test_interrupted_run_ends_the_process(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a request: the run ends at once, and asks nothing more."""
    stuck = Stuck()
    with serving(stuck.answer) as port, declared(tmp_path, port, "Slow", API):
        run = subprocess.Popen(
            [sys.executable, "-m", "gonogo", "run", "--env", "staging", "--only", "document-covered"],
            cwd=tmp_path,
            env={**os.environ, **PASSWORDS},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert stuck.asked.wait(120)
        walking = walkers(run.pid)
        run.send_signal(signal.SIGINT)
        output, problem = run.communicate(timeout=60)
        assert len(walking) == 1
        assert eventually(lambda: not Path(f"/proc/{walking[0]}").exists())
        stuck.released.set()
    assert run.returncode == 130, problem
    assert "INCOMPLETE" in output
    assert "Traceback" not in problem
