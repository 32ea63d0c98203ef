"""PostgreSQL as the service needs it on launch day."""

import pytest
from gonogo_postgresql.evidence import PostgresqlEvidence, ReplicaEvidence
from gonogo_postgresql.section import Postgresql

from gonogo.environment.model import Environment


@pytest.mark.check("postgresql-reachable")
def test_service_can_ask(postgresql: PostgresqlEvidence) -> None:
    """Without its database the service has nothing to say.

    Fix: read the server's log; look at listen_addresses, pg_hba.conf, and the user's password.
    """
    assert postgresql.reachable, f"{postgresql.server}: {postgresql.problem}"


@pytest.mark.check("postgresql-tls")
def test_nobody_reads_along(postgresql: PostgresqlEvidence) -> None:
    """What is not encrypted is read by everybody on the way, passwords first.

    Fix: ssl = on in postgresql.conf, hostssl in place of host in pg_hba.conf, sslmode=verify-full in the URL.
    """
    assert postgresql.encrypted, f"{postgresql.server}: the service's own connection is not encrypted"
    assert postgresql.without_tls == "refused", f"{postgresql.server}: a login without TLS was accepted"


@pytest.mark.check("postgresql-password")
def test_strangers_stay_outside(postgresql: PostgresqlEvidence) -> None:
    """``trust`` in pg_hba.conf lets in whoever reaches the port.

    Fix: scram-sha-256 in place of trust in pg_hba.conf, then pg_ctl reload.
    """
    assert postgresql.without_password == "refused", f"{postgresql.server}: a login without a password was accepted"


@pytest.mark.check("postgresql-replica-lag")
def test_replicas_follow(replica: ReplicaEvidence, environment: Environment) -> None:
    """A replica that hangs behind shows users yesterday, and is no use on the day the primary dies.

    Fix: pg_stat_replication on the primary names what is slow; look at the replica's disk and network.
    """
    limit = environment.require(Postgresql).max_lag
    assert replica.reachable, f"{replica.server}: {replica.problem}"
    assert replica.read_only, f"{replica.server}: it takes writes; it is no replica any more"
    assert replica.lag is not None, f"{replica.server}: it has replayed nothing yet"
    assert replica.lag <= limit, (
        f"{replica.server}: {replica.lag.total_seconds():.0f} s behind, at most {limit.total_seconds():.0f} s"
    )
