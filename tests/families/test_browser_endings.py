"""How a real Chromium of a journey ends: interrupted, at the deadline, or before it began; nothing of it stays behind."""

import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Page

from gonogo.base.errors import Unobserved
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.families.registry import environment_from
from gonogo.families.world import Stopped, World
from gonogo.journey.walk import Walk
from tests.support.shop_window import HOST, NOT_ITS_NAME, open_shop

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the browser driver's own


@contextmanager
def walking(environment: str, project: Path, *, seconds: float = 60) -> Iterator[Walk]:
    """A journey under way, in this thread."""
    with start_blocking_portal() as portal:
        world = World(
            environment=environment_from(tomllib.loads(environment), project),
            secrets=Secrets({}),
            run_id="20261101t120000z-0a1b2c",
            portal=portal,
            redactor=Redactor({}),
            deadline=time.monotonic() + seconds,
        )
        walk = Walk(world, "window")
        try:
            yield walk
        finally:
            walk.close()
            world.close()


def started_by(walk: Walk) -> set[Path]:
    """Processes of the walk's browser: they have the home that was made for it."""
    home = f"HOME={homes(walk)[0]}\0".encode()
    return {place for place in Path("/proc").glob("[0-9]*") if home in environment_of(place)}


def environment_of(process: Path) -> bytes:
    """The variables of a process; none if it ended."""
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def homes(walk: Walk) -> list[str]:
    """The folders that were made for the walk's browser."""
    return [companion.home for companion in walk.companions.values() if hasattr(companion, "home")]


def assert_ended(processes: set[Path]) -> None:
    """All of them end by themselves, soon."""
    deadline = time.monotonic() + 10
    while left := {place for place in processes if b"HOME=" in environment_of(place)}:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_interrupt_ends_the_browser(tmp_path: Path) -> None:
    """A call that waits for a page comes back at once; and a certificate of another name was refused before."""
    with open_shop(tmp_path / "tls") as environment, walking(environment, tmp_path) as walk:
        page = walk.browser.page()
        page.goto("/who")
        assert page.inner_text("body").endswith(f" gonogo/{walk.world.run_id}")
        elsewhere = walk.world.environment.service.base_url.replace(HOST, NOT_ITS_NAME)
        assert "ERR_CERT_COMMON_NAME_INVALID" in str(refused(walk, page, elsewhere))
        processes = started_by(walk)
        assert processes
        threading.Timer(0.5, walk.world.stopped.set).start()
        began = time.monotonic()
        with pytest.raises(Exception, match="interrupted") as caught:
            page.wait_for_selector("#never", timeout=60_000)
        assert isinstance(walk.explain(caught.value), Stopped)
        assert time.monotonic() - began < 30
        walk.close()
        assert_ended(processes)


def refused(walk: Walk, page: Page, url: str) -> BaseException:
    """What becomes of a page that cannot be opened."""
    with pytest.raises(Exception, match="net::") as caught:
        page.goto(url)
    error = walk.explain(caught.value)
    assert isinstance(error, AssertionError)
    return error


def test_deadline_ends_the_browser(tmp_path: Path) -> None:
    """As Ctrl-C does; and an authority that the environment does not trust was refused before."""
    with open_shop(tmp_path / "tls") as environment:
        public = "\n".join(line for line in environment.splitlines() if not line.startswith("trust ="))
        with walking(public, tmp_path) as walk:
            page = walk.browser.page()
            assert "ERR_CERT_AUTHORITY_INVALID" in str(refused(walk, page, "/"))
            processes = started_by(walk)
            walk.world.deadline = time.monotonic() + 0.5
            with pytest.raises(Exception, match="deadline") as caught:
                page.wait_for_selector("#never", timeout=60_000)
            assert isinstance(walk.explain(caught.value), Stopped)
            walk.close()
            assert_ended(processes)


def test_browser_that_does_not_start_says_nothing_of_the_service(tmp_path: Path) -> None:
    """It is an ERROR with a hint."""
    with open_shop(tmp_path / "tls") as environment:
        broken = f'{environment}executable = "/bin/false"\n'
        with walking(broken, tmp_path) as walk, pytest.raises(Unobserved, match="Chromium did not start"):
            walk.browser.page()
