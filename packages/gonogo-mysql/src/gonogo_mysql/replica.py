"""Asks a replica how far behind the primary it is: by a position (GTID) of the primary, and never by its own words alone.

A replica that lost its primary has applied all that it received, and would call itself up to date. Waiting for a position
needs no right; SHOW REPLICA STATUS does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope, Unread
from gonogo_mysql.evidence import MysqlReplicaEvidence
from gonogo_mysql.login import Connection, Login, Refused, logged_in, login_of, rows
from gonogo_mysql.section import Mysql

_NO_GTID = "the primary has no global transaction ids"
_NO_GTID_HINT = "MySQL: gtid_mode = ON; MariaDB: log_bin, and replicas with MASTER_USE_GTID=slave_pos"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaQuestion:
    """One replica, and the primary that it should follow."""

    scope: Scope
    login: Login
    primary: Login
    patience: timedelta
    """For a login, and for the position to be applied."""

    @property
    def host(self) -> str:
        """The host whose patience is spent."""
        return self.login.host


def replica_questions(environment: Environment, secrets: Secrets) -> Sequence[ReplicaQuestion]:
    """One question to each replica. Raises UsageError on what is no URL."""
    section = environment.require(Mysql)
    return [
        ReplicaQuestion(
            scope=("mysql", name),
            login=login_of(name, section, secrets),
            primary=login_of(section.url, section, secrets),
            patience=environment.limits.probe * 0.3,
        )
        for name in section.replicas
    ]


async def probe_replica(question: ReplicaQuestion) -> MysqlReplicaEvidence:
    """Note where the primary is, and wait for the replica to get there."""
    closed = MysqlReplicaEvidence(
        scope=question.scope, taken_at=datetime.now(UTC), server=question.login.server, reachable=False
    )
    try:
        read_only = await logged_in(question.login, question.patience, _read_only)
    except Refused as error:
        return replace(closed, problem=str(error))
    evidence = replace(closed, reachable=True, read_only=read_only)
    try:
        position = await logged_in(question.primary, question.patience, _position)
        waited, applied = await logged_in(
            question.login, question.patience * 2, lambda connection: _applied(connection, position, question.patience)
        )
    except Refused as error:
        return _unknown(evidence, f"how far it is behind is not known: {error}", "")
    except Unobserved as error:
        return _unknown(evidence, error.reason, error.hint)
    return replace(evidence, lag=waited if applied else None, waited=waited)


def _unknown(evidence: MysqlReplicaEvidence, reason: str, hint: str) -> MysqlReplicaEvidence:
    return replace(evidence, unread=(Unread(fact="lag", reason=reason, hint=hint),))


def _read_only(connection: Connection) -> bool:
    ((value,),) = rows(connection, "SELECT @@GLOBAL.read_only")
    return str(value) not in {"0", "OFF"}


def _is_mariadb(connection: Connection) -> bool:
    ((version,),) = rows(connection, "SELECT VERSION()")
    return "mariadb" in str(version).lower()


def _position(connection: Connection) -> str:
    """Where the primary's own log is. Raises Unobserved where it counts no transactions."""
    query = "SELECT @@GLOBAL.gtid_binlog_pos" if _is_mariadb(connection) else "SELECT @@GLOBAL.gtid_executed"
    ((position,),) = rows(connection, query)
    if not position:
        raise Unobserved(_NO_GTID, hint=_NO_GTID_HINT)
    return str(position)


def _applied(connection: Connection, position: str, patience: timedelta) -> tuple[timedelta, bool]:
    """How long it took until the replica had applied the position, and whether it had."""
    began, seconds = monotonic(), max(1, int(patience.total_seconds()))
    if _is_mariadb(connection):
        ((answer,),) = rows(connection, "SELECT MASTER_GTID_WAIT(%s, %s)", position, seconds)
        done = answer == 0  # -1: not within the time
    else:
        ((answer,),) = rows(connection, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", position, seconds)
        done = answer == 0  # 1: not within the time
    return timedelta(seconds=monotonic() - began), done
