"""Runs pytest, in this process, over the checks of a run, and publishes what came of it."""

from pathlib import Path

import pytest

from gonogo.base.errors import GonogoError
from gonogo.judging.run_plugin import MARKER, RunPlugin, evidence_fixtures
from gonogo.record.run_folder import RunFolder
from gonogo.runs.publish import PYTEST_HTML, Published, publish
from gonogo.runs.run import Run

_PLUGINS = ("pytest_metadata.plugin", "pytest_html.plugin")
_CONFIGURATION = Path(__file__).parent / "run.ini"


class CheckingFailed(GonogoError):
    """Pytest itself could not do its work: a bug, not an outcome."""


def judge(run: Run, *extra: str) -> RunPlugin:
    """Let the run's checks judge. The observations are in what is returned."""
    plugin = RunPlugin(run)
    arguments = [
        *(str(folder) for folder in run.suite.folders),
        *("-c", str(_CONFIGURATION), "--rootdir", str(Path.cwd()), "--import-mode=importlib"),
        *("--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "no:terminalreporter"),
        # They look for what tests left to the garbage collector; what targets leave there is no finding, and it takes a second.
        *("-p", "no:unraisableexception", "-p", "no:threadexception"),
        "--capture=sys",  # what checks print is kept, and progress still reaches the terminal
        *extra,
    ]
    try:
        code = pytest.main(arguments, plugins=[plugin, evidence_fixtures(plugin), _Marker()])
    except KeyboardInterrupt:  # before pytest was ready to take it: what was observed by then still stands
        run.finish(interrupted=True)
        return plugin
    if code == pytest.ExitCode.INTERNAL_ERROR:
        raise CheckingFailed("bug in gonogo: pytest ended with an internal error; see above")
    return plugin


def verify(run: Run, folder: RunFolder) -> Published:
    """Run it, and replace the provisional record in its folder."""
    page = folder.path / PYTEST_HTML
    plugins = [part for name in _PLUGINS for part in ("-p", name)]
    plugin = judge(run, *plugins, f"--html={page}", "--self-contained-html")
    if page.exists():
        folder.write(PYTEST_HTML, run.redactor.text(page.read_text(encoding="utf-8")).encode())
    return publish(run, folder, plugin.seen, unseen=plugin.unseen_because)


def abandon(run: Run, folder: RunFolder) -> Published:
    """Put on record that the run was interrupted before any check could judge."""
    run.finish(interrupted=True)
    return publish(run, folder, {}, unseen="the run was interrupted before this check")


class _Marker:
    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", MARKER)
