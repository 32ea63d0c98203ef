"""Probing at once, within bounds: a run ends in its time, and nothing that it did not learn looks like success."""

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from gonogo.base.errors import Unobserved
from gonogo.collecting.collector import Collector, Job
from gonogo.environment.model import Limits
from gonogo.evidence.base import Evidence, Scope
from gonogo.evidence.record import Failure, Record
from gonogo.families.kind import EvidenceKind

AT = datetime(2026, 11, 23, tzinfo=UTC)
PATIENT = Limits(run=timedelta(seconds=30), probe=timedelta(seconds=10))


@dataclass(frozen=True, slots=True)
class Question:
    """Number and host."""

    number: int
    host: str = "h"

    @property
    def scope(self) -> Scope:
        """Unique."""
        return self.host, str(self.number)


class Target:
    """Answers when it is told to, and counts who asks at the same time."""

    def __init__(self, *, together: int = 1) -> None:
        self.asking = 0
        self.most = 0
        self.cancelled = 0
        self._together = together

    async def answer(self, question: Question) -> Evidence:
        """Answers everybody as soon as enough have asked."""
        self.asking += 1
        self.most = max(self.most, self.asking)
        try:
            while self.most < self._together:  # noqa: ASYNC110 - the limiters are under test, no event of ours
                await anyio.sleep(0.001)
            await anyio.sleep(0.01)
        finally:
            self.asking -= 1
        return Evidence(scope=question.scope, taken_at=AT)

    async def silence(self, question: Question) -> Evidence:
        """Never answers."""
        del question
        try:
            await anyio.sleep_forever()
        finally:
            self.cancelled += 1
        raise AssertionError


def job(ask: object, question: Question, *, alone: bool = False) -> Job:
    """A question of a kind of evidence that is asked for like this."""
    kind = EvidenceKind(name="k", section="hosts", evidence=Evidence, alone=alone)
    return Job(kind=kind, ask=ask, question=question)  # type: ignore[arg-type]  # a bound method


def collect(limits: Limits, ask: object, questions: Iterable[Question], *, alone: bool = False) -> list[Record]:
    """All records."""
    jobs = [job(ask, question, alone=alone) for question in questions]
    with Collector(limits) as collector:
        collector.start(jobs)
        return [collector.wait(job.key) for job in jobs]


def failure(record: Record) -> Failure:
    """Why there is no evidence."""
    assert record.failure is not None
    return record.failure


def test_all_hosts_are_asked_at_once() -> None:
    """Two hundred slow targets cost what one does; here nobody answers before all have been asked."""
    target = Target(together=200)
    records = collect(PATIENT, target.answer, [Question(n, f"h{n}") for n in range(200)])
    assert target.most == 200
    assert all(record.evidence is not None for record in records)


def test_one_host_is_not_overrun() -> None:
    """A launch check must not be the first load test of the launch."""
    target = Target()
    collect(Limits(per_host=3, probe=PATIENT.probe), target.answer, [Question(n) for n in range(20)])
    assert target.most == 3


@dataclass(frozen=True, slots=True)
class AddressQuestion(Question):
    """The same with the address that is asked."""

    address: str = "192.0.2.1"


def test_names_of_one_address_share_its_patience() -> None:
    """A server that limits connections counts those to all of its names."""
    target = Target()
    questions = [AddressQuestion(n, host=f"h{n}") for n in range(6)]
    collect(Limits(per_host=1, probe=PATIENT.probe), target.answer, questions)
    assert target.most == 1


def test_crowded_host_does_not_keep_others_waiting() -> None:
    """Places in total are for those whose turn at their own host has come."""
    target = Target(together=5)
    crowd = [Question(n, "crowded") for n in range(50)]
    limits = Limits(per_host=1, total=5, probe=PATIENT.probe)
    collect(limits, target.answer, [*crowd, *(Question(n, f"h{n}") for n in range(4))])
    assert target.most == 5


def test_what_measures_time_is_asked_alone() -> None:
    """Our own load must not become the target's latency."""
    target = Target()
    collect(PATIENT, target.answer, [Question(n, f"h{n}") for n in range(5)], alone=True)
    assert target.most == 1


def test_slow_probe_is_cut_off_and_says_so() -> None:
    """One silent target must not cost the whole run."""
    target = Target()
    (record,) = collect(Limits(probe=timedelta(milliseconds=50)), target.silence, [Question(1)])
    assert failure(record).reason == "no complete answer within 50 ms"
    assert not failure(record).never_reached
    assert target.cancelled == 1


def test_run_has_one_deadline() -> None:
    """What it cuts off is NOT RUN: nobody is to blame, and nothing is claimed."""
    target = Target()
    limits = Limits(run=timedelta(milliseconds=100), probe=timedelta(seconds=60), per_host=1)
    records = collect(limits, target.silence, [Question(n) for n in range(3)])
    assert [failure(record).never_reached for record in records] == [True] * 3
    assert "deadline of 100 ms" in failure(records[0]).reason


def test_deadline_holds_for_those_who_wait_to_be_alone() -> None:
    """A latency probe behind a silent target must not wait for ever."""
    target = Target()
    limits = Limits(run=timedelta(milliseconds=100), probe=timedelta(seconds=60))
    jobs = [
        job(target.silence, Question(1)),
        job(target.silence, Question(2), alone=True),
    ]
    with Collector(limits) as collector:
        collector.start(jobs)
        assert all(failure(collector.wait(job.key)).never_reached for job in jobs)


def test_inability_and_bugs_are_told_apart() -> None:
    """Whoever reads the report must know whether to call the network team or us."""

    async def blind(question: Question) -> Evidence:
        raise Unobserved("no route", hint=f"ask {question.host} from elsewhere")

    async def broken(question: Question) -> Evidence:
        raise KeyError(question.number)

    (unobserved,) = collect(PATIENT, blind, [Question(1)])
    (bug,) = collect(PATIENT, broken, [Question(1)])
    assert failure(unobserved) == Failure(reason="no route", hint="ask h from elsewhere")
    assert failure(bug).bug
    assert "bug in gonogo: probe k: KeyError: 1 (test_collector.py:" in failure(bug).reason


def test_leaving_cancels_what_is_pending_and_ends_the_thread() -> None:
    """After Ctrl-C nothing goes on talking to production."""
    target = Target()
    before = threading.active_count()
    with Collector(PATIENT) as collector:
        collector.start([job(target.silence, Question(n)) for n in range(3)])
        with pytest.raises(TimeoutError):
            collector._futures["k", ("h", "0")].result(timeout=0.05)  # noqa: SLF001 - wait() has no timeout of its own
    assert target.cancelled == 3
    assert threading.active_count() == before
    assert all(failure(record).never_reached for record in collector.records().values())


def test_what_a_library_cancels_is_its_own_question_alone() -> None:
    """A driver whose own time-out leaves a cancellation behind once took all other answers with it, as if interrupted."""

    async def answer(question: Question) -> Evidence:
        if question.number == 0:
            raise asyncio.CancelledError
        await anyio.sleep(0.2)
        return Evidence(scope=question.scope, taken_at=AT)

    cut, *others = collect(PATIENT, answer, [Question(number, f"h{number}") for number in range(3)])
    assert [record.failure for record in others] == [None, None]
    assert not failure(cut).never_reached
    assert failure(cut).reason == "the probe k was cancelled from inside, and gave no answer"
