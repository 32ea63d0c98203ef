"""PostgreSQL as the service needs it on launch day: who gets in, and what the service's user may do."""

import pytest
from gonogo_postgresql.evidence import PostgresqlEvidence, ReplicaEvidence
from gonogo_postgresql.section import Postgresql
from gonogo_postgresql.support import last_day_of_support, major_version

from gonogo.base.comparing import at_most, equal, not_over, nothing, so, there
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment

_DANGEROUS = {
    "pg_read_server_files": "can read every file on the server",
    "pg_write_server_files": "can write files on the server",
    "pg_execute_server_program": "can run programs on the server",
    "pg_read_all_data": "can read every table",
    "pg_write_all_data": "can write to every table",
    "pg_signal_backend": "can end other users' sessions",
    "rds_superuser": "can administer the server",
    "cloudsqlsuperuser": "can administer the server",
    "azure_pg_admin": "can administer the server",
}


@pytest.mark.check("postgresql-reachable")
def test_service_can_ask(postgresql: PostgresqlEvidence) -> None:
    """Without its database the service cannot work.

    Fix: read the server's log; look at listen_addresses, pg_hba.conf, and the user's password. The URL must name the
    primary.
    """
    assert so(postgresql.reachable, "reachable", "yes", "no"), f"{postgresql.server}: {postgresql.problem}"
    postgresql.require("takes_writes")
    assert so(postgresql.takes_writes, "takes writes", "yes", "no"), (
        f"{postgresql.server}: accepts no writes from the service's user: it is a replica, or default_transaction_read_only is on"
    )


@pytest.mark.check("postgresql-tls")
def test_nobody_reads_along(postgresql: PostgresqlEvidence) -> None:
    """Data that is not encrypted can be read on its way, the password first.

    Fix: ssl = on in postgresql.conf, hostssl in place of host in pg_hba.conf, sslmode=verify-full in the URL.
    """
    if postgresql.local:
        return  # a Unix socket: nothing is on its way
    assert so(postgresql.encrypted, "encrypted", "yes", "no"), (
        f"{postgresql.server}: the service's own connection is not encrypted"
    )
    postgresql.require("without_tls")
    assert equal(postgresql.without_tls, "refused", "without tls"), (
        f"{postgresql.server}: a login without TLS was accepted"
    )
    assert so(postgresql.verifies, "verifies", "yes", "no"), (
        f"{postgresql.server}: the service's URL does not verify the server's certificate, so anybody may pose as "
        "the server; add sslmode=verify-full"
    )


@pytest.mark.check("postgresql-password")
def test_strangers_stay_outside(postgresql: PostgresqlEvidence) -> None:
    """``trust`` in pg_hba.conf lets in whoever reaches the port.

    Fix: scram-sha-256 in place of trust in pg_hba.conf, then pg_ctl reload.
    """
    postgresql.require("without_password")
    assert equal(postgresql.without_password, "refused", "login without a password"), (
        f"{postgresql.server}: a login without a password was accepted"
    )


@pytest.mark.check("postgresql-least-rights")
def test_service_may_do_its_own_work_only(postgresql: PostgresqlEvidence, environment: Environment) -> None:
    """Whoever breaks into the service gets all rights of its user.

    Fix: ALTER ROLE … NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS; REVOKE the roles and functions that
    the message names; name the service's own schemas in postgresql.schemas.
    """
    postgresql.require("roles", "file_functions", "schemas")
    user = postgresql.roles[0].name
    for role in postgresql.roles:
        subject = f"the service's user {user}" if role.name == user else f"{user} is a member of {role.name}, which"
        assert nothing(role.powers, f"powers of {role.name}"), f"{subject} has {', '.join(role.powers)}"
        assert so(role.name not in _DANGEROUS, "roles", "without dangerous ones", role.name), (
            f"{subject} {_DANGEROUS[role.name]}"
        )
    functions = ", ".join(postgresql.file_functions)
    assert nothing(postgresql.file_functions, "functions on files"), (
        f"{user} may execute {functions}, which read or write files on the server"
    )
    foreign = sorted(set(postgresql.schemas).difference(environment.require(Postgresql).schemas))
    assert nothing(foreign, "foreign"), (
        f"{user} owns, creates or writes in schemas that are not the service's: {', '.join(foreign)}"
    )


@pytest.mark.check("postgresql-supported")
def test_version_is_repaired(postgresql: PostgresqlEvidence) -> None:
    """The next vulnerability in an unsupported version stays open.

    Fix: pg_upgrade to a version that https://www.postgresql.org/support/versioning/ calls supported.
    """
    postgresql.require("version")
    major = major_version(postgresql.version)
    if major is None:
        raise Unobserved(
            f"not a version of PostgreSQL that gonogo knows: {postgresql.version[:60]!r}",
            hint="attest that its maker still publishes security fixes for it, or waive this check",
        )
    last = last_day_of_support(major)
    assert not_over(last, postgresql.taken_at.date(), "support"), (
        f"{postgresql.server}: security fixes for PostgreSQL {major} ended on {last}"
    )


@pytest.mark.check("postgresql-replica-lag")
def test_replicas_follow(postgresql_replica: ReplicaEvidence, environment: Environment) -> None:
    """A replica that lags behind shows users old data, and cannot replace a primary that fails.

    Fix: pg_stat_replication on the primary names what is slow; look at the replica's log, disk and network.
    """
    replica, limit = postgresql_replica, environment.require(Postgresql).max_lag
    assert so(replica.reachable, "reachable", "yes", "no"), f"{replica.server}: {replica.problem}"
    assert so(replica.read_only, "read only", "yes", "no"), (
        f"{replica.server}: it accepts writes, so it is not a replica any more"
    )
    replica.require("same_cluster", "lag")
    assert so(replica.same_cluster, "same cluster", "yes", "no"), (
        f"{replica.server}: it is a replica of another server, not of the primary"
    )
    assert so(not replica.paused, "replay", "running", "paused"), (
        f"{replica.server}: replay is paused; resume it there with SELECT pg_wal_replay_resume()"
    )
    behind = f"{replica.bytes_behind:,} bytes of the primary are not replayed"
    assert there(replica.lag, "lag", "known", "nothing was replayed"), (
        f"{replica.server}: {behind}, and it has replayed nothing since it started"
    )
    assert at_most(replica.lag, limit, "lag"), (
        f"{replica.server}: {behind}; {format_duration(replica.lag)} behind the primary; at most {format_duration(limit)} is declared"
    )
