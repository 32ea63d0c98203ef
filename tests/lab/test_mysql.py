"""gonogo-mysql on a real MariaDB of Debian: each check green, and red at its fault."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import pymysql
import pytest
from gonogo_mysql import FAMILY
from gonogo_mysql.probe import PROBES
from gonogo_mysql.support import last_day_of_repairs, product_and_series

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from tests.lab.installation import Installation, install
from tests.lab.mysql import DATABASE, PASSWORD, USER, MysqlServer, mysql, replica
from tests.lab.package_verdicts import environment_of, verdicts, wrong

SECTION = """
[mysql]
url = "MYSQL_URL"
replicas = ["REPLICA_URL"]
ca_file = "{ca_file}"
"""


@pytest.fixture(scope="module")
def primary() -> Iterator[MysqlServer]:
    """Nothing is wrong with it."""
    with mysql() as server:
        yield server


@pytest.fixture(scope="module")
def follower(primary: MysqlServer) -> Iterator[MysqlServer]:
    """Follows it."""
    with replica(primary) as server:
        yield server


def judged(server: MysqlServer, *, url: str = "", replica_url: str = "", **section: object) -> dict[str, str]:
    """Every check's verdict on this server."""
    replicas = ["REPLICA_URL"] if replica_url else []
    declared = {"url": "MYSQL_URL", "ca_file": str(server.ca_file), "replicas": replicas, **section}
    environment = environment_of(FAMILY, {"mysql": declared, "limits": {"probe": "10 s"}})
    return verdicts(FAMILY, PROBES, environment, {"MYSQL_URL": url or server.url, "REPLICA_URL": replica_url})


def test_healthy_server_is_green(primary: MysqlServer) -> None:
    """As the service's user, who has the usual rights on one database."""
    assert wrong(judged(primary)) == {}


@pytest.mark.whole
def test_from_the_command_line(
    primary: MysqlServer, follower: MysqlServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Installed beside gonogo's wheel: GO with its replica, recorded, replayed, and no password in any file."""
    bundle = tmp_path_factory.mktemp("roots") / "roots.pem"
    bundle.write_bytes(primary.ca_file.read_bytes() + follower.ca_file.read_bytes())
    installation: Installation = install(tmp_path_factory.mktemp("mysql"), "gonogo-mysql")
    installation.declare(SECTION.format(ca_file=bundle))
    installation.environ = {"MYSQL_URL": primary.url, "REPLICA_URL": follower.url}
    done = installation.gonogo("run", "--env", "staging")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(installation.outcomes("mysql").values()) == {"pass"}
    again = installation.gonogo("replay", str(installation.latest))
    assert again.returncode == 0, again.stdout + again.stderr
    assert PASSWORD not in done.stdout + done.stderr + "".join(
        path.read_text() for path in installation.latest.iterdir()
    )


def test_server_without_tls() -> None:
    """The service has no choice there; everything else is told all the same."""
    with mysql(tls=False, settings={"read_only": "ON"}) as server:
        found = judged(server)
        server.administrate("SET GLOBAL read_only = OFF")
        assert wrong(judged(server)).keys() == {"mysql-tls"}
    assert "accepts no writes: read_only is on" in found["mysql-reachable"]
    assert found["mysql-tls"] == "BLOCKED"


FAULTS = {
    "nobody demands TLS": (
        "mysql-tls",
        "neither the server nor the account requires TLS",
        "SET GLOBAL require_secure_transport = OFF",
        "SET GLOBAL require_secure_transport = ON",
    ),
    "no password": (
        "mysql-password",
        "a login as app without a password was accepted",
        "ALTER USER app@'%' IDENTIFIED BY ''",
        f"ALTER USER app@'%' IDENTIFIED BY '{PASSWORD}'",
    ),
    "nobody has an account": (
        "mysql-password",
        "a login without a user name and a password was accepted",
        "CREATE USER ''@'%'",
        "DROP USER ''@'%'",
    ),
    "root without a password": (
        "mysql-password",
        "a login as root without a password was accepted",
        "CREATE USER root@'%'",
        "DROP USER root@'%'",
    ),
    "everything": (
        "mysql-least-rights",
        "app has ALL PRIVILEGES on every database (*.*)",
        "GRANT ALL ON *.* TO app@'%'",
        "REVOKE ALL ON *.* FROM app@'%'",
    ),
    "files of the server": (
        "mysql-least-rights",
        "app has FILE on every database (*.*)",
        "GRANT FILE ON *.* TO app@'%'",
        "REVOKE FILE ON *.* FROM app@'%'",
    ),
    "another database": (
        "mysql-least-rights",
        "app has SELECT on mysql.global_priv, which is not one of the service's databases",
        "GRANT SELECT ON mysql.global_priv TO app@'%'",
        "REVOKE SELECT ON mysql.global_priv FROM app@'%'",
    ),
    "a pattern that others match": (
        "mysql-least-rights",
        "app has SELECT on sh%.*, which is not one of the service's databases",
        "GRANT SELECT ON `sh%`.* TO app@'%'",
        "REVOKE SELECT ON `sh%`.* FROM app@'%'",
    ),
    "rights that may be passed on": (
        "mysql-least-rights",
        "app may grant its rights on shop.* to others (WITH GRANT OPTION)",
        "GRANT SELECT ON shop.* TO app@'%' WITH GRANT OPTION",
        "REVOKE GRANT OPTION ON shop.* FROM app@'%'",
    ),
    "rights of a role": (
        "mysql-least-rights",
        "app has PROCESS on every database (*.*)",
        "CREATE ROLE boss; GRANT PROCESS ON *.* TO boss; GRANT boss TO app@'%'; SET DEFAULT ROLE boss FOR app@'%'",
        "DROP ROLE boss",
    ),
    "connections of the account": (
        "mysql-connections",
        "2 of 2 connections are in use, 0% are free (MAX_USER_CONNECTIONS of app)",
        "ALTER USER app@'%' WITH MAX_USER_CONNECTIONS 2",
        "ALTER USER app@'%' WITH MAX_USER_CONNECTIONS 0",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found_and_named(primary: MysqlServer, fault: str) -> None:
    """The check of this fault is red with its message, and no other is."""
    check, message, break_it, repair_it = FAULTS[fault]
    with ExitStack() as held:
        primary.administrate(*break_it.split("; "))
        held.callback(primary.administrate, *repair_it.split("; "))
        if check == "mysql-connections":
            trusted = {"ca": str(primary.ca_file)}
            held.enter_context(
                pymysql.connect(host="localhost", port=primary.port, user=USER, password=PASSWORD, ssl=trusted)
            )
        # Where the account has no password, the service's URL has none either.
        url = primary.url.replace(PASSWORD, "") if fault == "no password" else ""
        found = judged(primary, url=url)
    assert wrong(found).keys() == {check}
    assert message in found[check]


def test_account_may_demand_tls_in_place_of_the_server(primary: MysqlServer) -> None:
    """Others may log in in the clear; the service's account may not."""
    primary.administrate("SET GLOBAL require_secure_transport = OFF", "ALTER USER app@'%' REQUIRE SSL")
    try:
        assert wrong(judged(primary)) == {}
    finally:
        primary.administrate("SET GLOBAL require_secure_transport = ON", "ALTER USER app@'%' REQUIRE NONE")


def test_replica_that_stands_still(primary: MysqlServer, follower: MysqlServer) -> None:
    """Followed: green. Stopped, and the primary goes on: red, whatever the replica says of itself. Writable: red."""
    assert primary.ca_file != follower.ca_file
    with_replica = {"replica_url": follower.url, "ca_file": _both(primary, follower)}
    assert wrong(judged(primary, **with_replica)) == {}
    follower.administrate("STOP SLAVE")
    primary.administrate(f"CREATE TABLE {DATABASE}.orders (number INT PRIMARY KEY)")
    found = judged(primary, **with_replica)
    follower.administrate("START SLAVE", "SET GLOBAL read_only = OFF")
    writable = judged(primary, **with_replica)
    follower.administrate("SET GLOBAL read_only = ON")
    primary.administrate(f"DROP TABLE {DATABASE}.orders")
    assert wrong(found).keys() == wrong(writable).keys() == {"mysql-replica-lag"}
    assert "a position of the primary was not applied within" in found["mysql-replica-lag"]
    assert "it accepts writes" in writable["mysql-replica-lag"]


def _both(primary: MysqlServer, follower: MysqlServer) -> str:
    bundle = primary.place / "both.pem"
    bundle.write_bytes(primary.ca_file.read_bytes() + follower.ca_file.read_bytes())
    return str(bundle)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://app:made-up@localhost:{port}/shop", "Access denied for user 'app'"),
        ("mysql://app:correct-horse-9@localhost:{port}/none", "Access denied for user 'app'@'%' to database 'none'"),
        ("mysql+pymysql://app:correct-horse-9@127.0.0.2:1/shop", "the port refuses connections"),
    ],
)
def test_login_that_fails_says_why(primary: MysqlServer, url: str, message: str) -> None:
    """In the server's words."""
    found = judged(primary, url=url.format(port=primary.port))
    assert message in found["mysql-reachable"]
    assert found["mysql-tls"] == "BLOCKED"
    assert "made-up" not in str(found)


def test_certificate_of_nobody(primary: MysqlServer, follower: MysqlServer) -> None:
    """Issued by another authority than the one that is trusted."""
    found = judged(primary, ca_file=str(follower.ca_file))
    assert "its certificate is not trusted" in found["mysql-reachable"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://app:secret-7@localhost/shop", "is not a MySQL URL"),
        ("mysql://localhost/shop", "contains no user and password"),
        ("mysql://app:secret-7@localhost:http/shop", "is not a MySQL URL"),
    ],
)
def test_url_that_is_none(url: str, message: str) -> None:
    """Refused before anything is asked, by the secret's name, without its value."""
    environment = environment_of(FAMILY, {"mysql": {"url": "MYSQL_URL"}})
    with pytest.raises(UsageError, match=f"secret MYSQL_URL: {message}") as refused:
        PROBES["mysql"].questions(environment, Secrets({"MYSQL_URL": url}))
    assert "secret-7" not in str(refused.value)


@pytest.mark.parametrize(
    ("version", "product", "last"),
    [
        ("10.11.6-MariaDB-0+deb12u1-log", "MariaDB", date(2028, 2, 16)),
        ("5.5.5-10.6.19-MariaDB", "MariaDB", date(2026, 7, 6)),
        ("11.5.2-MariaDB", "MariaDB", date(2025, 5, 12)),
        ("13.1.1-MariaDB", "MariaDB", None),
        ("8.0.39", "MySQL", date(2026, 4, 30)),
        ("8.4.2-0ubuntu0.24.04.1", "MySQL", date(2032, 4, 30)),
        ("9.1.0", "MySQL", date(2026, 4, 21)),
    ],
)
def test_support(version: str, product: str, last: date | None) -> None:
    """By the version that the server says, in the spellings of both products."""
    known = product_and_series(version)
    assert known is not None
    assert known[0] == product
    assert last_day_of_repairs(*known) == last


def test_other_products_are_not_known() -> None:
    """They speak the protocol, and have a support of their own."""
    assert product_and_series("8.0.11-TiDB-v7.5.1") is None
    assert product_and_series("5.7.25-vitess-17.0") is None
