"""Steps in a real Chromium: a failed step leaves what was to be seen, and nothing private; a replay shows the same."""

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from gonogo.base.errors import UsageError
from gonogo.base.wakefulness import BUSY
from gonogo.families.browser.programs import executable
from gonogo.families.browser.section import Browser
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.publish import open_folder
from gonogo.runs.replay import judged_again
from gonogo.runs.session import verify
from tests.docs.blocks import ROOT, blocks
from tests.support.shop_window import ENVIRONMENT, SHOWN, TYPED, open_shop

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
          return [...document.querySelectorAll(".window img")].some(image => image.naturalWidth);
        }"""
    )
    sizes = reader.eval_on_selector_all(".window img", "images => images.map(image => image.naturalWidth)")
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
    write_project(tmp_path, ENVIRONMENT.format(port=443, root="root.pem"))
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


def test_picture_is_a_jpeg(walked: Walked) -> None:
    """Small enough to be mailed."""
    content = base64.b64decode(walked.shown("window-pays")["image"], validate=True)
    assert content.startswith(b"\xff\xd8\xff")
    assert len(content) < 150_000
