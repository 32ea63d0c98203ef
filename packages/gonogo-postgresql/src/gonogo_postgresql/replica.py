"""Asks a replica how far behind the primary it is: by a position of the primary, and never by its own words alone.

A replica that lost its primary has replayed all that it received, and would call itself up to date.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Unread
from gonogo_postgresql.evidence import ReplicaEvidence
from gonogo_postgresql.login import Connection, PostgresqlQuestion, connected, login_of, refusal, rows
from gonogo_postgresql.section import Postgresql

_PRIMARY = "SELECT pg_current_wal_lsn()::text, (SELECT system_identifier::text FROM pg_control_system())"
_CONTROL = "SELECT pg_is_in_recovery(), (SELECT system_identifier::text FROM pg_control_system())"
_REPLAYED = """
SELECT pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn())::bigint, pg_is_wal_replay_paused(),
    extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float
"""
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaQuestion(PostgresqlQuestion):
    """One replica, and the primary that it should follow."""

    primary: Mapping[str, Any] = field(repr=False)


def replica_questions(environment: Environment, secrets: Secrets) -> Sequence[ReplicaQuestion]:
    """One question to each replica."""
    section = environment.require(Postgresql)
    return [
        ReplicaQuestion(
            scope=("postgresql", name),
            login=login_of(name, section, secrets),
            patience=environment.limits.probe * 0.3,
            primary=login_of(section.url, section, secrets),
        )
        for name in section.replicas
    ]


async def probe_replica(question: ReplicaQuestion) -> ReplicaEvidence:
    """Note where the primary is, and wait for the replica to get there."""
    closed = ReplicaEvidence(scope=question.scope, taken_at=datetime.now(UTC), server=question.server, reachable=False)
    try:
        async with connected(question.login, question.patience) as connection:
            ((read_only, identifier),) = await rows(connection, _CONTROL)
            evidence = replace(closed, reachable=True, read_only=read_only)
            try:
                position, cluster = await _position(question)
            except Unobserved as error:
                missing = tuple(
                    Unread(fact=fact, reason=error.reason, hint=error.hint) for fact in ("lag", "same_cluster")
                )
                return replace(evidence, unread=missing)
            evidence = replace(evidence, same_cluster=identifier == cluster)
            return (
                await _followed(question, connection, position, evidence)
                if read_only and evidence.same_cluster
                else evidence
            )
    except psycopg.OperationalError as error:
        return replace(closed, problem=await refusal(question, error))


async def _position(question: ReplicaQuestion) -> tuple[str, str]:
    try:
        async with connected(question.primary, question.patience) as primary:
            ((position, cluster),) = await rows(primary, _PRIMARY)
            return position, cluster
    except psycopg.OperationalError:
        raise Unobserved("how far it is behind is not known: the primary's position could not be read") from None


async def _followed(
    question: ReplicaQuestion, connection: Connection, position: str, evidence: ReplicaEvidence
) -> ReplicaEvidence:
    clock = asyncio.get_running_loop().time
    started = clock()
    while True:
        ((behind, paused, age),) = await rows(connection, _REPLAYED, position)
        waited = timedelta(seconds=clock() - started)
        if behind is None:
            raise Unobserved(f"{question.server} does not report how far it has replayed")
        if behind <= 0:
            return replace(evidence, paused=paused, lag=waited)
        if waited >= question.patience:
            lag = None if age is None else max(waited, timedelta(seconds=age))
            return replace(evidence, paused=paused, lag=lag, bytes_behind=behind)
        await asyncio.sleep(_PAUSE_SECONDS)
