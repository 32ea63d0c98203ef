"""Redis, judged as the service, the monitoring and strangers see it."""

from datetime import timedelta

import pytest

from gonogo.base.comparing import above, at_most, equal, not_over, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import too_slow
from gonogo.environment.model import Environment
from gonogo.evidence import support
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.redis import RedisEvidence, RedisStatusEvidence, RedisWriteEvidence
from gonogo.families.redis.section import Redis
from gonogo.policy.catalogue import Policy

_ACCEPTED = "accepted"
_REFUSALS = ("NOPERM", "ERR unknown command", "ERR unknown subcommand", "ERR DEBUG command", "ERR MODULE command")
"""The second and third are how managed servers take commands away, the last two how Redis 7 does."""
_UNKNOWN_HERE = ("NOAUTH", "WRONGPASS", "NOPERM", "DENIED", "ERR invalid password", "TLS refuses")


@pytest.mark.check("redis-listening")
def test_port_accepts_connections(redis: RedisEvidence) -> None:
    """Without its cache the service is slow, or loses every session.

    Fix: start the server, and let it listen on this address; compare it with the URL in the environment.
    """
    assert so(redis.listening, "port", "listening", "nothing listens"), (
        f"nothing listens at {redis.address}: {redis.problem}"
    )


@pytest.mark.check("redis-reachable")
def test_service_user_can_log_in(redis: RedisEvidence) -> None:
    """If we cannot log in with the service's own URL, neither can the service.

    Fix: compare the URL in the environment with the server's; look at the user, the password and the firewall.
    """
    assert so(redis.reachable, "login of the service's user", "accepted", "failed"), (
        f"the service's user cannot use Redis at {redis.address}: {redis.problem}"
    )


@pytest.mark.check("redis-tls")
def test_nothing_goes_in_the_clear(redis: RedisEvidence) -> None:
    """Sessions and tokens travel on this connection.

    Fix: use rediss:// and the server's TLS port (tls-port), and close the plain one (port 0).
    """
    assert so(redis.declared_tls, "the service's URL", "rediss://", "redis://"), (
        f"the service's URL for {redis.address} starts with redis://, which is not encrypted"
    )
    assert so(not redis.plain_answer, "answer without TLS", "none", "answered"), (
        f"{redis.address} answers without TLS: {redis.plain_answer}"
    )
    assert so(not redis.plain_elsewhere, "answer without TLS at another port", "none", "answered"), (
        f"the server of {redis.address} answers without TLS too, at {redis.plain_elsewhere}"
    )
    redis.require("plain_answer", "plain_elsewhere")
    assert so(redis.verifies, "verification, by the service's URL", "on", "off"), (
        f"the service's URL for {redis.address} turns verification off, so anybody may pose as the server; "
        "remove ssl_cert_reqs and ssl_check_hostname"
    )


@pytest.mark.check("redis-auth-required")
def test_strangers_are_refused(redis: RedisEvidence) -> None:
    """An open Redis is taken over by scanners within minutes.

    Fix: user default off in the ACL file (or requirepass), and restart.
    """
    answers = {"a PING without logging in": redis.anonymous, "a login with a wrong password": redis.wrong_password}
    for action, answer in answers.items():
        if answer is None:
            raise Unobserved(f"{action} could not be tried at {redis.address}")
        assert shown(answer != _ACCEPTED, action, answer, "refused"), f"{action} is accepted at {redis.address}"
        if not answer.startswith(_UNKNOWN_HERE):
            raise Unobserved(
                f"{action} was refused at {redis.address}, but for another reason than missing rights: {answer}"
            )
    assert nothing(redis.strangers_may, "commands of strangers that are accepted"), (
        f"without logging in, anybody may run {', '.join(redis.strangers_may)} at {redis.address}: the default user has "
        "no password"
    )


@pytest.mark.check("redis-acl-commands")
def test_service_user_may_not_administrate(redis: RedisEvidence) -> None:
    """One injected FLUSHALL deletes every session in the middle of the launch.

    Fix: ACL SETUSER app -@admin -@dangerous
    """
    permitted = [name for name, answer in redis.forbidden.items() if answer == _ACCEPTED]
    assert nothing(permitted, "administration that is accepted", of=len(redis.forbidden)), (
        f"the service's user may run {', '.join(permitted)} at {redis.address}"
    )
    unclear = {name: answer for name, answer in redis.forbidden.items() if not _refused(answer)}
    if unclear or not redis.forbidden:
        raise Unobserved(
            f"the service's rights could not be tried: {'; '.join(unclear.values()) or 'nothing was'}",
            hint="commands are tried in a transaction that is discarded: ACL SETUSER app +multi +discard +ping",
        )


@pytest.mark.check("redis-acl-keys")
def test_service_user_keeps_to_its_prefix(redis: RedisEvidence, environment: Environment) -> None:
    """A service that can write other services' keys can break them, and they can break it.

    Fix: ACL SETUSER app resetkeys ~PREFIX*
    """
    prefix = _declared(environment).key_prefix
    if redis.own_key != _ACCEPTED:
        raise Unobserved(f"not even a key that starts with {prefix} may be read: {redis.own_key}")
    for action, answer in {"read": redis.foreign_key, "write": redis.foreign_write}.items():
        assert shown(answer != _ACCEPTED, f"{action} of a foreign key", answer, "refused"), (
            f"the service's user may {action} keys that do not start with {prefix}"
        )
        if answer is None or not _refused(answer):
            raise Unobserved(f"it could not be tried whether the service's user may {action} foreign keys: {answer}")


@pytest.mark.check("redis-latency")
def test_round_trips_are_short(redis_latency: RoundTripEvidence, policy: Policy) -> None:
    """A cache that is slower than the data behind it makes everything slower.

    Fix: place service and cache in one network; look for a proxy between them, and for slow commands (SLOWLOG GET).
    """
    limit = policy.duration("max_p95")
    p95 = redis_latency.p95
    if p95 is None:
        raise Unobserved(f"no round trip was measured: {redis_latency.problem}")
    assert not too_slow(p95, redis_latency.own_p95, limit, "p95 of a PING"), (
        f"a PING takes {format_duration(p95)} (p95 of {len(redis_latency.round_trips)}), "
        f"at most {format_duration(limit)} is expected"
    )


@pytest.mark.check("redis-round-trip")
def test_what_is_written_is_read_back(redis_write: RedisWriteEvidence) -> None:
    """A cache that forgets, or never forgets, is worse than none.

    Fix: look at the user's rights (+@write on its prefix), and at maxmemory with noeviction.
    """
    assert so(redis_write.written, "write", "done", "failed"), (
        f"a synthetic key could not be written: {redis_write.problem}"
    )
    assert so(redis_write.read_back, "read", "the same", "not the same"), (
        f"a synthetic key cannot be read back: {redis_write.problem}"
    )
    lifetime = timedelta(seconds=max(redis_write.ttl_seconds or 0, 0))  # below 0 it has none
    assert above(lifetime, timedelta(0), "lifetime that is left"), "a synthetic key lost its lifetime"
    assert so(redis_write.removed, "synthetic key", "removed", "still there"), (
        f"the synthetic key could not be removed again: {redis_write.problem}"
    )


@pytest.mark.check("redis-status-readable")
def test_monitoring_user_can_look(redis_status: RedisStatusEvidence) -> None:
    """A monitoring user that cannot see memory and persistence cannot see them fail.

    Fix: ACL SETUSER monitor on >PASSWORD +info +ping, and give its URL.
    """
    assert so(redis_status.reachable, "INFO, for the monitoring user", "readable", "not readable"), (
        f"the monitoring user cannot read INFO: {redis_status.problem}"
    )


@pytest.mark.check("redis-supported")
def test_server_is_supported(redis_status: RedisStatusEvidence, environment: Environment) -> None:
    """A vulnerability in an unsupported release stays open, and is public.

    Fix: upgrade to a release that still gets security fixes; if a distribution or a provider still fixes an older one,
    declare it with redis.oldest_version.
    """
    product, version = redis_status.product, redis_status.version
    if not version:
        raise Unobserved("INFO does not report the server's version")
    oldest = _declared(environment).oldest_version
    if oldest is not None:
        young = support.numbers(version) >= support.numbers(oldest)
        assert shown(young, "version", version, f"{oldest} or newer"), f"{product} {version} is older than {oldest}"
        return
    if not support.is_listed(product):
        raise Unobserved(
            f"this server is {product} {version}, and gonogo does not know how long it gets fixes",
            hint="declare with redis.oldest_version which version its maker, or its provider, still fixes",
        )
    end = support.last_day(product, version)
    assert not_over(end, redis_status.taken_at.date(), f"support of {product} {version}"), (
        f"support of {product} {version} ended on {end}"
    )


@pytest.mark.check("redis-memory-policy")
def test_memory_is_limited_as_declared(redis_status: RedisStatusEvidence, environment: Environment) -> None:
    """Without a limit the kernel kills the server; with the wrong policy writes fail, or sessions disappear.

    Fix: maxmemory and maxmemory-policy in the server's configuration; or correct redis.maxmemory_policy.
    """
    wanted = _declared(environment).maxmemory_policy
    if redis_status.max_memory_bytes is None:
        raise Unobserved("INFO does not report memory")
    assert above(redis_status.max_memory_bytes, 0, "maxmemory", "B"), (
        "maxmemory is not set: the server grows until the kernel ends it"
    )
    assert equal(redis_status.eviction_policy, wanted, "maxmemory-policy"), (
        f"maxmemory-policy is {redis_status.eviction_policy}; {wanted} is declared"
    )


@pytest.mark.check("redis-persistence")
def test_data_survives_as_declared(redis_status: RedisStatusEvidence, environment: Environment) -> None:
    """Without persistence, a restart in launch week loses the data.

    Fix: appendonly yes (or save 3600 1), and look at the disk when a status is not ok.
    """
    wanted = _declared(environment).persistence
    if wanted == "aof":
        if redis_status.append_only is None or redis_status.append_only_status is None:
            raise Unobserved("INFO does not report the append-only file")
        assert so(redis_status.append_only, "append-only file", "on", "off"), (
            "the append-only file is off; aof is declared"
        )
        assert equal(redis_status.append_only_status, "ok", "status of the append-only file"), (
            f"the append-only file: {redis_status.append_only_status}"
        )
    if wanted == "rdb":
        if redis_status.snapshot_schedule is None:
            raise Unobserved("CONFIG GET save is not permitted", hint="ACL SETUSER monitor +config|get")
        assert shown(redis_status.snapshot_schedule, "snapshots", redis_status.snapshot_schedule, "scheduled"), (
            "no snapshot is scheduled; rdb is declared"
        )
        assert equal(redis_status.snapshot_status, "ok", "status of the last snapshot"), (
            f"the last snapshot: {redis_status.snapshot_status}"
        )


@pytest.mark.check("redis-stable")
def test_nothing_is_evicted_or_rejected(redis_status: RedisStatusEvidence) -> None:
    """Keys that are evicted before the launch show that memory is too small for it.

    Fix: raise maxmemory, shorten lifetimes, or find the client that opens too many connections.
    """
    counters = {"keys were evicted": redis_status.evicted, "connections were rejected": redis_status.rejected}
    for counter_name, counter in counters.items():
        if counter is None:
            raise Unobserved("INFO does not report evictions and rejections")
        assert at_most(counter[1] - counter[0], 0, counter_name), (
            f"{counter[1] - counter[0]} {counter_name} within {format_duration(redis_status.watched)}"
        )


def _declared(environment: Environment) -> Redis:
    return environment.require(Redis)


def _refused(answer: str) -> bool:
    return answer.startswith(_REFUSALS)
