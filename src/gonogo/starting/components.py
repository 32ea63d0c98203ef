"""What services depend on: how images, variables and URLs name it, and how gonogo verifies it."""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One kind of database, queue or provider."""

    key: str
    title: str
    section: str = ""
    """The section of the environment file that verifies it; empty: none that is brought along."""
    images: str = ""
    """A pattern of the image's own name, without registry, tag and digest."""
    schemes: str = ""
    variables: str = ""
    """A pattern of names of variables that are about nothing else."""
    promise: str = ""
    """What a person looks at where no section does."""


COMPONENTS = (
    Component(
        key="postgresql",
        title="PostgreSQL",
        images=r"postgres|postgresql|postgis|timescaledb(-ha)?|pgvector|pgbouncer|spilo.*",
        schemes=r"postgres(ql)?(\+\w+)?|postgis",
        variables=r"POSTGRES(QL)?_\w+|PG(HOST|DATABASE|USER|PASSWORD|PORT)",
        promise="PostgreSQL asks for TLS and a password, has free connections and disk space, and all migrations are applied",
    ),
    Component(
        key="mysql",
        title="MySQL or MariaDB",
        images=r"mysql|mariadb|percona.*",
        schemes=r"(mysql2?|mariadb)(\+\w+)?",
        variables=r"(MYSQL|MARIADB)_\w+",
        promise="The database asks for TLS and a password, has free connections and disk space, and all migrations are applied",
    ),
    Component(
        key="mongodb",
        title="MongoDB",
        section="mongodb",
        images=r"mongo|mongodb.*|percona-server-mongodb",
        schemes=r"mongodb(\+srv)?",
        variables=r"MONGO(DB)?_\w+",
    ),
    Component(
        key="redis",
        title="Redis or Valkey",
        section="redis",
        images=r"redis(-stack(-server)?)?|valkey.*|keydb|dragonfly",
        schemes=r"(redis|rediss|valkey|valkeys)",
        variables=r"(REDIS|VALKEY)_\w+",
    ),
    Component(
        key="rabbitmq",
        title="RabbitMQ",
        images=r"rabbitmq.*|lavinmq",
        schemes=r"amqps?",
        variables=r"(RABBITMQ|AMQP)_\w+",
        promise="The broker asks for TLS and a login, every queue has consumers, and no queue has a backlog",
    ),
    Component(
        key="kafka",
        title="Kafka",
        images=r"(cp-)?kafka|redpanda",
        variables=r"KAFKA_\w+",
        promise="The broker asks for TLS and a login, and no consumer lags behind",
    ),
    Component(
        key="search",
        title="a search engine",
        images=r"elasticsearch|opensearch|meilisearch|typesense|solr",
        variables=r"(ELASTIC(SEARCH)?|OPENSEARCH|MEILI|TYPESENSE)_\w+",
        promise="The search engine asks for a login, cannot be reached from outside, and has disk space left",
    ),
    Component(
        key="bucket",
        title="an S3-compatible bucket",
        images=r"minio|localstack|seaweedfs|garage",
        schemes=r"s3",
        variables=r"(AWS_(S3|STORAGE)_\w+|S3_\w+|MINIO_\w+)",
        promise="The bucket is private, encrypted and versioned, and an object that is written can be read back",
    ),
    Component(
        key="workers",
        title="workers of a queue",
        promise="The workers run, in the release under review, and their queue has no backlog",
    ),
    Component(key="stripe", title="Stripe", section="stripe", variables=r"STRIPE_\w+"),
    Component(key="sentry", title="Sentry", section="sentry", variables=r"SENTRY_\w+"),
    Component(
        key="mail",
        title="mail to users",
        section="mail",
        images=r"mailpit|mailhog|maildev|postfix|mailcatcher",
        schemes=r"smtps?",
        variables=r"(SMTP|MAIL(GUN)?|EMAIL_HOST|SENDGRID|POSTMARK)(_\w+)?",
    ),
)


_DEFAULT = re.compile(r"\$\{\w+:?-([^}]*)\}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,40})://")


def by_image(image: str) -> Component | None:
    """``docker.io/library/postgres:16-alpine`` is PostgreSQL."""
    plain = _DEFAULT.sub(r"\1", image)
    return _first("images", plain.partition("@")[0].rpartition("/")[2].partition(":")[0].lower())


def by_variable(name: str, scheme: str) -> Component | None:
    """The component of a variable by the URL that it holds, which tells more than its name; else by its name."""
    return _first("schemes", scheme.lower()) or _first("variables", name.upper())


def url_scheme(value: str) -> str:
    """The kind of URL that a value is, or has for a default (``${URL:-redis://x}``); nothing else of it is looked at."""
    match = _SCHEME.match(_DEFAULT.sub(r"\1", value.strip().strip("'\"")))
    return match[1] if match else ""


def _first(field: Literal["images", "schemes", "variables"], text: str) -> Component | None:
    """The first component one of whose patterns is the whole text; a component without a pattern is none."""
    patterns = ((component, getattr(component, field)) for component in COMPONENTS)
    return next((component for component, pattern in patterns if pattern and re.fullmatch(pattern, text)), None)
