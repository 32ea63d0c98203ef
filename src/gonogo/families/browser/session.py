"""One journey's Chromium, used in the journey's own thread only, and ended with it whatever happens."""

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from greenlet import greenlet
from playwright.sync_api import Error, Page, TimeoutError, sync_playwright  # noqa: A004 - Playwright's own name

from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.evidence.journey import PageRecord, RequestRecord
from gonogo.families.browser.programs import executable, private_roots
from gonogo.families.browser.roots import trust_in
from gonogo.families.browser.section import Browser
from gonogo.families.browser.watched_page import WatchedPage, without
from gonogo.families.world import Stopped, World

_LOOK_SECONDS = 0.1
"""How often a call that waits for the page looks whether the run is to end."""
_MOST_PAGES = 2
_LONGEST = 500
_HTTPS = 443
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH")
"""Variables that a browser needs; the others hold secrets, and are none of its business."""
_NET_ERROR = re.compile(r"net::(ERR_[A-Z0-9_]+)")
_OURS = re.compile(
    r"ERR_(INTERNET_DISCONNECTED|NETWORK_\w+|NAME_\w+|ADDRESS_\w+|ACCESS_DENIED|INSUFFICIENT_RESOURCES|OUT_OF_MEMORY|"
    r"CONNECTION_TIMED_OUT|PROXY_\w+|TUNNEL_\w+)"
)
"""Failures of which the service knows nothing: this machine did not reach it."""
_ENDED = re.compile(r"crashed|has been closed|connection closed", re.IGNORECASE)
_WAITED = "Call log:"
"""In the message of an expectation that was waited for, and not met."""
_SNAPSHOT = "Aria snapshot:"
"""What follows it in such a message is all that the page holds, what stands in its fields included."""
_TYPED = re.compile(r'(?<=fill)\("(?:[^"\\]|\\.)*"\)|(?<=type)\("(?:[^"\\]|\\.)*"\)')
"""What a call was to put into a field, in its log."""


class BrowserSession:
    """A browser that trusts, resolves and names itself as the environment says. Raises UsageError and Unobserved."""

    def __init__(self, declared: Browser, world: World, index: int, record: Callable[[RequestRecord], None]) -> None:
        self._world = world
        self._record = record
        self._base, name, address = _front(world, index)
        self._began = time.monotonic()
        self._pages: list[WatchedPage] = []
        self._stopped: Stopped | None = None
        self._closed = False
        with ExitStack() as resources, _told():
            home = Path(
                resources.enter_context(TemporaryDirectory(prefix="gonogo-browser-", ignore_cleanup_errors=True))
            )
            self.home = str(home)
            trust_in(home, private_roots(world.environment))
            driver = resources.enter_context(sync_playwright())
            # Playwright leaves its loop marked as running in this thread; between its calls it stands still.
            self._loop = asyncio.get_running_loop()
            self._browser = driver.chromium.launch(
                executable_path=executable(declared),
                args=["--no-proxy-server", f"--host-resolver-rules={_resolver_rules(world, name, address)}"],
                env=_variables(home),
                # Ctrl-C is ours to hear: whoever is told of it by us is closed in order.
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            self._agent = f"{self._own_agent()} gonogo/{world.run_id}"
            self._resources = resources.pop_all()
        self._look()

    def page(self) -> Page:
        """A new page with cookies of its own; it stays open until the journey ends, unless a step closes it."""
        self._world.alive()
        context = self._browser.new_context(base_url=self._base, user_agent=self._agent)
        patience = self._world.environment.limits.probe.total_seconds() * 1000
        context.set_default_timeout(patience)
        context.set_default_navigation_timeout(patience)
        context.on("page", self._watch)
        return context.new_page()

    def begin_step(self) -> None:
        """Forget what pages said in the steps before."""
        self._began = time.monotonic()
        self._pages = [page for page in self._pages if page.is_open]
        for page in self._pages:
            page.forget()

    def failed(self, error: BaseException) -> tuple[BaseException, Sequence[PageRecord]]:
        """What a step's error means that came out of the browser, any other as it is; and what the newest pages show."""
        if self._stopped is not None:
            return self._stopped, ()
        shown = [page for page in self._pages if page.is_open and self._browser.is_connected()][-_MOST_PAGES:]
        records = [page.record() for page in shown]
        return self._explained(error, [value for page in shown for value in page.typed]), records

    def _explained(self, error: BaseException, typed: Sequence[str]) -> BaseException:
        """The error in one line, without what stands in fields of passwords."""
        if not isinstance(error, Error | AssertionError):
            return error
        text = without(_TYPED.sub('("***")', str(error)), typed)
        if isinstance(error, AssertionError) and _WAITED not in text:
            return AssertionError(text)
        message = _in_one_line(text.partition(_SNAPSHOT)[0])
        if not isinstance(error, AssertionError | TimeoutError):
            return _explained(message)
        busy = WAKEFULNESS.too_busy(self._began)
        return Unobserved(f"{busy}; meanwhile: {message}") if busy else AssertionError(message)

    def close(self) -> None:
        """End the browser and its driver, and forget its profile."""
        self._closed = True
        with suppress(Error):
            self._browser.close()
        self._resources.close()

    def _own_agent(self) -> str:
        with self._browser.new_page() as blank:
            return str(blank.evaluate("navigator.userAgent"))

    def _watch(self, page: Page) -> None:
        self._pages.append(WatchedPage(page, self._world.redactor, self._record))

    def _look(self) -> None:
        """Close the browser when the run is to end: whatever call waits for a page then comes back at once."""
        if self._closed:
            return
        try:
            self._world.alive()
        except Stopped as stopped:
            self._stopped = stopped
            # Playwright's calls wait by switching greenlets; its own loop must not wait for itself.
            greenlet(self._end).switch()
        else:
            self._loop.call_later(_LOOK_SECONDS, self._look)

    def _end(self) -> None:
        with suppress(Error):
            self._browser.close(reason=str(self._stopped))


@contextmanager
def _told() -> Iterator[None]:
    """Translate what keeps a browser from starting: it says nothing about the service."""
    try:
        yield
    except Error as error:
        hint = "start the same program by hand; in a container it needs room in /dev/shm and its own libraries"
        raise Unobserved(f"Chromium did not start: {_in_one_line(str(error))}", hint=hint) from None


def _front(world: World, index: int) -> tuple[str, str, str]:
    """The base URL of the service, its name, and one of its addresses in turn. Raises Unobserved."""
    parts = urlsplit(world.environment.service.base_url)
    name = parts.hostname or ""
    host = world.environment.hosts.get(name)
    if host is None:
        raise Unobserved(f"no address of {name} is declared")
    port = parts.port or host.http_port if parts.scheme == "http" else host.https_port
    shown = f"[{name}]" if ":" in name else name
    authority = shown if parts.scheme == "https" and port == _HTTPS else f"{shown}:{port}"
    return f"{parts.scheme}://{authority}", name, host.addresses[index % len(host.addresses)]


def _resolver_rules(world: World, front: str, address: str) -> str:
    """Where declared names lead, whatever the name service of this machine says; others are resolved as everywhere."""
    leads = {name: host.addresses[0] for name, host in world.environment.hosts.items()} | {front: address}
    return ", ".join(f"MAP {name} {f'[{to}]' if ':' in to else to}" for name, to in leads.items() if name != to)


def _variables(home: Path) -> dict[str, str | float | bool]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed_on, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}


def _explained(message: str) -> BaseException:
    """A refusal is the service's, a lost network is ours, and a wrong locator is the step's author's."""
    failed = _NET_ERROR.search(message)
    if failed and _OURS.fullmatch(failed[1]):
        return Unobserved(message, hint="does this machine reach the service?")
    if failed and failed[1].startswith("ERR_CERT_"):
        return AssertionError(f"Chromium refuses its certificate: {message}")
    if failed and failed[1] != "ERR_ABORTED":  # which a download is as well
        return AssertionError(message)
    if _ENDED.search(message):
        return Unobserved(f"the browser ended: {message}", hint="has this machine enough memory for it?")
    return Error(message)


def _in_one_line(message: str) -> str:
    return " ".join(message.split())[:_LONGEST]
