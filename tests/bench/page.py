"""``make bench``: how large the sign-off page is, and how long it takes to make and to open, by number of checks.

Beside it the page that pytest-html writes of as many tests that pass and say nothing, opened by the same browser.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from gonogo.record.archive import read_results
from gonogo.record.results import CheckResult, Observation, Results
from gonogo.report.html import render_signoff
from gonogo.verdict.decision import count

_SAMPLE = Path(__file__).parents[2] / "reports" / "sample" / "results.json"
_SIZES = (20, 500, 5000)
_OPENINGS = 5
"""Each page is opened as often, by turns; the fastest counts."""
_OPENED = "performance.getEntriesByType('navigation')[0].domComplete"


def grown(sample: Results, size: int) -> Results:
    """As many checks as asked for: those of a real run again and again, no two with the same facts."""
    checks = [_copy(sample.checks[number % len(sample.checks)], number // len(sample.checks)) for number in range(size)]
    return replace(sample, checks=checks, counts=count(checks))


def _copy(check: CheckResult, number: int) -> CheckResult:
    if not number:
        return check
    seen = [_seen(one, number) for one in check.observations]
    return replace(check, id=f"{check.id}-{number}", observations=seen)


def _seen(observation: Observation, number: int) -> Observation:
    facts = {
        kind: {**value, "copy": number} if isinstance(value, dict) else [value, number]
        for kind, value in observation.facts.items()
    }
    return replace(observation, facts=facts)


def opened(browser: Browser, page: bytes) -> float:
    """Seconds until everything is laid out."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "signoff.html"
        path.write_bytes(page)
        tab = browser.new_page()
        tab.goto(path.as_uri())
        tab.evaluate("document.body.offsetHeight")
        took: float = tab.evaluate(_OPENED)
        tab.close()
    return took / 1000


def of_pytest_html(size: int) -> bytes:
    """The page of as many tests: of its own pytest, which knows nothing of gonogo's plugin."""
    with TemporaryDirectory() as folder:
        tests, page = Path(folder) / "test_many.py", Path(folder) / "report.html"
        tests.write_text(
            f"import pytest\n\n@pytest.mark.parametrize('number', range({size}))\ndef test_one(number):\n    pass\n"
        )
        options = ["-q", "-p", "no:gonogo", "-p", "no:cacheprovider", f"--rootdir={folder}", "-c", "/dev/null"]
        options += [f"--html={page}", "--self-contained-html"]
        subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-m", "pytest", *options, str(tests)], check=True, capture_output=True, cwd=folder
        )
        return page.read_bytes()


def main() -> None:
    """The first rendering reads the templates; it is not counted."""
    sample = read_results(_SAMPLE)
    render_signoff(sample)
    print("checks     size     made   opened   pytest-html    opened   ratio")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opened(browser, b"")
        for size in _SIZES:
            results = grown(sample, size)
            began = time.perf_counter()
            page = render_signoff(results)
            made = time.perf_counter() - began
            other = of_pytest_html(size)
            turns = [(opened(browser, page), opened(browser, other)) for _ in range(_OPENINGS)]
            ours, theirs = (min(side) for side in zip(*turns, strict=True))
            print(
                f"{size:>6} {len(page) / 1000:>5.0f} kB {made:>6.2f} s {ours:>6.2f} s {len(other) / 1000:>10.0f} kB "
                f"{theirs:>7.2f} s {ours / theirs:>7.2f}",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
