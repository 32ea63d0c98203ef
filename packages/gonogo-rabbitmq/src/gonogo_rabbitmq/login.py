"""Logins to RabbitMQ over AMQP 0-9-1: the service's own, and what it means when one fails."""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import (
    AMQPError,
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.knock import knock, require_certificates
from gonogo.clients.trust import trust_context
from gonogo.environment.model import Environment
from gonogo.environment.types import join_socket_address
from gonogo.evidence.base import Scope
from gonogo_rabbitmq.section import Rabbitmq

LONGEST = 200
_PORTS = {"amqp": 5672, "amqps": 5671}
_LOOKS_LIKE = "it looks like amqps://user:password@host:5671/vhost"
Answer = TypeVar("Answer")
# The driver logs what it raises as well; whoever runs gonogo reads the outcome.
logging.getLogger("pika").setLevel(logging.CRITICAL)


class Refused(Exception):
    """The broker's own no, in its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The user who logs in, and the address of the broker."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    vhost: str
    tls: ssl.SSLContext | None

    @property
    def server(self) -> str:
        """Host and port, for people."""
        return join_socket_address(self.host, self.port)


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitmqQuestion:
    """The broker, with the login of the service's user."""

    scope: Scope
    login: Login
    patience: timedelta
    """For one login; a probe makes a few."""
    management: str = field(default="", repr=False)
    """URL of the management API, without the user's name and password; empty: none is declared."""
    trust: str = "public"
    queue: str = ""

    @property
    def host(self) -> str:
        """The host whose patience is spent."""
        return self.login.host


def login_of(section: Rabbitmq, secrets: Secrets) -> Login:
    """The login in the service's URL. Raises UsageError on what is none, never repeating any of it."""
    require_certificates(section.ca_file, "rabbitmq.ca_file")
    wrong = UsageError(f"secret {section.url}: is not a RabbitMQ URL; {_LOOKS_LIKE}")
    try:
        parts = urlsplit(secrets[section.url])
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        raise wrong from None
    if port is None or not parts.hostname:
        raise wrong
    if not parts.username or parts.password is None:  # clients would fill in guest, which is not the service's
        raise UsageError(f"secret {section.url}: contains no user and password; {_LOOKS_LIKE}")
    return Login(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password),
        vhost=unquote(parts.path[1:]) if len(parts.path) > 1 else "/",
        tls=trust_context(section.ca_file or "public") if parts.scheme == "amqps" else None,
    )


def primary_questions(environment: Environment, secrets: Secrets) -> Sequence[RabbitmqQuestion]:
    """One question to the broker. Raises UsageError on what is no URL."""
    section = environment.require(Rabbitmq)
    management = urlsplit(secrets[section.management]) if section.management else None
    return [
        RabbitmqQuestion(
            scope=("rabbitmq",),
            login=login_of(section, secrets),
            patience=environment.limits.probe * 0.2,
            management=f"{management.scheme}://{management.netloc.rpartition('@')[2]}" if management else "",
            trust=section.ca_file or "public",
        )
    ]


def queue_questions(environment: Environment, secrets: Secrets) -> Sequence[RabbitmqQuestion]:
    """One question for each declared queue. Raises UsageError on what is no URL."""
    (primary,) = primary_questions(environment, secrets)
    names = environment.require(Rabbitmq).queues
    return [replace(primary, scope=("rabbitmq", name), queue=name) for name in names]


async def logged_in(login: Login, patience: timedelta, work: Callable[[pika.BlockingConnection], Answer]) -> Answer:
    """Return what ``work`` gives of an open connection, in a thread of its own, since the driver waits.

    Raises Refused with the broker's words, Unobserved when nobody answers in time.
    """
    if problem := await knock(login.host, login.port, patience):
        raise Refused(problem)
    started = time.monotonic()
    try:
        return await asyncio.to_thread(_connected, login, patience, work)
    except (ProbableAuthenticationError, ProbableAccessDeniedError, ConnectionClosedByBroker) as error:
        raise Refused(_words(error)) from None
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"its certificate is not trusted: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise Refused(f"TLS fails: {error.reason or error}") from None
    except (AMQPError, AMQPConnectorException, OSError) as error:
        WAKEFULNESS.demand(started)
        raise Unobserved(
            f"{login.server} accepts connections, but the login failed: {_words(error)}",
            hint="does RabbitMQ listen there? does it have a memory or disk alarm?",
        ) from None


def _connected(login: Login, patience: timedelta, work: Callable[[pika.BlockingConnection], Answer]) -> Answer:
    seconds = max(1.0, patience.total_seconds())
    parameters = pika.ConnectionParameters(
        host=login.host,
        port=login.port,
        virtual_host=login.vhost,
        credentials=pika.PlainCredentials(login.user, login.password),
        connection_attempts=1,
        socket_timeout=seconds,
        stack_timeout=seconds,
        blocked_connection_timeout=seconds,
        heartbeat=0,
    )
    if login.tls:
        parameters.ssl_options = pika.SSLOptions(login.tls, login.host)
    connection = pika.BlockingConnection(parameters)
    try:
        return work(connection)
    finally:
        with suppress(AMQPError):
            connection.close()


def passively_declared(connection: pika.BlockingConnection, queue: str) -> tuple[int, int]:
    """Ready messages and consumers of a queue. Raises Refused with the broker's words."""
    try:
        method = connection.channel().queue_declare(queue, passive=True).method
    except ChannelClosedByBroker as error:
        raise Refused(f"{error.reply_code} {error.reply_text}"[:LONGEST]) from None
    return method.message_count or 0, method.consumer_count or 0


def _words(error: BaseException) -> str:
    """Return what the broker or the driver said, in one line of bounded length."""
    return " ".join((str(error) or type(error).__name__).split())[:LONGEST]
