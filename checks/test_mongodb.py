"""MongoDB, judged as the service, the monitoring and strangers see it."""

import pytest

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.mongodb import MongoEvidence, MongoStatusEvidence, MongoWriteEvidence, Refusal
from gonogo.families.mongodb.section import MongoDb
from gonogo.policy.catalogue import Policy

_UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18
_ATLAS_ERROR = 8000
"""What Atlas answers instead of both."""
_GOOD_STATES = {"PRIMARY", "SECONDARY", "ARBITER"}


@pytest.mark.check("mongo-reachable")
def test_service_user_can_log_in(mongo: MongoEvidence) -> None:
    """If we cannot log in with the service's own URL, neither can the service.

    Fix: compare the URL in the environment with the cluster's; look at the allowlist, the user and the password.
    """
    assert mongo.reachable, f"the service's user cannot use MongoDB: {mongo.problem}"


@pytest.mark.check("mongo-tls-required")
def test_plain_connections_are_refused(mongo: MongoEvidence) -> None:
    """One client without TLS is enough to send the password in the clear.

    Fix: net.tls.mode: requireTLS, and restart each member.
    """
    assert mongo.with_tls, "the service's own URL does not ask for TLS; add tls=true"
    assert mongo.verifies, (
        "the service's own URL turns verification off, so anybody may pose as the server; remove "
        "tlsInsecure, tlsAllowInvalidCertificates and tlsAllowInvalidHostnames"
    )
    open_to_all = [member for member, refusal in mongo.plain.items() if refusal.accepted]
    assert not open_to_all, f"{', '.join(open_to_all)} answers without TLS"
    untried = set(mongo.members).difference(mongo.plain)
    if untried or not mongo.plain:
        raise Unobserved(f"a connection without TLS could not be tried at {', '.join(sorted(untried)) or 'any member'}")


@pytest.mark.check("mongo-auth-required")
def test_strangers_may_not_read(mongo: MongoEvidence, environment: Environment) -> None:
    """A database that strangers may read is in the news within a week.

    Fix: set security.authorization: enabled and restart each member.
    """
    if not mongo.read_as_app:
        raise Unobserved("the service's own user may not read either, so a refusal proves nothing")
    anonymous = _tried(mongo.anonymous, "a read without logging in")
    wrong = _tried(mongo.wrong_password, "a login with a wrong password")
    assert not anonymous.accepted, f"an anonymous client may read {_declared(environment).database}.users"
    assert not wrong.accepted, "a login with a wrong password is accepted"
    for what, refused, code in (
        ("an anonymous read", anonymous, _UNAUTHORIZED),
        ("a wrong password", wrong, _AUTHENTICATION_FAILED),
    ):
        if refused.code not in {code, _ATLAS_ERROR}:
            raise Unobserved(f"{what} was refused for another reason than missing rights: {refused.detail}")


@pytest.mark.check("mongo-primary")
def test_replica_set_has_a_primary(mongo: MongoEvidence) -> None:
    """Without a primary every write fails.

    Fix: rs.status() on each member; bring a majority of the voting members back.
    """
    assert mongo.writable_primary, f"the replica set of {_members(mongo)} has no primary: nothing can be written"


@pytest.mark.check("mongo-wire-version")
def test_server_is_supported(mongo: MongoEvidence, policy: Policy) -> None:
    """An unsupported server gets no security fixes, and drivers drop it without asking.

    Fix: upgrade to a supported major version, one major at a time.
    """
    wanted = int(policy.number("min_wire_version"))
    assert (mongo.wire_version or 0) >= wanted, (
        f"MongoDB {mongo.server_version} speaks wire version {mongo.wire_version}, at least {wanted} is wanted"
    )


@pytest.mark.check("mongo-least-privilege")
def test_service_user_is_no_administrator(mongo: MongoEvidence, environment: Environment) -> None:
    """Whoever breaks into the service has all that its database user has.

    Fix: grant readWrite on the service's own database, and nothing else.
    """
    assert mongo.roles or not mongo.wide_privileges, f"nobody is logged in, and may {mongo.wide_privileges[0]}"
    assert not mongo.wide_privileges, (
        f"the service's user ({', '.join(mongo.roles)}) may change more than {_declared(environment).database}: "
        f"{'; '.join(mongo.wide_privileges[:3])}"
    )
    forbidden = _tried(mongo.forbidden, "listing all users")
    assert not forbidden.accepted, f"the service's user ({', '.join(mongo.roles)}) may list every user of the cluster"


@pytest.mark.check("mongo-indexes")
def test_declared_indexes_exist(mongo: MongoEvidence, environment: Environment) -> None:
    """A missing index is fast with ten users and an outage with ten thousand; a missing unique one lets doubles in.

    Fix: create the index that is named, in the background, before traffic comes.
    """
    for index in _declared(environment).indexes:
        keys = " ".join(index.keys)
        if index.collection not in mongo.indexes:
            raise Unobserved(f"the service's user may not list the indexes of {index.collection}")
        existing = mongo.indexes[index.collection]
        found = [entry for entry in existing if entry.removesuffix(" unique") == keys]
        assert found, f"{index.collection} has no index on {keys}; it has: {', '.join(existing) or 'none'}"
        assert not index.unique or f"{keys} unique" in found, f"the index on {index.collection}.{keys} is not unique"


@pytest.mark.check("mongo-latency")
def test_round_trips_are_short(mongo_latency: RoundTripEvidence, policy: Policy) -> None:
    """Every request pays this several times.

    Fix: place service and cluster in one region; look for a proxy in between.
    """
    limit = policy.duration("max_p95")
    p95 = mongo_latency.p95
    if p95 is None:
        raise Unobserved(f"no round trip was measured: {mongo_latency.problem}")
    assert p95 <= limit, (
        f"a ping takes {format_duration(p95)} (p95 of {len(mongo_latency.round_trips)}), "
        f"at most {format_duration(limit)} is wanted"
    )


@pytest.mark.check("mongo-majority-write")
def test_majority_write_is_read_back(mongo_write: MongoWriteEvidence) -> None:
    """A write that a majority has survives the loss of a member; the service relies on it.

    Fix: look at the user's rights on its database, then at the health of the members.
    """
    assert mongo_write.written, f"a synthetic document could not be written by majority: {mongo_write.problem}"
    assert mongo_write.read_back, f"what was written by majority is not read back: {mongo_write.problem}"
    assert mongo_write.removed, f"the synthetic document could not be removed again: {mongo_write.problem}"


@pytest.mark.check("mongo-status-readable")
def test_monitoring_user_can_look(mongo_status: MongoStatusEvidence) -> None:
    """Who cannot see the replica set cannot see it fail.

    Fix: grant clusterMonitor to the monitoring user, and give its URL.
    """
    assert mongo_status.reachable, f"the monitoring user cannot read the replica set: {mongo_status.problem}"


@pytest.mark.check("mongo-members")
def test_every_member_is_healthy(mongo_status: MongoStatusEvidence) -> None:
    """A member that is down is the redundancy that the launch counts on.

    Fix: read that member's log; bring it back, or remove it from the set.
    """
    down = [member for member in mongo_status.members if not member.healthy or member.state not in _GOOD_STATES]
    assert mongo_status.members, f"replica set {mongo_status.replica_set} tells of no member"
    assert not down, "; ".join(f"member {member.name} is {member.state}" for member in down)


@pytest.mark.check("mongo-lag")
def test_no_member_lags(mongo_status: MongoStatusEvidence, environment: Environment) -> None:
    """When the primary fails, what the others have not yet is lost or waited for.

    Fix: look at the member's disk and network; a member that is delayed on purpose belongs out of this set.
    """
    limit = _declared(environment).max_lag
    for member in mongo_status.members:
        assert member.lag is None or member.lag <= limit, (
            f"member {member.name} is {format_duration(member.lag or limit)} behind the primary, "
            f"at most {format_duration(limit)} is wanted"
        )


@pytest.mark.check("mongo-connections")
def test_connections_are_left(mongo_status: MongoStatusEvidence, policy: Policy) -> None:
    """The launch brings more clients; connections that run out look like an outage of the database.

    Fix: close idle pools (maxPoolSize), or raise the limit (net.maxIncomingConnections, or a larger tier).
    """
    current, available = mongo_status.connections_current, mongo_status.connections_available
    if current is None or available is None:
        raise Unobserved("serverStatus tells nothing about connections")
    free = available / (current + available) if current + available else 0.0
    assert free >= policy.number("min_free_fraction"), (
        f"{current} of {current + available} connections are taken, {free:.0%} are free"
    )


def _declared(environment: Environment) -> MongoDb:
    return environment.require(MongoDb)


def _tried(refusal: Refusal | None, what: str) -> Refusal:
    if refusal is None:
        raise Unobserved(f"{what} could not be tried: the connection failed")
    return refusal


def _members(mongo: MongoEvidence) -> str:
    return ", ".join(mongo.members) or "the deployment"
