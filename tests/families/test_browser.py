"""Steps in a real Chromium: names, trust and marks are the environment's, a failed step leaves what was to be seen."""

import base64
import json
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Page, sync_playwright

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.base.wakefulness import BUSY
from gonogo.families.browser.programs import executable
from gonogo.families.browser.section import Browser
from gonogo.families.registry import environment_from
from gonogo.families.world import Stopped, World
from gonogo.journey.walk import Walk
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.publish import open_folder
from gonogo.runs.replay import judged_again
from gonogo.runs.session import verify
from tests.docs.blocks import ROOT, blocks
from tests.support.shop_window import HOST, NOT_ITS_NAME, SHOWN, TYPED, open_shop

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the browser driver's own
SETTINGS = """
from gonogo.environment.types import SecretName
from gonogo.families.smoke.section import Smoke


class Settings(Smoke):
    debug_token: SecretName
"""
JOURNEY = f"""
import pytest
from playwright.sync_api import expect


@pytest.mark.check("window-opens")
def test_window_opens(walk):
    \"\"\"Nobody buys in the dark.

    Fix: open it.
    \"\"\"
    page = walk.keep["page"] = walk.browser.page()
    page.goto("/")
    expect(page.get_by_role("heading")).to_have_text("Lantern, books")


@pytest.mark.check("window-pays")
def test_window_pays(walk):
    \"\"\"Who cannot pay leaves.

    Fix: read the log of POST /api/pay.
    \"\"\"
    page = walk.keep["page"]
    page.get_by_role("link", name="Pay").click()
    page.get_by_label("E-mail").fill(walk.person("buyer").email)
    page.get_by_label("Password").fill("{TYPED}")
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_text("Something went wrong")).to_be_visible()
    expect(page.get_by_text("Thank you")).to_be_visible(timeout=500)


@pytest.mark.check("window-private")
def test_window_is_private(walk):
    \"\"\"A page for debugging is nobody's.

    Fix: close it.
    \"\"\"
    page = walk.keep["page"]
    page.goto("/secret")
    assert page.title() != "Debug", "the page for debugging is open to everybody"
"""
CATALOGUE = """
[window-opens]
title = "The window is open"
severity = "blocker"
effect = "write"

[window-pays]
title = "A customer pays"
severity = "blocker"
needs = ["window-opens"]
effect = "write"

[shop-pays]
title = "A customer of the document pays"
severity = "blocker"
effect = "write"

[window-private]
title = "The page for debugging is closed"
severity = "blocker"
needs = ["window-opens"]
effect = "write"
"""
SECRETS = {"SHOP_DEBUG_TOKEN": SHOWN}
IDS = ("window-opens", "window-pays", "window-private", "shop-pays")
_ATTEMPTS = 12


@dataclass(frozen=True)
class Walked:
    """A run of the journey, as it lies on the disk."""

    project: Path
    folder: Path

    def step(self, identifier: str) -> Any:  # noqa: ANN401 - JSON
        """Outcome, message and facts of one step."""
        checks = json.loads((self.folder / "results.json").read_bytes())["checks"]
        return next(check for check in checks if check["id"] == identifier)["observations"][0]

    def shown(self, identifier: str) -> Any:  # noqa: ANN401 - JSON
        """What the page showed when the step failed."""
        [page] = self.step(identifier)["facts"]["walk"]["pages"]
        return page


def of_the_document() -> str:
    """The step that docs/journeys.md shows."""
    [block] = [block for block in blocks(ROOT / "docs" / "journeys.md", "python") if "walk.browser" in block]
    return f"import pytest\nfrom gonogo.journey.walk import Walk as Shop\n{block}"


def write_project(folder: Path, environment: str) -> None:
    """A project whose one journey goes to the shop's window."""
    declared = environment.replace("[browser]", 'debug_token = "SHOP_DEBUG_TOKEN"\n\n[browser]')
    files = {
        "environments/staging.toml": declared,
        "smoke/settings.py": SETTINGS,
        "smoke/test_window.py": JOURNEY,
        "smoke/test_paying.py": of_the_document(),
        "smoke/catalogue.toml": CATALOGUE,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walked]:
    """One run for all who look at what came of it."""
    project = tmp_path_factory.mktemp("shop")
    with open_shop(project / "tls") as environment:
        write_project(project, environment)
        for _ in range(_ATTEMPTS):  # what this machine was too busy to tell is walked again
            prepared = prepare(Request(environment="staging", project=project, only=IDS), SECRETS)
            folder = open_folder(prepared, project / "reports")
            results = verify(prepared, folder).results
            prepared.close()
            if not any(BUSY in seen.message for check in results.checks for seen in check.observations):
                break
        yield Walked(project, folder.path)


@pytest.fixture
def reader() -> Iterator[Page]:
    """Somebody who looks at pages and pictures."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable(Browser()))
        yield browser.new_page()
        browser.close()


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


def test_steps_are_judged(walked: Walked) -> None:
    """What is right passes; what is not shown in time fails, in words."""
    assert [walked.step(identifier)["outcome"] for identifier in IDS] == ["pass", "fail", "fail", "pass"]
    assert walked.step("window-pays")["message"].endswith('- waiting for get_by_text("Thank you")')
    assert walked.step("window-opens")["facts"]["walk"]["pages"] == []
    requests = walked.step("window-opens")["facts"]["walk"]["requests"]
    assert [(request["request"].rpartition(":")[2][-1:], request["status"]) for request in requests] == [("/", 200)]


def test_failed_step_shows_the_page(walked: Walked, reader: Page) -> None:
    """The console, the requests in vain, and a picture with the password's field covered, on the sign-off page as well."""
    shown = walked.shown("window-pays")
    assert shown["title"] == "Pay"
    assert any("payment refused" in error for error in shown["errors"])
    assert any(request.endswith("/api/pay?… answered 500") for request in shown["failed_requests"])
    assert covered_share(reader, shown["image"]) > 0.005
    complaints: list[str] = []
    reader.on("console", lambda message: complaints.append(message.text))
    reader.goto((walked.folder / "signoff.html").as_uri())
    reader.wait_for_function(
        """() => {
          for (const fold of document.querySelectorAll("details")) fold.open = true;
          return [...document.querySelectorAll(".window img")].some(found => found.naturalWidth);
        }"""
    )
    sizes = reader.eval_on_selector_all(".window img", "found => found.map(one => one.naturalWidth)")
    assert (sizes, complaints) == ([1280], []), "below the page's own policy, which permits what it brings itself"


def covered_share(reader: Page, image: str) -> float:
    """The part of a picture that has the colour of covered fields."""
    share = reader.evaluate(
        """async image => {
            const picture = new Image(); picture.src = "data:image/jpeg;base64," + image; await picture.decode();
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [picture.width, picture.height];
            const context = canvas.getContext("2d"); context.drawImage(picture, 0, 0);
            const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
            let covered = 0;
            for (let at = 0; at < data.length; at += 4) {
                if ([0, 1, 2].every(colour => Math.abs(data[at + colour] - 0x44) < 6)) covered += 1;
            }
            return covered * 4 / data.length;
        }""",
        image,
    )
    return float(share)


def test_page_with_a_secret_is_not_kept(walked: Walked) -> None:
    """A picture cannot be redacted."""
    shown = walked.shown("window-private")
    assert not shown["image"]
    assert shown["no_image"] == "the page shows SHOP_DEBUG_TOKEN, so its picture was not kept"


def test_nothing_private_is_written(walked: Walked) -> None:
    """Neither what was typed, nor what the page showed, nor what stood in a query."""
    for path in walked.folder.iterdir():
        content = path.read_bytes()
        assert not [private for private in (TYPED, SHOWN, "in-a-query") if private.encode() in content], path


def test_replay_shows_the_same(walked: Walked) -> None:
    """From the record, without a browser."""
    again = judged_again(walked.folder, walked.project)
    [check] = [check for check in again.checks if check.id == "window-pays"]
    assert check.observations[0].facts["walk"]["pages"] == [walked.shown("window-pays")]


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


@pytest.mark.parametrize(
    ("missing", "cure"),
    [
        ("playwright", r"python -m pip install './gonogo-….whl\[browser\]'"),
        ("chromium", "apt-get install chromium"),
        ("certutil", "apt-get install libnss3-tools"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_asked(
    missing: str, cure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to install."""
    write_project(tmp_path, MANY_DECLARED)
    empty = tmp_path / "bin"
    empty.mkdir()
    for program in {"chromium", "certutil"} - {missing}:
        (empty / program).write_text("#!/bin/sh\n")
        (empty / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setenv("HOME", str(tmp_path))
    if missing == "playwright":
        monkeypatch.setitem(sys.modules, "playwright", None)
    with pytest.raises(UsageError, match=cure) as told:
        prepare(Request(environment="staging", project=tmp_path, only=IDS), SECRETS)
    assert "environments/staging.toml: [browser]: " in str(told.value)


MANY_DECLARED = """
[service]
name = "Lantern"
base_url = "https://shop.test"
without = ["dns", "http", "ports", "mongodb", "redis", "servers", "digitalocean", "atlas", "stripe", "sentry", "mail",
    "load", "variables"]

[permits]
effects = ["read", "write"]

[hosts."shop.test"]
addresses = ["192.0.2.1"]

[tls]
trust = "root.pem"
issuer = "Shop CA"

[smoke]
mail_domain = "smoke.shop.test"

[browser]
"""


def test_picture_is_a_jpeg(walked: Walked) -> None:
    """Small enough to be mailed."""
    content = base64.b64decode(walked.shown("window-pays")["image"], validate=True)
    assert content.startswith(b"\xff\xd8\xff")
    assert len(content) < 150_000
