"""A team's repository: its own conftest, tests of Django, asyncio and a browser, and gonogo's files beside them."""

from collections.abc import Mapping
from pathlib import Path

from gonogo.families.browser.programs import executable
from gonogo.families.browser.section import Browser

NEIGHBOURS = (
    *("django", "pytest-asyncio", "pytest-django", "pytest-xdist", "pytest-playwright"),
    *("pytest-randomly", "pytest-timeout", "pytest-cov"),
)
"""Packages of PyPI that its tests need."""
FILES = {
    "app/__init__.py": "def add(a, b):\n    return a + b\n",
    "app/settings.py": """
SECRET_KEY = "of nobody"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
USE_TZ = True
""",
    "conftest.py": """
import pytest


def pytest_addoption(parser):
    parser.addoption("--env", default="theirs")


@pytest.fixture(autouse=True)
def everywhere(request):
    return request.config.getoption("--env")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": "CHROMIUM"}
""",
    "tests/test_database.py": """
import pytest


@pytest.mark.django_db
def test_users():
    from django.contrib.auth.models import User

    User.objects.create(username="ann")
    assert User.objects.count() == 1
""",
    "tests/test_loop.py": """
import asyncio

import pytest
from app import add


@pytest.mark.asyncio
async def test_marked():
    await asyncio.sleep(0)
    assert add(1, 2) == 3


@pytest.mark.timeout(30)
def test_timed(everywhere):
    assert everywhere == "theirs"
""",
    "tests/test_page.py": """
def test_page(page):
    page.set_content("<h1>Hello</h1>")
    assert page.inner_text("h1") == "Hello"
""",
}
# In their order: asyncio cannot run after Playwright's fixtures in one process, whoever else is installed.
_OPTIONS = "--strict-markers --strict-config --reuse-db --timeout=60 --randomly-dont-reorganize --cov=app"
_INI = f"""
pythonpath = .
addopts = {_OPTIONS}
asyncio_mode = MODE
asyncio_default_fixture_loop_scope = function
DJANGO_SETTINGS_MODULE = app.settings
filterwarnings =
    error
    ignore::pytest.PytestRemovedIn10Warning
"""
_PYPROJECT = f"""
[tool.pytest.ini_options]
pythonpath = ["."]
addopts = "{_OPTIONS}"
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
DJANGO_SETTINGS_MODULE = "app.settings"
filterwarnings = ["error", "ignore::pytest.PytestRemovedIn10Warning"]
"""
_NATIVE = _PYPROJECT.replace("tool.pytest.ini_options", "pytest").replace(
    f'"{_OPTIONS}"', str(_OPTIONS.split()).replace("'", '"')
)
_AUTO = "async def test_auto(everywhere):\n    assert everywhere == 'theirs'\n"
CONFIGURATIONS: Mapping[str, Mapping[str, str]] = {
    "pyproject, auto": {"pyproject.toml": _PYPROJECT, "tests/test_auto.py": _AUTO},
    "pyproject, xdist": {"pyproject.toml": _PYPROJECT.replace("--cov=app", "-n 2"), "tests/test_auto.py": _AUTO},
    "pyproject, testpaths": {"pyproject.toml": f'{_PYPROJECT}testpaths = ["tests"]\n', "tests/test_auto.py": _AUTO},
    "pytest.ini, strict": {"pytest.ini": f"[pytest]{_INI.replace('MODE', 'strict')}"},
    "tox.ini, plugins off": {
        "tox.ini": f"[pytest]{_INI.replace('MODE', 'strict').replace('--randomly-dont-reorganize', '-p no:randomly')}"
    },
    "pytest.toml": {"pytest.toml": _NATIVE, "tests/test_auto.py": _AUTO},
}
"""Where a team may have told pytest what, and how; each file of them replaces those of the others."""


def write_repository(folder: Path) -> None:
    """Write what every configuration has."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.replace("CHROMIUM", executable(Browser())))


def configure(folder: Path, configuration: str) -> None:
    """Replace the files of another configuration by those of this one."""
    for name in {name for files in CONFIGURATIONS.values() for name in files}:
        (folder / name).unlink(missing_ok=True)
    for name, text in CONFIGURATIONS[configuration].items():
        (folder / name).write_text(text.lstrip())
