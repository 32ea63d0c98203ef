"""Reads from the on-call system who is on call at the launch, each fact by itself, and changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.oncall import OnCallEvidence, Reach, Span
from gonogo.families.kind import Probe
from gonogo.families.oncall.opsgenie import Opsgenie
from gonogo.families.oncall.pagerduty import PagerDuty
from gonogo.families.oncall.rota import Absent, OnCallSystem, Rota, RotaSession
from gonogo.families.oncall.section import OnCall
from gonogo.families.reading import Reading
from gonogo.families.watch.section import Launch

_SYSTEMS: Mapping[str, Callable[..., OnCallSystem]] = {"pagerduty": PagerDuty, "opsgenie": Opsgenie}
_MOST_PEOPLE = 30
Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallQuestion:
    """The on-call system to read, what is declared about it, and the launch that decides the time to ask about."""

    system: OnCallSystem
    section: OnCall
    launch: Launch | None

    @property
    def scope(self) -> Scope:
        """The scope of the evidence, always the same: an environment has one on-call system."""
        return ("oncall",)

    @property
    def host(self) -> str:
        """The name under which ``limits.per_host`` counts the requests."""
        return "oncall"


def oncall_questions(environment: Environment, secrets: Secrets) -> Sequence[OnCallQuestion]:
    """Return the question about the declared system; none where ``[oncall]`` is missing."""
    section = environment.section(OnCall)
    if section is None:
        return []
    system = _SYSTEMS[section.system](section=section, token=secrets[section.token], patience=environment.limits.probe)
    return [OnCallQuestion(system=system, section=section, launch=environment.section(Launch))]


async def probe_oncall(question: OnCallQuestion) -> OnCallEvidence:
    """Read everything about the time of the launch.

    A fact that could not be read is in ``unread``, with its reason. What the system says does not exist is in ``absent``.
    """
    taken_at = datetime.now(UTC)
    span = question.section.window(question.launch, taken_at)
    asked = _Asked()
    async with question.system.session() as session:
        (rota, people), (levels, second_after), service = await asyncio.gather(
            _rota(session, span, asked),
            asked.fact("levels", session.levels(), (0, None)),
            asked.fact("service", session.service(span), None),
        )
    return OnCallEvidence(
        scope=question.scope,
        taken_at=taken_at,
        system=question.system.name,
        begins=span[0],
        ends=span[1],
        absent=tuple(sorted(asked.absent)),
        first=tuple(rota.first),
        told=tuple(rota.told),
        levels=levels,
        second_after=second_after,
        people=people,
        service=service,
        unread=asked.reading.unread,
    )


async def _rota(session: RotaSession, span: Span, asked: "_Asked") -> tuple[Rota, tuple[Reach, ...]]:
    """Read who is on call, and how each of them is notified.

    Both are read without waiting for the other facts: a slow answer about one of those would leave no time.
    """
    rota = await asked.fact("first", session.rota(span), Rota(first=(), told=(), people=()))
    asked.miss_with("first", "told", "people")
    if rota.untold:
        asked.reading.miss("told", rota.untold, "let every level tell a schedule or a user")
    return rota, await asked.fact("people", _reaches(session, rota), ())


async def _reaches(session: RotaSession, rota: Rota) -> tuple[Reach, ...]:
    if len(rota.people) > _MOST_PEOPLE:
        raise Unobserved(f"{len(rota.people)} people are on call, and {_MOST_PEOPLE} at most are asked about")
    return tuple(await asyncio.gather(*(session.reach(person) for person in rota.people)))


@dataclass(slots=True)
class _Asked:
    """Collects the facts that could not be read, and the things that do not exist."""

    reading: Reading = field(default_factory=Reading)
    absent: set[str] = field(default_factory=set)

    async def fact(self, name: str, asking: Awaitable[Fact], otherwise: Fact) -> Fact:
        try:
            return await self.reading.fact(name, asking, otherwise)
        except Absent as missing:
            self.absent.add(str(missing))
            return otherwise

    def miss_with(self, name: str, *others: str) -> None:
        """Note ``others`` as unread, for the same reason, if the fact that they depend on is unread."""
        for missing in self.reading.unread:
            if missing.fact == name:
                for other in others:
                    self.reading.miss(other, missing.reason, missing.hint)


PROBES: Mapping[str, Probe] = {"oncall": Probe(questions=oncall_questions, ask=probe_oncall)}
