"""Questions to Redis: one server, as the service's user and as the monitoring user."""

from collections.abc import Sequence

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from gonogo.clients.knock import require_certificates, require_files
from gonogo.clients.redis import RedisQuestion, is_redis_url, named_files
from gonogo.environment.model import Environment
from gonogo.families.redis.section import Redis


def redis_questions(environment: Environment, secrets: Secrets) -> Sequence[RedisQuestion]:
    """Ask as the service's user. Raises UsageError on what is no Redis URL, never repeating any of it."""
    return _questions(environment, secrets, monitor=False)


def redis_status_questions(environment: Environment, secrets: Secrets) -> Sequence[RedisQuestion]:
    """Ask as the monitoring user. Raises UsageError as well."""
    return _questions(environment, secrets, monitor=True)


def _questions(environment: Environment, secrets: Secrets, *, monitor: bool) -> Sequence[RedisQuestion]:
    """One question per environment. Raises UsageError where a URL or a file cannot be what it should be."""
    section = environment.section(Redis)
    if section is None:
        return []
    name = section.monitor_url if monitor else section.url
    if not is_redis_url(secrets[name]):
        raise UsageError(
            f"secret {name}: not a Redis URL; it looks like rediss://user:password@host:6380/0, "
            "reserved characters in user and password are percent-encoded"
        )
    require_certificates(section.ca_file, "redis.ca_file")
    require_files(f"secret {name}", named_files(secrets[name]))
    return [
        RedisQuestion(
            url=secrets[name],
            ca_file=section.ca_file,
            key_prefix=section.key_prefix,
            patience=environment.limits.probe * 0.3,
            monitor_url=secrets[section.monitor_url] if is_redis_url(secrets[section.monitor_url]) else "",
        )
    ]
