"""gonogo in plain pytest: ``pytest checks --env reference``. Without ``--env`` it does nothing at all."""

import os
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.judging.plugin import MARKER, JudgingPlugin, evidence_fixtures
from gonogo.record.run_folder import RunFolder
from gonogo.report.terminal import render_summary
from gonogo.runs.prepare import Prepared, Request, prepare
from gonogo.runs.publish import open_folder, publish


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options that say which environment is verified."""
    group = parser.getgroup("gonogo", "launch-readiness checks")
    group.addoption("--env", metavar="NAME", help="the environment to verify, as in environments/NAME.toml")
    group.addoption("--release", metavar="SHA", help="the release under review")
    group.addoption("--gate", metavar="GATE", help="the gate to plan for (default: that of the environment)")
    group.addoption(
        "--reports", metavar="DIR", type=Path, default=Path("reports"), help="where runs are kept (default: reports)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run that ``--env`` names."""
    config.addinivalue_line("markers", MARKER)
    if config.option.env is None:
        return
    refuse_xdist(config)
    request = Request(
        environment=config.option.env, project=Path(), release=config.option.release, gate=config.option.gate
    )
    try:
        prepared = prepare(request, os.environ)
        config.add_cleanup(prepared.close)
        folder = None if config.option.collectonly else open_folder(prepared, config.option.reports)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    plugin = JudgingPlugin(prepared.plan, prepared.source, prepared.redactor, prepared.stop)
    config.pluginmanager.register(plugin, "gonogo-run")
    config.pluginmanager.register(evidence_fixtures(plugin), "gonogo-evidence")
    if folder is not None:
        config.pluginmanager.register(_Publisher(prepared, plugin, folder), "gonogo-publisher")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Checks without an environment would all pass by never running."""
    if not config.pluginmanager.has_plugin("gonogo-run") and any(item.get_closest_marker("check") for item in items):
        raise pytest.UsageError("these are gonogo's checks: say which environment they judge, with --env NAME")


def refuse_xdist(config: pytest.Config) -> None:
    """Every worker would ask the same questions of the same production system."""
    if getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("gonogo probes all targets at once already; run it without pytest-xdist's -n")


class _Publisher:
    """Writes the run's files when pytest is done, and tells the verdict below pytest's own summary."""

    def __init__(self, prepared: Prepared, plugin: JudgingPlugin, folder: RunFolder) -> None:
        self._prepared = prepared
        self._plugin = plugin
        self._folder = folder

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        try:
            published = publish(self._prepared, self._folder, self._plugin.judged)
        except UsageError as error:
            terminalreporter.write_line(str(error), red=True)
            return
        summary = render_summary(
            published.results,
            report_path=str(published.signoff),
            report_digest=published.signoff_digest,
            colour=False,
            width=terminalreporter._tw.fullwidth,  # noqa: SLF001 - pytest offers no other way to its width
        )
        terminalreporter.write_line("")
        terminalreporter.write_line(summary)
