"""Runs a plan's checks under pytest: probes start when collection ends, and every ending becomes an outcome."""

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, Literal, NoReturn

import pytest

from gonogo.base.errors import UsageError
from gonogo.base.redaction import Redactor
from gonogo.collecting.source import Source
from gonogo.environment.model import Environment
from gonogo.evidence.base import Evidence, Key, Scope
from gonogo.evidence.journey import StepEvidence
from gonogo.evidence.record import Record
from gonogo.evidence.scopes import ByScope
from gonogo.families.kind import EvidenceKind
from gonogo.journey.step import Step
from gonogo.judging.calling import ENDED, call_check, ended
from gonogo.judging.canary import FOLDER, NAME, canaries
from gonogo.judging.collected_items import hiding, identifier_of, unplanned
from gonogo.judging.endings import NoJudgement, ended_by, words
from gonogo.judging.evidence_lookup import EvidenceLookup, present, shown
from gonogo.judging.judged import Judged
from gonogo.judging.surroundings import load_conftests, taking_over
from gonogo.planning.plan import GROUP, LOAD, WALK, PlannedCheck
from gonogo.planning.run_plan import RunPlan
from gonogo.policy.catalogue import Policy
from gonogo.record.ended import Ended
from gonogo.record.results import Observation, Outcome
from gonogo.record.shown_facts import SHOWN_AT
from gonogo.verdict.decision import blocking

MARKER = "check(id): a check of gonogo; the id names its line in catalogue.toml"
_LETTERS = {
    Outcome.PASS: (".", "PASS"),
    Outcome.WARN: ("w", "WARN"),
    Outcome.FAIL: ("F", "FAIL"),
    Outcome.ERROR: ("E", "ERROR"),
    Outcome.BLOCKED: ("b", "BLOCKED"),
    Outcome.NOT_RUN: ("n", "NOT RUN"),
}
_REPORTED: Mapping[Outcome, Literal["passed", "failed", "skipped"]] = {
    Outcome.PASS: "passed",
    Outcome.WARN: "skipped",
    Outcome.FAIL: "failed",
    Outcome.ERROR: "failed",
    Outcome.BLOCKED: "skipped",
    Outcome.NOT_RUN: "skipped",
}
_CHECK = pytest.StashKey[tuple[PlannedCheck, Scope]]()
_RECORDS = pytest.StashKey[dict[str, Sequence[Record]]]()


class JudgingPlugin:
    """One run's hooks. Holds the observations until the session is over."""

    def __init__(self, plan: RunPlan, source: Source, redactor: Redactor, stop: Event) -> None:
        self.observations: dict[str, ByScope[Observation]] = {}
        self.selected = plan.selected
        self.kinds: Mapping[str, EvidenceKind] = plan.families.kinds
        self._plan = plan
        self._checks = plan.plan.checks
        self._marked: dict[str, list[PlannedCheck]] = {}
        for check in plan.plan.checks.values():
            self._marked.setdefault(check.declaration.marked, []).append(check)
        self._source = source
        self._redactor = redactor
        self._stop = stop
        self._collection_problems: list[str] = []
        self._stopped_early = False
        self._interrupted = False
        self._rootpath = Path()
        self._reasons: dict[str, str] = {}
        self.problem: UsageError | None = None
        """Why nothing may be judged at all."""
        self.on_work: Callable[[str], object] = lambda _identifier: None
        """Called with the id of each check before it judges, for the case that the process ends in the middle of it."""
        self._finished_at: datetime | None = None
        self._lookup = EvidenceLookup.of(self.kinds, plan.scopes)
        self._walking = False
        self._now: pytest.Item
        """The one that is set up now. Fixtures look here: pytest makes a fixture of its own of each ``request``, slowly."""
        self._shown_at: dict[tuple[str, tuple[Key, ...]], tuple[str, Scope]] = {}

    @pytest.fixture
    def environment(self) -> Environment:
        """The environment as its file declares it."""
        return self._plan.environment

    @pytest.fixture
    def policy(self) -> Policy:
        """The check's own thresholds, from its line in the catalogue."""
        return self._now.stash[_CHECK][0].thresholds

    def evidence_of(self, argument: str) -> Evidence | tuple[Evidence, ...]:
        """Give a check the evidence that its fixture is named after; waits until it is there."""
        _, scope = self._now.stash[_CHECK]
        records = [self._source.wait(key) for key in self._lookup.resolve(argument, scope)]
        if self._source.interrupted:
            self._stop.set()
        self._now.stash[_RECORDS][argument] = records
        evidence = present(records)
        if argument.endswith(GROUP):
            return tuple(evidence)
        if len(evidence) != 1:
            message = (
                f"{argument} is ambiguous at {'/'.join(scope)}: {len(evidence)} records; ask for {argument}{GROUP}"
            )
            raise LookupError(message)
        return evidence[0]

    # -- collection -------------------------------------------------------------------------------------------------

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One run of a check for each target of its subject; what does not run stays one item, and is dropped."""
        marked = self._marked.get(identifier_of(metafunc.definition) or "", [])
        checks = [check for check in marked if self._runs(check)]
        if checks and (subject := checks[0].subject) in metafunc.fixturenames:
            scopes = [scope for check in checks for scope in check.scopes]
            metafunc.parametrize(subject, scopes, ids=["·".join(scope) for scope in scopes], indirect=True)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Know what the ids of collected nodes are relative to."""
        self._rootpath = session.config.rootpath

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Load the conftests of the folders of checks, and no others that pytest would load."""
        if session.config.option.noconftest:
            try:
                load_conftests(session.config.pluginmanager, self._plan.suite.folders)
            except UsageError as error:
                self._refuse(error)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """A module that ends the program while it is imported must not decide how the run ends."""
        try:
            return (yield)
        except SystemExit as ended:
            self._refuse(UsageError(f"{collector.path}: importing it ended the program (SystemExit {ended.code})"))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be collected is a usage error, not an absence of findings."""
        if report.failed:
            reason = f"collection failed: {report.nodeid}: {report.longreprtext.strip().splitlines()[-1]}"
            path = (self._rootpath / report.nodeid.partition("::")[0]).resolve()
            broken = [check.id for check in self._checks.values() if check.declaration.path.resolve() == path]
            self._reasons |= dict.fromkeys(broken, reason)
            self._collection_problems.append(reason)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep what is planned and can run, needs first; refuse tests that nobody would account for."""
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        provided = {"environment", "policy", *(name for kind in self.kinds for name in (kind, f"{kind}{GROUP}"))}
        problems = [*unplanned(items, self._plan.suite, self._marked), *dict.fromkeys(hiding(items, provided))]
        if problems:
            self._refuse(UsageError(*problems))
        for item in items:
            (kept if self._runnable(item, identifier_of(item) or "") else dropped).append(item)
        position = {identifier: index for index, identifier in enumerate(self._plan.suite.order)}
        kept.sort(key=lambda item: (_turn(item), position[item.stash[_CHECK][0].id]))
        items[:] = [*canaries(kept, self._plan.suite.folders), *kept]
        if dropped:
            config.hook.pytest_deselected(items=dropped)

    def _refuse(self, problem: UsageError) -> NoReturn:
        """End pytest before anything is asked; whoever started it raises the problem."""
        self.problem = problem
        raise pytest.exit.Exception("; ".join(problem.problems), returncode=pytest.ExitCode.USAGE_ERROR)

    def _runnable(self, item: pytest.Item, identifier: str) -> bool:
        """Find the planned check and the target of an item, and keep them with it; False for what is not to run."""
        parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
        for check in self._marked.get(identifier, []):
            scope = parameters.get(check.subject)
            entry = check.declaration.entry
            if isinstance(scope, tuple) and (not entry or scope[-1] == entry):
                item.stash[_CHECK] = (check, scope)
                item.stash[_RECORDS] = {}
                return self._runs(check)
        return False

    def _runs(self, check: PlannedCheck) -> bool:
        """Whether it can run, and was asked for."""
        return not check.unrunnable and (self.selected is None or check.id in self.selected)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Ask everything that the collected checks are about, all at once."""
        # Pytest calls this after a refusal too; and who was interrupted while it read the checks asks nobody.
        if session.config.option.collectonly or self.problem or self._stop.is_set():
            return
        items = [item for item in session.items if _CHECK in item.stash]
        ids = {item.stash[_CHECK][0].id for item in items}
        if not {check.id for check in self._checks.values() if check.scopes and not check.unrunnable} <= ids:
            self.selected = frozenset(ids)
        wanted: dict[Key, None] = {}
        for item in items:
            wanted |= dict.fromkeys(self._lookup.keys(*item.stash[_CHECK]))
        self._source.start(wanted)

    # -- running ----------------------------------------------------------------------------------------------------

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A check whose need did not pass has nothing to say of its own.

        The first step of a journey lets all journeys begin, with what the checks before it have observed.
        """
        if self._stop.is_set():
            raise KeyboardInterrupt
        if _CHECK not in item.stash:
            return
        self._now = item
        check, scope = item.stash[_CHECK]
        self.on_work(check.id)
        if _is_step(item) and not self._walking:
            self._walking = True
            self._source.walk(self._journeys(item.session.items), self.observations)
        cause = blocking(check, scope, self.observations)
        if cause is not None:
            message = f"not checked: {cause.check} did not pass at {'/'.join(cause.scope)}"
            item.stash[ENDED] = Ended(ending="skip", message=message, cause=cause)
            pytest.skip(message)

    def _journeys(self, items: Sequence[pytest.Item]) -> dict[str, list[Step]]:
        """The steps of each journey, in order."""
        journeys: dict[str, list[Step]] = {}
        for item in items:
            if isinstance(item, pytest.Function) and _CHECK in item.stash and _is_step(item):
                check, scope = item.stash[_CHECK]
                step = Step(check=check, scope=scope, call=self._callable(item, check), ended_by=ended_by)
                journeys.setdefault(check.declaration.family, []).append(step)
        return journeys

    def _callable(self, item: pytest.Function, check: PlannedCheck) -> Callable[[Any], object]:
        context = {"environment": self._plan.environment, "policy": check.thresholds}
        wanted = {name: context[name] for name in check.declaration.arguments if name != WALK}
        return partial(item.obj, **wanted)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Let a check judge in seclusion. A step was walked already, now or in the run that is replayed."""
        if _CHECK not in pyfuncitem.stash:
            return None
        if _is_step(pyfuncitem):
            step = pyfuncitem.funcargs[WALK]
            if not isinstance(step, StepEvidence):
                raise NoJudgement("nobody walked it")
            pyfuncitem.stash[ENDED] = Ended.of_step(step)
            return True
        try:
            call_check(pyfuncitem, pyfuncitem.stash[_CHECK][0].declaration, self._plan.environment.limits.run)
        except BaseException as error:
            # Kept here as well: what a conftest makes of the exception on its way up decides nothing.
            pyfuncitem.stash[ENDED] = ended_by(error)
            raise
        pyfuncitem.stash[ENDED] = ended_by(None)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn the way a check ended into its outcome, and pytest's report into the same."""
        report = yield
        if FOLDER in item.stash:
            self._hear_canary(item.stash[FOLDER], call)
            return _passed(report)
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            observation = self._observe(item, ended(item, call))
            self.observations.setdefault(item.stash[_CHECK][0].id, ByScope()).add(observation.scope, observation)
            _adapt(report, item, observation)
        report.sections = [(title, self._redactor.text(text)) for title, text in report.sections]
        return report

    def _hear_canary(self, folder: Path, call: pytest.CallInfo[None]) -> None:
        """An assertion that must fail and does not: whatever the checks of this folder say means nothing."""
        if call.when != "call" or self.problem:
            return
        error = call.excinfo.value if call.excinfo else None
        if not (isinstance(error, AssertionError) and NAME in str(error)):
            self.problem = UsageError(
                f"{', '.join(map(str, taking_over(self._plan.suite.folders)))}: an assertion that must fail did not fail "
                f"in {folder}: no check there could; remove what takes over how tests are called"
            )
            self._source.close()
            raise pytest.exit.Exception(str(self.problem))

    def _observe(self, item: pytest.Item, ended_as: Ended) -> Observation:
        """The observation of one item: its outcome, redacted words, and the facts that it was judged by."""
        check, scope = item.stash[_CHECK]
        message, hint = words(ended_as, check.policy.shown_title)
        return Observation(
            scope=scope,
            outcome=ended_as.outcome(check.policy.severity),
            message=self._redactor.text(message),
            hint=self._redactor.text(hint),
            cause=ended_as.cause,
            blocks=ended_as.blocks,
            measured=ended_as.measured(self._redactor),
            facts={
                argument: self._facts(check.id, scope, argument, records)
                for argument, records in item.stash[_RECORDS].items()
            },
        )

    def _facts(self, identifier: str, scope: Scope, argument: str, records: Sequence[Record]) -> Any:  # noqa: ANN401
        """Give the facts for the page. Records that many checks judge are held once, at the first check."""
        keys = tuple((record.kind, record.scope) for record in records)
        first, at = self._shown_at.setdefault((argument, keys), (identifier, scope))
        return shown(records) if (first, at) == (identifier, scope) else {SHOWN_AT: first, "target": list(at)}

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Our outcomes, in pytest's own progress and summary."""
        if getattr(report, "gonogo_canary", False):
            return "", "", ""
        outcome = getattr(report, "gonogo_outcome", None)
        if outcome is None or outcome is Outcome.PASS:
            return None
        letter, word = _LETTERS[outcome]
        category = {Outcome.FAIL: "failed", Outcome.ERROR: "error"}.get(outcome, outcome.value)
        return category, letter, word

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Ctrl-C: what was observed stands, the rest is NOT RUN. Pytest's own way to stop looks like it, and is not."""
        self._interrupted = not issubclass(excinfo.type, pytest.Session.Interrupted)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Stop asking."""
        self.finish(session)

    def finish(self, session: pytest.Session) -> None:
        """Stop asking, and note how the session ended; once."""
        if self._finished_at is not None:
            return
        self._stopped_early = bool(session.shouldstop or session.shouldfail)
        self._source.close()
        self._interrupted |= self._stop.is_set()
        self._finished_at = datetime.now(UTC)

    @property
    def judged(self) -> Judged:
        """The observations so far."""
        return Judged(
            observations=self.observations,
            unseen=self._unseen_because,
            reasons=self._reasons,
            selected=self.selected,
            finished_at=self._finished_at,
            interrupted=self._interrupted,
        )

    @property
    def _unseen_because(self) -> str:
        """Why a planned check has no observation."""
        if self._collection_problems:
            return self._collection_problems[0]
        if self._interrupted:
            return "the run was interrupted before this check"
        if self._stopped_early:
            return "the run stopped at an earlier failure"
        return "not selected in this run"


def _is_step(item: pytest.Item) -> bool:
    return item.stash[_CHECK][0].subject == WALK


def _turn(item: pytest.Item) -> int:
    """Order by effect: readers first, then journeys, which change what is read; the load is alone, and last."""
    return {WALK: 1, LOAD: 2}.get(item.stash[_CHECK][0].subject, 0)


def _passed(report: pytest.TestReport) -> pytest.TestReport:
    """The report of a canary whose assertion failed, as it must: nobody is to count it as a failure."""
    report.outcome = "passed"
    report.longrepr = None
    report.gonogo_canary = True  # type: ignore[attr-defined]  # read by pytest_report_teststatus
    return report


def _adapt(report: pytest.TestReport, item: pytest.Item, observation: Observation) -> None:
    """Let pytest's own report say the same as ours: a line instead of the traceback of a fixture."""
    report.gonogo_outcome = observation.outcome  # type: ignore[attr-defined]  # read by pytest_report_teststatus
    report.outcome = _REPORTED[observation.outcome]
    where = item.location
    if observation.outcome in {Outcome.WARN, Outcome.NOT_RUN, Outcome.BLOCKED}:
        report.longrepr = (where[0], (where[1] or 0) + 1, f"{_LETTERS[observation.outcome][1]}: {observation.message}")
    elif observation.outcome in {Outcome.FAIL, Outcome.ERROR}:
        hint = f"\n{observation.hint}" if observation.hint else ""
        report.longrepr = f"{_LETTERS[observation.outcome][1]}: {observation.message}{hint}"
