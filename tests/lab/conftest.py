"""Verdicts over real servers: the fixtures of checks that are judged on literal evidence serve here as well."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.checks.conftest import catalogue, declarations, judge
from tests.lab import table

if TYPE_CHECKING:
    from tests.lab.postgresql import PostgresqlServer

__all__ = ["catalogue", "declarations", "judge"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """``make lab`` prints a table; the gate does not."""
    parser.addoption("--table", action="store_true", help="a row for each shape of the laboratory")


@pytest.fixture(autouse=True)
def row(request: pytest.FixtureRequest) -> Iterator[None]:
    """What the test's servers and verdicts were, for the table."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    with table.collecting() as collected:
        if "expected" in parameters:
            table.expecting(parameters["expected"] or "all green")
        yield
        request.node.user_properties.append((table.KEY, dict(collected.told())))


@pytest.fixture(scope="module")
def primary() -> "Iterator[PostgresqlServer]":
    """A PostgreSQL that nothing is wrong with."""
    from tests.lab.postgresql_verdicts import healthy  # noqa: PLC0415 - only tests of PostgreSQL load its driver

    with healthy() as server:
        yield server


@pytest.fixture(scope="module")
def follower(primary: "PostgresqlServer") -> "Iterator[PostgresqlServer]":
    """A replica that streams from ``primary``."""
    from tests.lab.postgresql import replica  # noqa: PLC0415 - as above

    with replica(primary) as server:
        yield server


class _Table:
    """Prints a row as soon as its test has ended, wherever it ran."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The fixture's part of the report comes with its end."""
        ended = report.when == "teardown"
        told = dict(report.user_properties).get(table.KEY)
        if report.when == "call":
            self._outcomes[report.nodeid] = report.outcome, report.duration
        if not ended or not isinstance(told, dict):
            return
        outcome, seconds = self._outcomes.pop(report.nodeid, ("skipped", report.duration))
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.write_line(table.line(report.nodeid.removeprefix("tests/lab/test_"), told, outcome, seconds))

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """A row says more than a dot."""
        return (report.outcome, "", "") if report.when == "call" else None

    @property
    def _outcomes(self) -> dict[str, tuple[str, float]]:
        return self._config.stash.setdefault(_OUTCOMES, {})


_OUTCOMES = pytest.StashKey[dict[str, tuple[str, float]]]()


def pytest_configure(config: pytest.Config) -> None:
    """In the process that prints, of several."""
    if config.getoption("--table", default=False) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Table(config))
