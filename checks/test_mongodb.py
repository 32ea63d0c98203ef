"""MongoDB, judged as the service, the monitoring and strangers see it."""

import pytest

from gonogo.base.comparing import at_least, at_most, equal, not_over, nothing, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Failed, Unobserved
from gonogo.base.wakefulness import too_slow
from gonogo.environment.model import Environment
from gonogo.evidence import support
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.mongodb import ExistingIndex, MongoEvidence, MongoStatusEvidence, MongoWriteEvidence, Refusal
from gonogo.families.mongodb.section import Index, MongoDb
from gonogo.policy.catalogue import Policy

_UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18
_WRONG_LOG_IN = {_AUTHENTICATION_FAILED, 334}
"""The second: nobody logs in by a password here (MechanismUnavailable)."""
_WIRE_VERSIONS = {"4.4": 9, "5.0": 13, "6.0": 17, "7.0": 21, "8.0": 25}
_ATLAS_ERROR = 8000
"""What Atlas answers instead of both."""
_WILDCARD = "$**"
_CURES = {
    "refuses connections": "start mongod, and let it listen on the address and port of the URL in the environment",
    "does not resolve": "correct the host name in the URL in the environment, or its DNS record",
    "uthentication failed": "set user and password of the URL in the environment to those of the cluster",
    "bad auth": "set user and password of the URL in the environment to those of the cluster",
}
"""What to do about a refusal, by words of it."""
_GOOD_STATES = {"PRIMARY", "SECONDARY", "ARBITER"}


@pytest.mark.check("mongo-reachable")
def test_service_user_can_log_in(mongo: MongoEvidence) -> None:
    """If we cannot log in with the service's own URL, neither can the service.

    Fix: compare the URL in the environment with the cluster's; look at the allowlist, the user and the password.
    """
    problem = f"the service's user cannot use MongoDB: {mongo.problem}"
    if not mongo.reachable and (fix := next((fix for words, fix in _CURES.items() if words in mongo.problem), "")):
        raise Failed(problem, fix=fix)
    assert so(mongo.reachable, "login of the service's user", "accepted", "failed"), problem


@pytest.mark.check("mongo-tls-required")
def test_plain_connections_are_refused(mongo: MongoEvidence) -> None:
    """One client without TLS is enough to send the password in the clear.

    Fix: net.tls.mode: requireTLS, and restart each member.
    """
    assert so(mongo.with_tls, "TLS, by the service's URL", "asked for", "not asked for"), (
        "the service's own URL does not ask for TLS; add tls=true"
    )
    assert so(mongo.verifies, "verification, by the service's URL", "on", "off"), (
        "the service's own URL turns verification off, so anybody may pose as the server; remove "
        "tlsInsecure, tlsAllowInvalidCertificates and tlsAllowInvalidHostnames"
    )
    open_to_all = [member for member, refusal in mongo.plain.items() if refusal.accepted]
    assert nothing(open_to_all, "members that answer without TLS", of=len(mongo.plain)), (
        f"{', '.join(open_to_all)} answers without TLS"
    )
    untried = set(mongo.members).difference(mongo.plain)
    if untried or not mongo.plain:
        raise Unobserved(f"a connection without TLS could not be tried at {', '.join(sorted(untried)) or 'any member'}")


@pytest.mark.check("mongo-auth-required")
def test_strangers_may_not_read(mongo: MongoEvidence, environment: Environment) -> None:
    """A database that strangers can read is a data breach within days.

    Fix: set security.authorization: enabled and restart each member.
    """
    if not mongo.read_as_app:
        raise Unobserved("the service's own user may not read it either, so a refusal proves nothing")
    anonymous = _tried(mongo.anonymous, "a read without logging in")
    wrong = _tried(mongo.wrong_password, "a login with a wrong password")
    assert so(not anonymous.accepted, "read without logging in", "refused", "accepted"), (
        f"an anonymous client may read {_declared(environment).database}"
    )
    assert so(not wrong.accepted, "login with a wrong password", "refused", "accepted"), (
        "a login with a wrong password is accepted"
    )
    for action, refused, codes in (
        ("an anonymous read", anonymous, {_UNAUTHORIZED}),
        ("a wrong password", wrong, _WRONG_LOG_IN),
    ):
        if refused.code not in {*codes, _ATLAS_ERROR}:
            raise Unobserved(f"{action} was refused for another reason than missing rights: {refused.detail}")


@pytest.mark.check("mongo-primary")
def test_replica_set_has_a_primary(mongo: MongoEvidence) -> None:
    """Without a primary every write fails.

    Fix: rs.status() on each member; bring a majority of the voting members back.
    """
    if mongo.sharded:
        return  # the router finds the primaries of the shards; mongo-majority-write shows that it does
    assert so(not mongo.standalone, "replica set", "yes", "no, a single server"), (
        f"{_members(mongo)} is not a member of a replica set: its data has no copy"
    )
    assert so(mongo.writable_primary, "primary", "there", "missing"), (
        f"the replica set of {_members(mongo)} has no primary: nothing can be written"
    )


@pytest.mark.check("mongo-wire-version")
def test_server_is_supported(mongo: MongoEvidence, environment: Environment, policy: Policy) -> None:
    """An unsupported server gets no security fixes, and new drivers no longer connect to it.

    Fix: upgrade to a supported major version, one major at a time; if somebody else still fixes an older one,
    declare it with mongodb.oldest_version.
    """
    oldest = _declared(environment).oldest_version
    wanted = _WIRE_VERSIONS[oldest] if oldest else int(policy.number("min_wire_version"))
    assert at_least(mongo.wire_version or 0, wanted, "wire version"), (
        f"MongoDB {mongo.server_version} has wire version {mongo.wire_version}; at least {wanted} is expected"
    )
    end = None if oldest else support.last_day(support.MONGODB, mongo.server_version or "")
    assert not_over(end, mongo.taken_at.date(), f"support of {mongo.server_version}"), (
        f"support of MongoDB {mongo.server_version} ended on {end}"
    )


@pytest.mark.check("mongo-least-privilege")
def test_service_user_is_no_administrator(mongo: MongoEvidence, environment: Environment) -> None:
    """Somebody who breaks into the service gets all rights of its database user.

    Fix: grant readWrite on the service's own database, and nothing else.
    """
    assert so(mongo.roles or not mongo.wide_privileges, "roles of the service's user", "there", "none"), (
        f"without a login, anybody may {mongo.wide_privileges[0]}"
    )
    assert nothing(mongo.wide_privileges, "rights beyond its database"), (
        f"the service's user ({', '.join(mongo.roles)}) may do more than read and write {_declared(environment).database}: "
        f"{'; '.join(mongo.wide_privileges[:3])}"
    )
    forbidden = _tried(mongo.forbidden, "listing all users")
    assert so(not forbidden.accepted, "listing all users", "refused", "accepted"), (
        f"the service's user ({', '.join(mongo.roles)}) may list every user of the cluster"
    )


@pytest.mark.check("mongo-indexes")
def test_declared_indexes_exist(mongo: MongoEvidence, environment: Environment) -> None:
    """A query without an index is fast with ten users and an outage with ten thousand; without a unique one, duplicates occur.

    Fix: create the index that is named, in the background, before traffic comes.
    """
    for index in _declared(environment).indexes:
        assert so(index.collection not in mongo.views, "collections with indexes", "no view", "a view"), (
            f"{index.collection} is a view, which has no indexes: declare those of the collection behind it"
        )
        if index.collection not in mongo.indexes:
            raise Unobserved(f"the service's user may not list the indexes of {index.collection}")
        existing = mongo.indexes[index.collection]
        reasons = {
            existing_index.spelled: reason
            for existing_index in existing
            if (reason := _why_not(existing_index, index)) is not None
        }
        served = any(not reason for reason in reasons.values())
        keys = f"{'text of ' if index.text else ''}{' '.join(index.keys)}"
        spelled = ", ".join(existing_index.spelled for existing_index in existing) or "none"
        assert so(reasons, f"index on {index.collection}.{keys}", "there", "missing"), (
            f"{index.collection} has no index on {keys}; it has: {spelled}"
        )
        assert so(served, "what the indexes serve", "declared fields", "not the declared fields"), (
            f"the index on {index.collection}.{keys} {next(iter(reasons.values()))}; it has: {spelled}"
        )


@pytest.mark.check("mongo-latency")
def test_round_trips_are_short(mongo_latency: RoundTripEvidence, policy: Policy) -> None:
    """Every request waits for several round trips to the database.

    Fix: place service and cluster in one region; look for a proxy between them.
    """
    limit = policy.duration("max_p95")
    p95 = mongo_latency.p95
    if p95 is None:
        raise Unobserved(f"no round trip was measured: {mongo_latency.problem}")
    assert not too_slow(p95, mongo_latency.own_p95, limit, "p95 of a ping"), (
        f"a ping takes {format_duration(p95)} (p95 of {len(mongo_latency.round_trips)}), "
        f"at most {format_duration(limit)} is expected"
    )


@pytest.mark.check("mongo-majority-write")
def test_majority_write_is_read_back(mongo_write: MongoWriteEvidence) -> None:
    """A write that a majority has confirmed survives the loss of a member; the service relies on that.

    Fix: look at the user's rights on its database, then at the health of the members.
    """
    assert so(mongo_write.acknowledged, "write", "acknowledged", "not acknowledged (w=0)"), (
        "the service's own URL says w=0: writes are not confirmed"
    )
    if mongo_write.kept_out:
        raise Unobserved(
            f"the service's user may write only to its own collections, not a synthetic document: {mongo_write.problem}",
            hint="grant it find, insert and remove on gonogo_scratch",
        )
    assert so(mongo_write.written, "write by majority", "done", "failed"), (
        f"a synthetic document could not be written by majority: {mongo_write.problem}"
    )
    assert so(mongo_write.read_back, "read by majority", "the same", "not the same"), (
        f"what was written by majority cannot be read back: {mongo_write.problem}"
    )
    assert so(mongo_write.removed, "synthetic document", "removed", "still there"), (
        f"the synthetic document could not be removed again: {mongo_write.problem}"
    )


@pytest.mark.check("mongo-write-concern")
def test_the_services_writes_wait_for_a_majority(mongo: MongoEvidence, mongo_status: MongoStatusEvidence) -> None:
    """If only the primary has a confirmed write, the write is lost when the primary fails.

    Fix: take w out of the service's URL, or write w=majority; set the cluster's default with setDefaultRWConcern.
    A write for which the service's own code asks for more is not seen here.
    """
    concern, source = mongo.write_concern, "by the service's own URL"
    if concern is None:
        concern = mongo_status.default_write_concern
        source = (
            "by setDefaultRWConcern" if mongo_status.default_is_set else "by MongoDB's own default for these members"
        )
    if concern is None:
        raise Unobserved(
            f"the URL names no write concern, and the cluster's default could not be read: {mongo_status.default_problem}",
            hint="grant clusterMonitor to the monitoring user",
        )
    if concern == "majority":
        assert equal(concern, "majority", "write concern")
        return
    if not concern.isdecimal() or mongo_status.write_majority is None:
        raise Unobserved(f"it is not known whether w={concern}, {source}, is a majority")
    assert at_least(int(concern), mongo_status.write_majority, "members that a write waits for"), (
        f"writes are confirmed with w={concern}, {source}; {mongo_status.write_majority} members are a majority"
    )


@pytest.mark.check("mongo-status-readable")
def test_monitoring_user_can_look(mongo_status: MongoStatusEvidence) -> None:
    """A monitoring user that cannot see the replica set cannot see it fail.

    Fix: grant clusterMonitor to the monitoring user, and give its URL.
    """
    assert so(mongo_status.reachable, "replica set, for the monitoring user", "readable", "not readable"), (
        f"the monitoring user cannot read the replica set: {mongo_status.problem}"
    )


@pytest.mark.check("mongo-members")
def test_every_member_is_healthy(mongo_status: MongoStatusEvidence, environment: Environment) -> None:
    """Without the declared number of healthy members there is no redundancy when one fails.

    Fix: read that member's log; bring it back, or remove it from the set. Add members (rs.add), or declare with
    mongodb.members = 1 that one is enough.
    """
    least = _declared(environment).members
    with_data = [member for member in mongo_status.members if member.state != "ARBITER"]
    down = [member for member in mongo_status.members if not member.healthy or member.state not in _GOOD_STATES]
    assert at_least(len(mongo_status.members), 1, "members"), (
        f"replica set {mongo_status.replica_set} reports no member"
    )
    assert nothing(down, "members that are not well", of=len(mongo_status.members)), "; ".join(
        f"member {member.name} is {member.state}" for member in down
    )
    assert at_least(len(with_data), least, "members with data"), (
        f"replica set {mongo_status.replica_set} has {len(with_data)} member{'s' * (len(with_data) != 1)} with data, "
        f"{least} are expected: data that one member loses is lost"
    )
    if mongo_status.configuration_problem:
        raise Unobserved(
            f"it is not known which members may become primary: {mongo_status.configuration_problem}",
            hint="grant clusterMonitor to the monitoring user",
        )
    electable = [member for member in with_data if member.electable]
    assert at_least(len(electable), least, "members that may become primary"), (
        f"replica set {mongo_status.replica_set} has {len(electable)} member{'s' * (len(electable) != 1)} that may become "
        f"primary; {least} are expected: the others have priority 0, and when the primary fails nothing can be written"
    )


@pytest.mark.check("mongo-lag")
def test_no_member_lags(mongo_status: MongoStatusEvidence, environment: Environment) -> None:
    """When the primary fails, writes that the others do not have yet are lost.

    Fix: look at the member's disk and network. A deliberate delay (secondaryDelaySecs) is allowed.
    """
    limit = _declared(environment).max_lag
    for member in mongo_status.members:
        allowed = limit + member.delay
        assert member.lag is None or at_most(member.lag, allowed, f"lag of {member.name}", kind="lag"), (
            f"member {member.name} is {format_duration(member.lag or allowed)} behind the primary, "
            f"at most {format_duration(allowed)} is expected"
        )


@pytest.mark.check("mongo-connections")
def test_connections_are_left(mongo_status: MongoStatusEvidence, policy: Policy) -> None:
    """The launch brings more clients; connections that run out look like an outage of the database.

    Fix: close idle pools (maxPoolSize), or raise the limit (net.maxIncomingConnections, or a larger tier).
    """
    current, available = mongo_status.connections_current, mongo_status.connections_available
    if current is None or available is None:
        raise Unobserved("serverStatus does not report connections")
    free = available / (current + available) if current + available else 0.0
    assert at_least(free, policy.number("min_free_fraction"), "free connections", "share"), (
        f"{current} of {current + available} connections are in use, {free:.0%} are free"
    )


def _declared(environment: Environment) -> MongoDb:
    return environment.require(MongoDb)


def _why_not(existing: ExistingIndex, wanted: Index) -> str | None:
    """Why an index on these fields does not do; empty if it does, None if it is about something else."""
    if wanted.text:
        serves, other = set(wanted.keys) <= set(existing.text), "has no text"
    elif len(existing.keys) == 1 and existing.keys[0].endswith(_WILDCARD):
        serves, other = not wanted.unique and len(wanted.keys) == 1 and _takes_in(existing, wanted.keys[0]), ""
    else:
        length = len(existing.keys) if wanted.unique else len(wanted.keys)
        serves, other = existing.keys[:length] == wanted.keys, "is a text index, which no ordinary query uses"
    if not serves:
        return other if not wanted.text and set(wanted.keys) <= set(existing.text) else None
    if wanted.unique and not existing.unique:
        return "is not unique"
    if existing.partial and not wanted.partial:
        return f"{'is unique' if wanted.unique else 'applies'} only where {existing.partial}"
    if existing.collation and not wanted.unique:
        return f"compares by the collation {existing.collation}: queries without that collation do not use it for texts"
    if existing.building:
        return "is still being built: no query uses it yet, and it does not prevent duplicates"
    return "is hidden: no query uses it" if existing.hidden else ""


def _takes_in(wildcard: ExistingIndex, field: str) -> bool:
    """Whether a wildcard index is about a field: below its own path, or by its projection."""

    def below(path: str) -> bool:
        return f"{field}.".startswith(f"{path}.")

    root = wildcard.keys[0].removesuffix(_WILDCARD).rstrip(".")
    left_out = [path.removeprefix("-") for path in wildcard.within if path.startswith("-")]
    taken = [path for path in wildcard.within if not path.startswith("-")]
    if (root and not below(root)) or any(map(below, left_out)):
        return False
    return not taken or any(map(below, taken))


def _tried(refusal: Refusal | None, action: str) -> Refusal:
    if refusal is None:
        raise Unobserved(f"{action} could not be tried: the connection failed")
    return refusal


def _members(mongo: MongoEvidence) -> str:
    return ", ".join(mongo.members) or "the deployment"
