"""MySQL or MariaDB as the service needs it on launch day."""

import re

import pytest
from gonogo_mysql.evidence import Grant, MysqlEvidence, MysqlReplicaEvidence
from gonogo_mysql.section import Mysql
from gonogo_mysql.support import last_day_of_repairs, product_and_series

from gonogo.base.comparing import at_least, at_most, equal, not_over, nothing, shown, so, there
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.policy.catalogue import Policy

_NOTHING = {"USAGE"}
_ADMINISTRATION = {"GRANT OPTION", "PROXY"}


@pytest.mark.check("mysql-reachable")
def test_service_can_ask(mysql: MysqlEvidence) -> None:
    """Without its database the service cannot work.

    Fix: read the server's log; look at bind_address, the account's host part, and its password. The URL must name the
    primary.
    """
    assert so(mysql.reachable, "reachable", "yes", "no"), f"{mysql.server}: {mysql.problem}"
    mysql.require("takes_writes")
    assert so(mysql.takes_writes, "takes writes", "yes", "no"), (
        f"{mysql.server}: accepts no writes: read_only is on, as on a replica"
    )


@pytest.mark.check("mysql-tls")
def test_nobody_reads_along(mysql: MysqlEvidence) -> None:
    """Data that is not encrypted can be read on its way.

    Fix: ssl_cert, ssl_key and require_secure_transport = ON in the server's configuration, or ALTER USER … REQUIRE SSL.
    """
    assert so(mysql.encrypted, "encrypted", "yes", "no"), f"{mysql.server}: the server offers no TLS"
    mysql.require("server_needs_tls", "user_needs_tls")
    needed = mysql.server_needs_tls or mysql.user_needs_tls
    assert so(needed, "login without TLS", "refused", "taken"), (
        f"{mysql.server}: {mysql.user} can log in without TLS: neither the server nor the account requires TLS"
    )


@pytest.mark.check("mysql-password")
def test_strangers_stay_outside(mysql: MysqlEvidence) -> None:
    """An account without a password lets in whoever reaches the port.

    Fix: ALTER USER … IDENTIFIED BY '…'; DROP USER ''@'%' (mariadb-secure-installation does both).
    """
    mysql.require("without_password", "anonymous", "root")
    assert equal(mysql.without_password, "refused", "without password"), (
        f"{mysql.server}: a login as {mysql.user} without a password was accepted"
    )
    assert equal(mysql.anonymous, "refused", "anonymous"), (
        f"{mysql.server}: a login without a user name and a password was accepted"
    )
    assert equal(mysql.root, "refused", "root"), f"{mysql.server}: a login as root without a password was accepted"


@pytest.mark.check("mysql-least-rights")
def test_service_may_do_its_own_work_only(mysql: MysqlEvidence, environment: Environment) -> None:
    """Whoever breaks into the service gets all rights of its user.

    Fix: REVOKE what the message names; GRANT … ON database.* in place of *.*; name the service's own databases in
    mysql.databases.
    """
    mysql.require("grants")
    own = {mysql.database, *environment.require(Mysql).databases}
    for grant in mysql.grants:
        rights = sorted(set(grant.rights) - _NOTHING)
        if not rights:
            assert so(not grant.grantable, f"rights on {grant.on}", "its own", "may be passed on"), (
                f"{mysql.user} may grant rights on {grant.on} to others"
            )
            continue
        held, of_service = ", ".join(rights), " or ".join(sorted(own))
        assert shown(grant.on != "*.*", "rights on", grant.on, of_service), (
            f"{mysql.user} has {held} on every database (*.*)"
        )
        assert shown(_is_of(grant, own), "rights on", grant.on, of_service), (
            f"{mysql.user} has {held} on {grant.on}, which is not one of the service's databases"
        )
        assert so(not grant.grantable, f"rights on {grant.on}", "its own", "may be passed on"), (
            f"{mysql.user} may grant its rights on {grant.on} to others (WITH GRANT OPTION)"
        )
        administers = sorted(_ADMINISTRATION.intersection(rights))
        assert nothing(administers, f"rights of administrators on {grant.on}"), f"{mysql.user} has {held} on {grant.on}"


def _is_of(grant: Grant, own: set[str]) -> bool:
    """Whether it is about the service's databases only: a pattern of LIKE may match others as well."""
    database = grant.on.partition(".")[0]
    name = re.sub(r"\\(.)", r"\1", database)
    wild = "%" in re.sub(r"\\.", "", database)
    return name in own and not wild


@pytest.mark.check("mysql-supported")
def test_version_is_repaired(mysql: MysqlEvidence) -> None:
    """The next vulnerability in an unsupported version stays open.

    Fix: upgrade to a series that still gets security fixes, a long-term one if possible.
    """
    mysql.require("version")
    release = product_and_series(mysql.version)
    if release is None:
        raise Unobserved(
            f"not a version of MySQL or MariaDB that gonogo knows: {mysql.version[:60]!r}",
            hint="attest that its maker still publishes security fixes for it, or waive this check",
        )
    product, series = release
    last = last_day_of_repairs(product, series)
    assert not_over(last, mysql.taken_at.date(), "support"), (
        f"{mysql.server}: security fixes for {product} {series[0]}.{series[1]} ended on {last}"
    )


@pytest.mark.check("mysql-connections")
def test_connections_are_left(mysql: MysqlEvidence, policy: Policy) -> None:
    """The launch brings more clients; connections that run out look like an outage of the database.

    Fix: use smaller pools in the service; else raise max_connections, or the account's MAX_USER_CONNECTIONS.
    """
    mysql.require("connections")
    connections = mysql.connections
    if connections is None:
        raise Unobserved("the server does not report connections")
    limits = {
        "max_connections": (connections.used, connections.limit),
        f"MAX_USER_CONNECTIONS of {mysql.user}": (connections.used_by_user, connections.user_limit),
    }
    for name, (used, limit) in limits.items():
        if limit:
            free = max(0, limit - used) / limit
            assert at_least(free, policy.number("min_free_fraction"), f"free of {name}", "share", kind="free"), (
                f"{mysql.server}: {used} of {limit} connections are in use, {free:.0%} are free ({name})"
            )


@pytest.mark.check("mysql-replica-lag")
def test_replicas_follow(mysql_replica: MysqlReplicaEvidence, environment: Environment) -> None:
    """A replica that lags behind shows users old data, and cannot replace a primary that fails.

    Fix: SHOW REPLICA STATUS on the replica names what stopped it or is slow.
    """
    replica, limit = mysql_replica, environment.require(Mysql).max_lag
    assert so(replica.reachable, "reachable", "yes", "no"), f"{replica.server}: {replica.problem}"
    assert so(replica.read_only, "read only", "yes", "no"), (
        f"{replica.server}: it accepts writes (read_only is off), so it is not a replica any more"
    )
    replica.require("lag")
    assert there(replica.lag, "lag", "known", "not caught up in time"), (
        f"{replica.server}: a position of the primary was not applied within {format_duration(replica.waited)}"
    )
    assert at_most(replica.lag, limit, "lag"), (
        f"{replica.server}: {format_duration(replica.lag)} behind the primary; at most {format_duration(limit)} is declared"
    )
