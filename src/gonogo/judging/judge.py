"""Runs pytest, in this process, over the checks of a plan."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from gonogo.base.errors import GonogoError
from gonogo.base.redaction import Redactor
from gonogo.base.supervision import tell
from gonogo.collecting.source import Source
from gonogo.judging.evidence_fixtures import evidence_fixtures
from gonogo.judging.judged import Judged
from gonogo.judging.plugin import MARKER, JudgingPlugin
from gonogo.judging.surroundings import refuse_optimised_python, without_foreign_variables
from gonogo.planning.run_plan import RunPlan

if TYPE_CHECKING:  # replays and verifications need no page, and are quicker without pytest-html
    from gonogo.judging.page import PageInMemory

_CONFIGURATION = Path(__file__).parent / "run.ini"


class CheckingFailed(GonogoError):
    """Pytest itself could not do its work: a bug, not an outcome."""


def judge(
    plan: RunPlan,
    source: Source,
    *arguments: str,
    redactor: Redactor | None = None,
    stop: Event | None = None,
    page: "PageInMemory | None" = None,
) -> Judged:
    """Let the plan's checks judge what the source gives. ``stop`` ends it at the next check; ``page`` is filled.

    Raises UsageError when checks are not what was planned, or when no assertion can fail.
    """
    refuse_optimised_python()
    plugin = JudgingPlugin(plan, source, redactor or Redactor({}), stop or Event())
    plugin.on_work = lambda identifier: tell(f"judging {identifier}")
    plugins = [plugin, evidence_fixtures(plugin), _Marker(), *([page] if page else [])]
    try:
        with without_foreign_variables():
            code = pytest.main(_options(plan, arguments, page), plugins=plugins)
    except KeyboardInterrupt:  # before pytest was ready to take it: what was observed by then still stands
        source.close()
        return Judged(
            observations=plugin.observations,
            unseen="the run was interrupted before this check",
            selected=plugin.selected,
            finished_at=datetime.now(UTC),
            interrupted=True,
        )
    if plugin.problem:
        raise plugin.problem
    if code == pytest.ExitCode.INTERNAL_ERROR:
        raise CheckingFailed("bug in gonogo: pytest ended with an internal error; see above")
    return plugin.judged


def _options(plan: RunPlan, arguments: Sequence[str], page: "PageInMemory | None") -> list[str]:
    """The command line of pytest: the folders of checks, and nothing that anybody else configured."""
    return [
        *(str(folder) for folder in plan.suite.folders),
        *("-c", str(_CONFIGURATION), "--rootdir", str(Path.cwd()), "--import-mode=importlib"),
        # Conftests of the team's own tests, and of folders above, are not ours; those of checks are loaded by name.
        *("--noconftest", "--continue-on-collection-errors"),
        *("--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "no:terminalreporter"),
        # They look for what tests left to the garbage collector; what targets leave there is no finding, and it takes a second.
        *("-p", "no:unraisableexception", "-p", "no:threadexception"),
        "--capture=sys",  # what checks print is kept, and progress still reaches the terminal
        *arguments,
        *(page.arguments if page else ()),
    ]


class _Marker:
    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", MARKER)

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Let go of the items: modules of checks keep the configuration for ever, and it the session."""
        session = config.pluginmanager.get_plugin("session")
        if isinstance(session, pytest.Session):
            session.items.clear()
