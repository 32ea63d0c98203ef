"""Questions to MongoDB: one deployment, as the service's user and as the monitoring user."""

from collections.abc import Sequence

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from gonogo.clients.knock import require_certificates, require_files
from gonogo.clients.mongodb import CURE, MongoQuestion, is_connection_string, named_files
from gonogo.environment.model import Environment
from gonogo.families.mongodb.section import MongoDb


def mongo_questions(environment: Environment, secrets: Secrets) -> Sequence[MongoQuestion]:
    """Ask as the service's user. Raises UsageError on what is no connection string, never repeating any of it."""
    return _questions(environment, secrets, monitor=False)


def mongo_status_questions(environment: Environment, secrets: Secrets) -> Sequence[MongoQuestion]:
    """Ask as the monitoring user. Raises UsageError as well."""
    return _questions(environment, secrets, monitor=True)


def _questions(environment: Environment, secrets: Secrets, *, monitor: bool) -> Sequence[MongoQuestion]:
    """One question per environment. Raises UsageError where a URL or a file cannot be what it should be."""
    section = environment.section(MongoDb)
    if section is None:
        return []
    name = section.monitor_url if monitor else section.url
    if secrets[name].startswith(("mongodb://", "mongodb+srv://")):
        require_files(f"secret {name}", named_files(secrets[name]))
    if not is_connection_string(secrets[name]):
        raise UsageError(f"secret {name}: not a MongoDB connection string; {CURE}")
    require_certificates(section.ca_file, "mongodb.ca_file")
    return [
        MongoQuestion(
            url=secrets[name],
            ca_file=section.ca_file,
            database=section.database,
            indexes=section.indexes,
            patience=environment.limits.probe * 0.3,
        )
    ]
