"""gonogo in plain pytest: ``pytest checks --gonogo-env reference``. Without its option it changes nothing.

pytest loads this module in every environment that gonogo is installed in (entry point ``pytest11``), whatever is
tested there. So it imports nothing of gonogo before an environment is named.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gonogo.judging.plugin import JudgingPlugin
    from gonogo.record.results import Results
    from gonogo.record.run_folder import RunFolder
    from gonogo.runs.prepare import Prepared

_MARKER = "check(id): a check of gonogo; the id names its line in catalogue.toml"
_CATALOGUE = "catalogue.toml"
_NO_ENVIRONMENT = "these are gonogo's checks: say which environment they judge, with --gonogo-env NAME"
_LEFT_OUT = pytest.StashKey[dict[str, None]]()
"""Names of folders, in the order in which they were left out."""
_SENT = "gonogo_left_out"
"""Key of these among what a worker of pytest-xdist sends at its end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options that say which environment is verified; each carries our name, so that none is another plugin's."""
    group = parser.getgroup("gonogo", "launch-readiness checks")
    group.addoption("--gonogo-env", metavar="NAME", help="verify this environment, as in environments/NAME.toml")
    group.addoption("--gonogo-release", metavar="SHA", help="the release under review")
    group.addoption("--gonogo-gate", metavar="GATE", help="the gate to plan for (default: that of the environment)")
    group.addoption(
        "--gonogo-reports", metavar="DIR", type=Path, default=Path("reports"), help="where runs are kept (reports)"
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> Generator[None, object, object]:
    """Take the short names as well where no other plugin and no conftest owns them."""
    result = yield
    owned = vars(parser.parse_known_args(args))
    group = parser.getgroup("gonogo")
    for name in ("env", "release", "gate", "reports"):
        if name not in owned:
            group.addoption(f"--{name}", dest=f"gonogo_{name}", metavar=name.upper(), help=f"short for --gonogo-{name}")
    return result


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run of the environment that is named."""
    config.addinivalue_line("markers", _MARKER)
    config.stash[_LEFT_OUT] = {}
    if config.option.gonogo_env is None:
        _refuse_checks_without_environment(config)
        return
    refuse_xdist(config)
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - nothing of gonogo is imported where it is not wanted

    try:
        _prepare(config)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def _refuse_checks_without_environment(config: pytest.Config) -> None:
    """Whoever names a folder of checks wants them judged. Said before pytest-xdist starts a worker, where it is a crash."""
    for argument in config.args:
        named = Path(config.invocation_params.dir, argument.partition("::")[0]).resolve()
        if any(_holds_checks(folder) for folder in (named, *named.parents)):
            raise pytest.UsageError(_NO_ENVIRONMENT)


def _holds_checks(folder: Path) -> bool:
    """Whether gonogo's checks lie there. A file of this name alone may be a team's own, and its tests must run."""
    if not (folder / _CATALOGUE).is_file():
        return False
    return any("mark.check(" in path.read_text("utf-8", "replace") for path in folder.glob("test_*.py"))


def _prepare(config: pytest.Config) -> None:
    from gonogo.judging.evidence_fixtures import evidence_fixtures  # noqa: PLC0415 - as above
    from gonogo.judging.plugin import JudgingPlugin  # noqa: PLC0415
    from gonogo.runs.prepare import Request, prepare  # noqa: PLC0415
    from gonogo.runs.publish import open_folder  # noqa: PLC0415

    option = config.option
    request = Request(
        environment=option.gonogo_env, project=Path(), release=option.gonogo_release, gate=option.gonogo_gate
    )
    prepared = prepare(request, os.environ)
    config.add_cleanup(prepared.close)
    folder = None if option.collectonly else open_folder(prepared, Path(option.gonogo_reports))
    _collect_whole_suite(config, list(prepared.plan.suite.folders))
    plugin = JudgingPlugin(prepared.plan, prepared.source, prepared.redactor, prepared.stop)
    config.pluginmanager.register(plugin, "gonogo-run")
    config.pluginmanager.register(evidence_fixtures(plugin), "gonogo-evidence")
    if folder is not None:
        config.pluginmanager.register(_Publisher(prepared, plugin, folder), "gonogo-publisher")


def _collect_whole_suite(config: pytest.Config, folders: list[Path]) -> None:
    """A folder of checks stands for all of them: the generic ones lie where gonogo is installed."""
    named = [Path(config.invocation_params.dir, argument).resolve() for argument in config.args]
    if any(folder in named or path in folder.parents for folder in folders for path in named):
        missing = [folder for folder in folders if not any(path in (folder, *folder.parents) for path in named)]
        config.args = [*config.args, *map(str, missing)]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Folders of checks are no tests of the project: without an environment they are left out, and that is said."""
    if config.option.gonogo_env is not None or not _holds_checks(collection_path):
        return None
    left_out = config.stash[_LEFT_OUT]
    left_out[collection_path.name] = None
    if hasattr(config, "workeroutput"):  # of pytest-xdist, whose controller collects nothing itself
        config.workeroutput[_SENT] = list(left_out)
    return True


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ANN401, ARG001 - of pytest-xdist, which has no types
    """Take what a worker left out."""
    node.config.stash[_LEFT_OUT].update(dict.fromkeys(getattr(node, "workeroutput", {}).get(_SENT, ())))


def pytest_itemcollected(item: pytest.Item) -> None:
    """``-k tls-expiry`` selects a check by its id."""
    marker = item.get_closest_marker("check")
    if marker is not None and marker.args:
        item.extra_keyword_matches.add(str(marker.args[0]))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Checks without an environment would all pass by never running."""
    if not config.pluginmanager.has_plugin("gonogo-run") and any(item.get_closest_marker("check") for item in items):
        raise pytest.UsageError(_NO_ENVIRONMENT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left out: nothing is skipped without a word."""
    if folders := config.stash[_LEFT_OUT]:
        shown = ", ".join(f"{folder}/" for folder in folders)
        terminalreporter.write_line(f"gonogo: {shown} left out; their checks need --gonogo-env NAME")


def refuse_xdist(config: pytest.Config) -> None:
    """Every worker would ask the same questions of the same production system."""
    if getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("gonogo probes all targets at once already; add -n 0, which ends pytest-xdist")


class _Publisher:
    """Writes the run's files when pytest is done; pytest's exit code is 0 only if the verdict is GO."""

    def __init__(self, prepared: Prepared, plugin: JudgingPlugin, folder: RunFolder) -> None:
        self._prepared = prepared
        self._plugin = plugin
        self._folder = folder
        self._problem = ""
        self._summary = ""
        self._verdict = ""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        from gonogo.base.errors import UsageError  # noqa: PLC0415 - as above
        from gonogo.runs.publish import publish  # noqa: PLC0415

        passed = session.exitstatus == pytest.ExitCode.OK
        if passed:  # until the record is on disk and says GO
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._plugin.finish(session)
        try:
            published = publish(self._prepared, self._folder, self._plugin.judged)
        except UsageError as error:
            self._problem = str(error)
        else:
            self._tell(published.results, str(published.signoff), published.signoff_digest)
            if passed and published.results.decision.verdict.opens:
                session.exitstatus = pytest.ExitCode.OK
        return (yield)

    def _tell(self, results: Results, page: str, digest: str) -> None:
        from gonogo.report.terminal import render_summary  # noqa: PLC0415 - as above

        self._verdict = f"gonogo: {results.decision.verdict} · {results.decision.reason}"
        width = max(60, int(os.environ.get("COLUMNS") or 80))
        self._summary = render_summary(results, report_path=page, report_digest=digest, colour=False, width=width)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Our summary below pytest's own."""
        terminalreporter.write_line("")
        terminalreporter.write_line(self._problem or self._summary, red=bool(self._problem))

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """The verdict is the last line."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(self._problem or self._verdict)
