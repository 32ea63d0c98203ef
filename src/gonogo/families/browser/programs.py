"""The programs of this machine that a page needs: a Chromium, and what makes it trust a private authority."""

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.environment.model import Environment
from gonogo.families.browser.section import Browser

_NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    *("microsoft-edge", "microsoft-edge-stable"),
)
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
_DOWNLOADS = (".cache/ms-playwright", "Library/Caches/ms-playwright")
"""Where ``playwright install`` puts its browsers, below the user's home."""
_DOWNLOADED = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/Chromium.app/Contents/MacOS/Chromium")


def demand_programs(declared: Browser, environment: Environment) -> None:
    """Raise UsageError, with the cure, unless this machine can open a page of this environment."""
    if find_spec("playwright") is None:
        raise UsageError(
            "[browser]: Playwright is not installed; install gonogo with its extra browser, from where you have gonogo: "
            "python -m pip install './gonogo-….whl[browser]'"
        )
    executable(declared)
    if private_roots(environment):
        certutil()


def executable(declared: Browser) -> str:
    """The path of a Chromium. Raises UsageError if there is none."""
    if declared.executable is not None:
        if not os.access(declared.executable, os.X_OK) or not Path(declared.executable).is_file():
            raise UsageError(f"browser.executable: {declared.executable} is no program that can be started here")
        return declared.executable
    for path in _usual():
        return path
    raise UsageError(
        "[browser]: no Chromium, Chrome or Edge on this machine; install one (Debian: apt-get install chromium; "
        "elsewhere: python -m playwright install chromium), or say in browser.executable where it is"
    )


def private_roots(environment: Environment) -> list[str]:
    """The PEM files of the private authorities that the environment trusts."""
    trusted = {environment.trust_of(host) for host in environment.hosts}
    return sorted(trusted - {"public"})


def certutil() -> str:
    """The program that gives Chromium a private authority. Raises UsageError if there is none."""
    if sys.platform != "linux":
        raise UsageError(
            "[browser]: tls.trust names a private authority, and only on Linux a browser can be given one for a single "
            "run; run it there, or in a container"
        )
    path = shutil.which("certutil")
    if path is None:
        raise UsageError(
            "[browser]: tls.trust names a private authority, and certutil, which makes Chromium trust it, is not "
            "installed; Debian: apt-get install libnss3-tools, Fedora: dnf install nss-tools"
        )
    return path


def _usual() -> Iterator[str]:
    for name in _NAMES:
        if path := shutil.which(name):
            yield path
    for path in _APPLICATIONS:
        if os.access(path, os.X_OK):
            yield path
    own = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folders = [Path(own)] if own else [Path.home() / folder for folder in _DOWNLOADS]
    for folder in folders:
        for pattern in _DOWNLOADED:
            yield from map(str, sorted(folder.glob(pattern), reverse=True))
