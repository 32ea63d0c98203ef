"""Asks MySQL or MariaDB as the service does, then as people who should not get in; judges nothing."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pymysql.constants import CR

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope, Unread
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo_mysql.evidence import Attempt, Connections, Grant, MysqlEvidence
from gonogo_mysql.login import Connection, Login, Refused, logged_in, login_of, rows
from gonogo_mysql.replica import probe_replica, replica_questions
from gonogo_mysql.section import Mysql

_GRANT = re.compile(r"GRANT (?P<rights>.+?) ON (?:(?:TABLE|FUNCTION|PROCEDURE|PACKAGE) )?(?P<on>\S+) TO (?P<rest>.+)")
_ROLE = re.compile(r"GRANT (?P<roles>[`'\"].+?) TO ")
_COLUMNS = re.compile(r" \([^)]*\)")
_OWN_CONNECTIONS = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(USER(), '@', 1)"
_NEEDS_TLS = re.compile(r" REQUIRE (?:SSL|X509|CIPHER|ISSUER|SUBJECT)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class MysqlQuestion:
    """The primary, with the login of the service's user."""

    scope: Scope
    login: Login
    patience: timedelta
    """For one login; a probe makes a few."""

    @property
    def host(self) -> str:
        """The host whose patience is spent."""
        return self.login.host


def primary_questions(environment: Environment, secrets: Secrets) -> Sequence[MysqlQuestion]:
    """One question to the primary. Raises UsageError on what is no URL."""
    section = environment.require(Mysql)
    login = login_of(section.url, section, secrets)
    return [MysqlQuestion(scope=("mysql",), login=login, patience=environment.limits.probe * 0.2)]


async def probe_primary(question: MysqlQuestion) -> MysqlEvidence:
    """Log in as the service does; then try what should be refused."""
    login = question.login
    closed = MysqlEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        server=login.server,
        reachable=False,
        user=login.user,
        database=login.database,
    )
    try:
        inside = await _from_inside(question, replace(closed, reachable=True, encrypted=True), login)
    except Refused as error:
        if error.code != CR.CR_SSL_CONNECTION_ERROR:
            return replace(closed, problem=str(error))
        try:
            inside = await _from_inside(question, replace(closed, reachable=True), replace(login, tls=None))
        except Refused as refusal:
            return replace(closed, problem=str(refusal))
    own = login if inside.encrypted else replace(login, tls=None)
    reading = Reading()
    without = await reading.fact("without_password", _attempt(question, replace(own, password="")), "not tried")
    nobody = replace(own, user="", password="", database="")
    anonymous = await reading.fact("anonymous", _attempt(question, nobody), "not tried")
    root = await reading.fact("root", _attempt(question, replace(nobody, user="root")), "not tried")
    return replace(
        inside,
        without_password=without,
        anonymous=anonymous,
        root=root,
        unread=(*inside.unread, *reading.unread),
    )


async def _from_inside(question: MysqlQuestion, begun: MysqlEvidence, login: Login) -> MysqlEvidence:
    return await logged_in(login, question.patience, lambda connection: _read(connection, begun))


def _read(connection: Connection, begun: MysqlEvidence) -> MysqlEvidence:
    unread: list[Unread] = []
    evidence = begun
    for names, read in _FACTS.items():
        try:
            evidence = read(connection, evidence)
        except Unobserved as error:
            unread += [Unread(fact=name, reason=error.reason, hint=error.hint) for name in names]
    return replace(evidence, unread=tuple(unread))


def _version(connection: Connection, evidence: MysqlEvidence) -> MysqlEvidence:
    ((version,),) = rows(connection, "SELECT VERSION()")
    return replace(evidence, version=str(version))


def _writes(connection: Connection, evidence: MysqlEvidence) -> MysqlEvidence:
    ((read_only,),) = rows(connection, "SELECT @@GLOBAL.read_only")
    return replace(evidence, takes_writes=str(read_only) in {"0", "OFF"})


def _rights(connection: Connection, evidence: MysqlEvidence) -> MysqlEvidence:
    """SHOW GRANTS of oneself is everybody's right; that of a role is, of those who have it."""
    lines = [str(line) for (line,) in rows(connection, "SHOW GRANTS")]
    needs_tls = any(_NEEDS_TLS.search(line) for line in lines) or _account_needs_tls(connection)
    waiting, visited = list(lines), set[str]()
    grants: list[Grant] = []
    while waiting:
        line = waiting.pop()
        if match := _GRANT.match(line):
            grants.append(_grant(match))
        elif (match := _ROLE.match(line)) and match["roles"] not in visited:
            visited.add(match["roles"])
            for role in re.split(r", ?(?=[`'\"])", match["roles"]):
                waiting += [str(row[0]) for row in rows(connection, f"SHOW GRANTS FOR {role}")]
    return replace(
        evidence, grants=tuple(sorted(grants, key=lambda grant: (grant.on, grant.rights))), user_needs_tls=needs_tls
    )


def _account_needs_tls(connection: Connection) -> bool:
    """MySQL tells it of one's own account here, and not among the grants."""
    try:
        ((line,), *_) = rows(connection, "SHOW CREATE USER CURRENT_USER()")
    except Unobserved:
        return False
    return _NEEDS_TLS.search(str(line)) is not None


def _grant(match: re.Match[str]) -> Grant:
    rights = _COLUMNS.sub("", match["rights"]).split(",")
    return Grant(
        rights=tuple(sorted(right.strip().upper() for right in rights)),
        on=match["on"].replace("`", ""),
        grantable="WITH GRANT OPTION" in match["rest"],
    )


def _transport(connection: Connection, evidence: MysqlEvidence) -> MysqlEvidence:
    """Both products refuse a login without TLS in the words of a wrong password: the setting says it, no attempt does."""
    variables = rows(connection, "SHOW GLOBAL VARIABLES LIKE 'require_secure_transport'")
    return replace(evidence, server_needs_tls=any(str(value) in {"1", "ON"} for _, value in variables))


def _room(connection: Connection, evidence: MysqlEvidence) -> MysqlEvidence:
    ((limit, user_limit),) = rows(connection, "SELECT @@GLOBAL.max_connections, @@SESSION.max_user_connections")
    ((_, used),) = rows(connection, "SHOW GLOBAL STATUS LIKE 'Threads_connected'")
    ((own,),) = rows(connection, _OWN_CONNECTIONS)
    room = Connections(used=int(used), limit=int(limit), used_by_user=int(own), user_limit=int(user_limit))
    return replace(evidence, connections=room)


_FACTS: Mapping[tuple[str, ...], Callable[[Connection, MysqlEvidence], MysqlEvidence]] = {
    ("version",): _version,
    ("takes_writes",): _writes,
    ("grants", "user_needs_tls"): _rights,
    ("server_needs_tls",): _transport,
    ("connections",): _room,
}
"""Names of facts, and who reads them: what is refused is missing by itself."""


async def _attempt(question: MysqlQuestion, login: Login) -> Attempt:
    """Whether somebody gets in."""
    try:
        return await logged_in(login, question.patience, lambda connection: "accepted" if connection else "refused")
    except Refused:
        return "refused"


PROBES: Mapping[str, Probe] = {
    "mysql": Probe(questions=primary_questions, ask=probe_primary),
    "mysql_replica": Probe(questions=replica_questions, ask=probe_replica),
}
