"""What is broken, each thing once and in one order: every format tells these, and begins with the first of them.

A check that was BLOCKED is a consequence of what blocked it. Checks that fail for one and the same reason are one cause:
replies of 5xx while a dependency is dead, the deep health that names this dependency, the same request refused at
several steps of journeys, an endpoint that takes nothing from anybody, forty checks that could not be asked for one reason.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.evidence.base import Scope
from gonogo.policy.severity import Severity
from gonogo.record.results import DONE, CheckResult, LineResult, Observation, Outcome, RootCause
from gonogo.record.shown_facts import facts_at
from gonogo.verdict.endpoints import Answer, closed_endpoints, last_answer

DEEP_HEALTH = "health-deep"
DEPENDENCIES: Mapping[str, Collection[str]] = {
    "mongo-reachable": ("mongo", "database", "db"),
    "redis-listening": ("redis", "valkey", "cache"),
    "redis-reachable": ("redis", "valkey", "cache"),
}
"""Checks that fail when a dependency is dead, and what names of it begin with or end in on pages of health."""
_ROOTS = {Outcome.FAIL, Outcome.WAIVED, Outcome.ERROR, Outcome.NOT_RUN}
_QUIET = {Outcome.PASS, Outcome.WARN, Outcome.WAIVED}
_ORDER = (Outcome.FAIL, Outcome.ERROR, Outcome.BLOCKED, Outcome.WAIVED, Outcome.NOT_RUN)
"""A failure outranks a gap, as in the verdict."""
_ALIKE = {Outcome.ERROR, Outcome.NOT_RUN}
_ANSWERED = re.compile(r"(?:^|: )([A-Z]{3,7} /\S*) answered (\d{3})\b")
"""As steps and the load say it of a reply that was not the expected one."""
_SERVER_ERROR = 500
_FEWEST = 2
_WALK = "walk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is broken, or that nobody knows."""

    check: str
    """Id of the check that says most about it."""
    alike: Sequence[str]
    """Ids of further checks that show the same."""
    consequences: Sequence[str]
    """Ids of the checks that could not be judged because of it."""

    @property
    def ids(self) -> Sequence[str]:
        """All checks that it speaks of."""
        return [self.check, *self.alike, *self.consequences]


def root_causes(checks: Sequence[CheckResult]) -> Sequence[RootCause]:
    """Group the BLOCKED by what blocked them, the one with the most consequences first."""
    behind: dict[tuple[str, Scope], list[str]] = {}
    for check in checks:
        for cause in {
            (observation.cause.check, observation.cause.scope)
            for observation in check.observations
            if observation.cause
        }:
            behind.setdefault(cause, []).append(check.id)
    observed = {(check.id, observation.scope): observation for check in checks for observation in check.observations}
    causes = [
        RootCause(
            check=check,
            scope=scope,
            outcome=observation.outcome,
            message=observation.message,
            consequences=consequences,
        )
        for (check, scope), consequences in behind.items()
        if (observation := observed.get((check, scope))) is not None
    ]
    return sorted(causes, key=lambda cause: (-len(cause.consequences), cause.check, cause.scope))


def spoken_for(checks: Sequence[CheckResult], lines: Sequence[LineResult]) -> Sequence[CheckResult]:
    """Blockers that are not permitted here, while every demanded line that they are about is done without them."""
    demanded = {line.id: line for line in lines if line.leaf and line.demanded}
    answered = []
    for check in checks:
        about = [demanded[line] for line in (*check.proves, *check.supports) if line in demanded]
        not_permitted = check.severity is Severity.BLOCKER and check.outcome is Outcome.NOT_RUN and not check.permitted
        if not_permitted and about and all(line.status in DONE for line in about):
            answered.append(check)
    return answered


def stopping(checks: Sequence[CheckResult], lines: Sequence[LineResult]) -> frozenset[str]:
    """Ids of the blockers without a good end, but for those that people or other runs answer for."""
    answered = {check.id for check in spoken_for(checks, lines)}
    return frozenset(
        check.id
        for check in checks
        if check.severity is Severity.BLOCKER and check.outcome not in _QUIET and check.id not in answered
    )


def foremost(check: CheckResult, causes: Sequence[RootCause]) -> Observation:
    """Of a check's worst observations the one that most depends on: what is said of the check is said of this target."""
    worst = check.observed
    alike = {observation.scope: observation for observation in check.observations if observation.outcome is worst}
    # Causes come with the most consequences first.
    return next(
        (alike[cause.scope] for cause in causes if cause.check == check.id and cause.scope in alike), check.worst
    )


def is_step(check: CheckResult) -> bool:
    """Whether the check is a step of a journey that was walked: what people do, and not what a machine answers."""
    return any(_WALK in observation.facts for observation in check.observations)


def troubles(checks: Sequence[CheckResult], lines: Sequence[LineResult] = ()) -> Sequence[Trouble]:
    """Everything that keeps the verdict from GO, each once: what failed first, then whatever keeps the most from GO."""
    stops = stopping(checks, lines)
    behind: dict[str, dict[str, None]] = {}
    for cause in root_causes(checks):
        behind.setdefault(cause.check, {}).update(dict.fromkeys(cause.consequences))
    # An accepted failure is a cause where it keeps others from being judged: nobody accepted that.
    roots = [check for check in checks if check.outcome in _ROOTS and (check.id in stops or behind.get(check.id))]
    groups = [_trouble(members, behind) for members in _grouped(roots, checks)]
    reached = {identifier for group in groups for identifier in group.ids}
    orphans = [check for check in checks if check.outcome is Outcome.BLOCKED and check.id in stops - reached]
    groups += [_trouble([check], behind) for check in orphans]
    outcomes = {check.id: check.outcome for check in checks}
    return sorted(groups, key=lambda group: (_ORDER.index(outcomes[group.check]), 1 - len(group.ids)))


def _trouble(members: Sequence[CheckResult], behind: Mapping[str, Mapping[str, None]]) -> Trouble:
    first, *others = [check.id for check in members]
    reached = dict.fromkeys(id_ for check in members for id_ in behind.get(check.id, ()))
    return Trouble(check=first, alike=others, consequences=[id_ for id_ in reached if id_ not in {first, *others}])


def _grouped(roots: Sequence[CheckResult], checks: Sequence[CheckResult]) -> Iterator[Sequence[CheckResult]]:
    """The roots that show one and the same trouble, the one that explains the others first; then warnings that do."""
    explained = _explained(roots, checks)
    closed = closed_endpoints(checks)
    keys: dict[str, object] = {
        check.id: explained.get(check.id) or closed.get(check.id) or _reason(check) for check in roots
    }
    declared = _declared([check for check in roots if check.id not in explained], checks)
    # An explanation may be explained itself: the nearest ones first.
    for _ in declared:
        keys |= {identifier: keys[other] for identifier, other in declared.items()}
    groups: dict[object, list[CheckResult]] = {}
    for check in roots:
        groups.setdefault(keys[check.id], []).append(check)
    for check in checks:
        if check.outcome is Outcome.WARN and closed.get(check.id) in groups:
            groups[closed[check.id]].append(check)
    for members in groups.values():
        leading = [check for check in members if check.id not in declared]
        lead = next((check for check in leading if explained.get(check.id) == check.id), (leading or members)[0])
        yield [lead, *(check for check in members if check is not lead)]


def _declared(roots: Sequence[CheckResult], checks: Sequence[CheckResult]) -> Mapping[str, str]:
    """Id of a failed check to that of a failed one that explains it by the catalogue (``explained_by``).

    Where both ended at one endpoint, and with another status, each has a reason of its own. What a dead dependency
    explains is not among the ``roots`` here.
    """
    failed = {check.id: check for check in roots if check.outcome is Outcome.FAIL}
    return {
        check.id: other
        for check in failed.values()
        for other in check.explained_by
        if other in failed and _may_explain(last_answer(checks, failed[other]), last_answer(checks, check))
    }


def _may_explain(cause: Answer | None, effect: Answer | None) -> bool:
    return cause is None or effect is None or cause[0] != effect[0] or cause[1] == effect[1]


def _reason(check: CheckResult) -> object:
    """What is the same for checks that are told together although nothing explains them; else the check's own id."""
    worst = check.worst
    said_alike = check.outcome in _ALIKE or (check.outcome is Outcome.FAIL and _WALK in worst.facts)
    return (check.outcome, worst.message, worst.hint) if said_alike and worst.message else check.id


def _explained(roots: Sequence[CheckResult], checks: Sequence[CheckResult]) -> Mapping[str, str]:
    """Id of a check to that of the one that explains it: a dead dependency, or the deep health that names one."""
    by_id = {check.id: check for check in roots}
    parts = _deep_parts(checks)
    down = {name for name, fails in parts.items() if fails}
    dead = [
        name
        for name in DEPENDENCIES
        if name in by_id
        and by_id[name].outcome is Outcome.FAIL
        and (not parts or any(_is(name, part) for part in down))
    ]
    unexplained = {part for part in down if not any(_is(name, part) for name in dead)}
    deep = by_id.get(DEEP_HEALTH)
    explained: dict[str, str] = {name: name for name in dead}
    if deep is not None and deep.outcome is not Outcome.FAIL:
        deep = None
    if deep is not None and down:
        explained[DEEP_HEALTH] = DEEP_HEALTH if unexplained or not dead else dead[0]
        # Nobody here could ask it, and the service says that it is down: one trouble.
        unasked = (name for name in DEPENDENCIES if name in by_id and by_id[name].outcome is Outcome.ERROR)
        explained |= {name: DEEP_HEALTH for name in unasked if any(_is(name, part) for part in unexplained)}
    refused = [check for check in roots if check.id not in explained and _server_errors(check)]
    explaining = dead[0] if dead else DEEP_HEALTH if deep is not None and down else None
    if explaining is None and len(refused) >= _FEWEST:
        explaining = next((check.id for check in refused if check.outcome is Outcome.FAIL), refused[0].id)
    return explained | ({check.id: explaining for check in refused} if explaining else {})


def _is(dependency: str, part: str) -> bool:
    """Whether a page of health that names this part means this dependency."""
    return any(part.startswith(name) or part.endswith(name) for name in DEPENDENCIES[dependency])


def _deep_parts(checks: Sequence[CheckResult]) -> Mapping[str, bool]:
    """Names on the pages of deep health, and whether any of these pages says that it is down."""
    deep = next((check for check in checks if check.id == DEEP_HEALTH), None)
    found: dict[str, bool] = {}
    for observation in deep.observations if deep else ():
        for name, part in _parts_of(checks, observation):
            meaning = part.get("meaning") if isinstance(part, Mapping) else None
            found[name.casefold()] = found.get(name.casefold(), False) or meaning == "fail"
    return found


def _parts_of(checks: Sequence[CheckResult], observation: Observation) -> Iterator[tuple[str, Any]]:
    for kind, facts in observation.facts.items():
        whole = facts_at(checks, kind, facts)
        reading = whole.get("deep_reading") if isinstance(whole, Mapping) else None
        parts = reading.get("parts") if isinstance(reading, Mapping) else None
        yield from parts.items() if isinstance(parts, Mapping) else ()


def _server_errors(check: CheckResult) -> bool:
    """Whether every target of the check where it went wrong answered with a status of 5xx."""
    worst = [observation for observation in check.observations if observation.outcome is check.observed]
    found = [_ANSWERED.search(observation.message) for observation in worst]
    return all(answer is not None and int(answer[2]) >= _SERVER_ERROR for answer in found)
