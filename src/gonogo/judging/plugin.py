"""Runs a plan's checks under pytest: probes start when collection ends, and every ending becomes an outcome."""

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.redaction import Redactor
from gonogo.collecting.source import Source
from gonogo.environment.model import Environment
from gonogo.evidence.base import Evidence, Key, Scope
from gonogo.evidence.journey import StepEvidence
from gonogo.evidence.record import Failure, Record
from gonogo.families.kind import EvidenceKind
from gonogo.journey.step import Skipped, Step
from gonogo.judging.evidence_lookup import EvidenceMissing, Shelf, present, shown
from gonogo.judging.judged import Judged
from gonogo.planning.plan import GROUP, LOAD, WALK, PlannedCheck
from gonogo.planning.run_plan import RunPlan
from gonogo.policy.catalogue import Policy, Severity
from gonogo.record.results import Cause, Observation, Outcome
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
_CHECK = pytest.StashKey[tuple[PlannedCheck, Scope]]()
_RECORDS = pytest.StashKey[dict[str, Sequence[Record]]]()
_CAUSE = pytest.StashKey[Cause]()


class JudgingPlugin:
    """One run's hooks. Holds the observations until the session is over."""

    def __init__(self, plan: RunPlan, source: Source, redactor: Redactor, stop: Event) -> None:
        self.observations: dict[str, list[Observation]] = {}
        self.selected = plan.selected
        self.kinds: Mapping[str, EvidenceKind] = plan.families.kinds
        self._plan = plan
        self._checks = plan.plan.checks
        self._source = source
        self._redactor = redactor
        self._stop = stop
        self._collection_problems: list[str] = []
        self._stopped_early = False
        self._interrupted = False
        self._finished_at: datetime | None = None
        self._shelf = Shelf(self.kinds, plan.scopes)
        self._walking = False
        self._load_shown_at = ""

    @pytest.fixture
    def environment(self) -> Environment:
        """What the environment file declares."""
        return self._plan.environment

    @pytest.fixture
    def policy(self, request: pytest.FixtureRequest) -> Policy:
        """The check's own thresholds, from its line in the catalogue."""
        check: PlannedCheck = request.node.stash[_CHECK][0]
        return check.line.policy

    def evidence_of(self, argument: str, request: pytest.FixtureRequest) -> Evidence | tuple[Evidence, ...]:
        """What a fixture named after a kind of evidence gives to a check; waits until it is there."""
        _, scope = request.node.stash[_CHECK]
        records = [self._source.wait(key) for key in self._shelf.find(argument, scope)]
        if self._source.interrupted:
            self._stop.set()
        request.node.stash[_RECORDS][argument] = records
        found = present(records)
        if argument.endswith(GROUP):
            return tuple(found)
        if len(found) != 1:
            message = f"{argument} is ambiguous at {'/'.join(scope)}: {len(found)} records; ask for {argument}{GROUP}"
            raise LookupError(message)
        return found[0]

    # -- collection -------------------------------------------------------------------------------------------------

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One run of a check for each target of its subject."""
        identifier = _identifier(metafunc.definition)
        check = self._checks.get(identifier) if identifier else None
        if check is not None and check.subject in metafunc.fixturenames:
            ids = ["·".join(scope) for scope in check.scopes]
            metafunc.parametrize(check.subject, check.scopes, ids=ids, indirect=True)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be collected is a usage error, not an absence of findings."""
        if report.failed:
            self._collection_problems.append(f"{report.nodeid}: {report.longreprtext.strip().splitlines()[-1]}")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep what is planned and can run, needs first; refuse tests that nobody would account for."""
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for item in items:
            identifier = _identifier(item)
            if identifier is None:
                message = f'{item.nodeid} has no id: mark it @pytest.mark.check("…") and give it a catalogue line'
                raise pytest.UsageError(message)
            (kept if self._runnable(item, identifier) else dropped).append(item)
        position = {identifier: index for index, identifier in enumerate(self._plan.suite.order)}
        kept.sort(key=lambda item: (_turn(item), position[item.stash[_CHECK][0].id]))
        items[:] = kept
        if dropped:
            config.hook.pytest_deselected(items=dropped)

    def _runnable(self, item: pytest.Item, identifier: str) -> bool:
        check = self._checks.get(identifier)
        parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
        if check is None or check.obstacle or not isinstance(scope := parameters.get(check.subject), tuple):
            return False
        item.stash[_CHECK] = (check, scope)
        item.stash[_RECORDS] = {}
        return self.selected is None or identifier in self.selected

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Ask everything that the collected checks are about, all at once."""
        refused = any(_CHECK not in item.stash for item in session.items)  # pytest calls this after a refusal too
        if session.config.option.collectonly or refused:
            return
        ids = {item.stash[_CHECK][0].id for item in session.items}
        if not {check.id for check in self._checks.values() if check.scopes and not check.obstacle} <= ids:
            self.selected = frozenset(ids)
        wanted: dict[Key, None] = {}
        for item in session.items:
            wanted |= dict.fromkeys(self._shelf.keys(*item.stash[_CHECK]))
        self._source.start(wanted)

    # -- running ----------------------------------------------------------------------------------------------------

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A check whose need did not pass has nothing to say of its own."""
        if self._stop.is_set():
            raise KeyboardInterrupt
        check, scope = item.stash[_CHECK]
        if _is_step(item) and not self._walking:
            self._walking = True
            self._source.walk(self._journeys(item.session.items), self.observations)
        cause = blocking(check, scope, self.observations)
        if cause is not None:
            item.stash[_CAUSE] = cause
            pytest.skip(f"blocked by {cause.check} at {'/'.join(cause.scope)}")

    def _journeys(self, items: Sequence[pytest.Item]) -> dict[str, list[Step]]:
        """The steps of each journey, in order."""
        journeys: dict[str, list[Step]] = {}
        for item in items:
            if isinstance(item, pytest.Function) and _is_step(item):
                check, scope = item.stash[_CHECK]
                step = Step(check=check, scope=scope, call=self._callable(item, check))
                journeys.setdefault(check.declaration.family, []).append(step)
        return journeys

    def _callable(self, item: pytest.Function, check: PlannedCheck) -> Callable[[Any], object]:
        known = {"environment": self._plan.environment, "policy": check.line.policy}
        wanted = {name: known[name] for name in check.declaration.arguments if name != WALK}
        return partial(_in_our_words, partial(item.obj, **wanted))

    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """A step was walked already, beside those of other journeys, or in the run that is replayed: let it end so."""
        if not _is_step(pyfuncitem):
            return None
        step = pyfuncitem.funcargs[WALK]
        if isinstance(step, StepEvidence):
            _end(step)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn the way a check ended into its outcome, and pytest's report into the same."""
        report = yield
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            observation = self._observe(item, call.excinfo.value if call.excinfo else None)
            self.observations.setdefault(item.stash[_CHECK][0].id, []).append(observation)
            _adapt(report, item, observation)
        report.sections = [(title, self._redactor.text(text)) for title, text in report.sections]
        return report

    def _observe(self, item: pytest.Item, error: BaseException | None) -> Observation:
        check, scope = item.stash[_CHECK]
        outcome, message, hint = _ending(check, error)
        cause = item.stash.get(_CAUSE, None)
        if cause is not None:
            outcome = Outcome.BLOCKED
        return Observation(
            scope=scope,
            outcome=outcome,
            message=self._redactor.text(message),
            hint=self._redactor.text(hint),
            cause=cause,
            facts={
                argument: self._facts(check.id, argument, found) for argument, found in item.stash[_RECORDS].items()
            },
        )

    def _facts(self, identifier: str, argument: str, records: Sequence[Record]) -> Any:  # noqa: ANN401 - JSON values
        """For the page. Those of the load are many, and the same for all of its checks: shown at the first."""
        if argument == LOAD and self._load_shown_at not in {"", identifier}:
            return {"shown at": self._load_shown_at}
        if argument == LOAD:
            self._load_shown_at = identifier
        return shown(records)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Our outcomes, in pytest's own progress and summary."""
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
        """What was observed until now."""
        return Judged(
            observations=self.observations,
            unseen=self._unseen_because,
            selected=self.selected,
            finished_at=self._finished_at,
            interrupted=self._interrupted,
        )

    @property
    def _unseen_because(self) -> str:
        """Why a planned check has no observation."""
        if self._collection_problems:
            return f"collection failed: {self._collection_problems[0]}"
        if self._interrupted:
            return "the run was interrupted before this check"
        if self._stopped_early:
            return "the run stopped at an earlier failure"
        return "not selected in this run"


def evidence_fixtures(plugin: JudgingPlugin) -> object:
    """An object with one fixture per kind of evidence, and one per group, for pytest to register."""
    names = [name for kind in plugin.kinds for name in (kind, f"{kind}{GROUP}")]
    return type("EvidenceFixtures", (), {name: _evidence_fixture(plugin, name) for name in names})()


def _evidence_fixture(plugin: JudgingPlugin, argument: str) -> Any:  # noqa: ANN401 - pytest's own wrapper type
    def give(_self: object, request: pytest.FixtureRequest) -> Evidence | tuple[Evidence, ...]:
        return plugin.evidence_of(argument, request)

    return pytest.fixture(name=argument)(give)


def _identifier(node: pytest.Item | pytest.Collector | Any) -> str | None:  # noqa: ANN401 - FunctionDefinition is private
    marker = node.get_closest_marker("check")
    return marker.args[0] if marker else None


def _is_step(item: pytest.Item) -> bool:
    return item.stash[_CHECK][0].subject == WALK


def _turn(item: pytest.Item) -> int:
    """Who looks comes first, then the journeys, which change what is looked at; the load is alone, and last."""
    return {WALK: 1, LOAD: 2}.get(item.stash[_CHECK][0].subject, 0)


def _in_our_words(call: Callable[[Any], object], walk: object) -> None:
    """What pytest raises is no Exception, and means nothing where steps are walked."""
    try:
        call(walk)
    except pytest.xfail.Exception:
        raise
    except pytest.fail.Exception as failed:
        raise AssertionError(str(failed)) from None
    except pytest.skip.Exception as skipped:
        raise Skipped(str(skipped)) from None


def _end(step: StepEvidence) -> None:
    match step.ending:
        case "fail":
            raise AssertionError(step.message)
        case "error":
            raise Unobserved(step.message, hint=step.hint)
        case "skip":
            pytest.skip(step.message)
        case "bug":
            raise StepBroke(step.message)


class StepBroke(Exception):
    """What a step raised that is neither a failed promise nor an obstacle."""


def _ending(check: PlannedCheck, error: BaseException | None) -> tuple[Outcome, str, str]:
    """Outcome, message and hint of a check that ended like this."""
    match error:
        case None:
            return Outcome.PASS, "", ""
        case AssertionError() | pytest.fail.Exception() if not isinstance(error, pytest.xfail.Exception):
            outcome = Outcome.FAIL if check.line.severity is Severity.BLOCKER else Outcome.WARN
            return outcome, _said(check, str(error)), ""
        case EvidenceMissing(failure=failure):
            return _missing(failure), failure.reason, failure.hint
        case Unobserved():
            return Outcome.ERROR, error.reason, error.hint
        case pytest.skip.Exception():
            return Outcome.NOT_RUN, str(error), ""
        case _:
            said = str(error) if isinstance(error, StepBroke) else f"{type(error).__name__}: {error}"
            return Outcome.ERROR, f"bug in the check itself: {said}", "report it to its author"


def _said(check: PlannedCheck, text: str) -> str:
    """The check's own message, without the explanation that pytest adds to it."""
    message = text.partition("\nassert ")[0].strip()
    if not message or message.startswith("assert "):
        return f"{check.line.title}: not so ({message.partition(chr(10))[0] or 'no message'})"
    return message


def _missing(failure: Failure) -> Outcome:
    return Outcome.NOT_RUN if failure.never_reached else Outcome.ERROR


def _adapt(report: pytest.TestReport, item: pytest.Item, observation: Observation) -> None:
    """Let pytest's own report say the same as ours: a line instead of the traceback of a fixture."""
    report.gonogo_outcome = observation.outcome  # type: ignore[attr-defined]  # read by pytest_report_teststatus
    where = item.location
    if observation.outcome in {Outcome.WARN, Outcome.NOT_RUN, Outcome.BLOCKED}:
        report.outcome = "skipped"
        report.longrepr = (where[0], (where[1] or 0) + 1, f"{_LETTERS[observation.outcome][1]}: {observation.message}")
    elif observation.outcome in {Outcome.FAIL, Outcome.ERROR}:
        hint = f"\n{observation.hint}" if observation.hint else ""
        report.longrepr = f"{_LETTERS[observation.outcome][1]}: {observation.message}{hint}"
