"""Asks RabbitMQ as the service does, then as people who should not get in; judges nothing."""

import asyncio
import secrets as entropy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from pika import BlockingConnection

from gonogo.base.errors import Unobserved
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo_rabbitmq.evidence import Attempt, RabbitmqEvidence, RabbitmqQueueEvidence
from gonogo_rabbitmq.login import (
    Login,
    RabbitmqQuestion,
    Refused,
    logged_in,
    passively_declared,
    primary_questions,
    queue_questions,
)
from gonogo_rabbitmq.management import cluster_questions, probe_cluster, tags_of

_GREETING = b"AMQP\x00\x00\x09\x01"
"""AMQP 0-9-1, 4.2.2: a server that takes it answers with a method frame (Connection.Start), else with its own header."""
_METHOD_FRAME = b"\x01"
_USUAL_PLAIN_PORT = 5672
_DEFAULT = "guest"
"""Name and password of the user that every new broker has."""


async def probe_broker(question: RabbitmqQuestion) -> RabbitmqEvidence:
    """Log in as the service does; then try what should be refused."""
    login = question.login
    closed = RabbitmqEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        server=login.server,
        reachable=False,
        user=login.user,
        vhost=login.vhost,
        encrypted=login.tls is not None,
    )
    try:
        product, version = await logged_in(login, question.patience, _introduction)
    except Refused as error:
        return replace(closed, problem=str(error))
    reading = Reading()
    stranger = partial(_attempt, question)
    made_up = replace(login, password=entropy.token_urlsafe(16))
    elsewhere = replace(login, vhost="/")
    return replace(
        closed,
        reachable=True,
        product=product,
        version=version,
        plain_ports=await reading.fact("plain_ports", _plain_ports(question), ()),
        default_user=await reading.fact(
            "default_user", stranger(replace(login, user=_DEFAULT, password=_DEFAULT)), "not tried"
        ),
        wrong_password=await reading.fact("wrong_password", stranger(made_up), "not tried"),
        default_vhost="not tried"
        if login.vhost == "/"
        else await reading.fact("default_vhost", stranger(elsewhere), "not tried"),
        tags=await reading.fact("tags", _tags(question), ()),
        unread=reading.unread,
    )


async def probe_queue(question: RabbitmqQuestion) -> RabbitmqQueueEvidence:
    """Declare the queue passively, which changes nothing. Raises Unobserved where no login came about."""
    missing = RabbitmqQueueEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        server=question.login.server,
        name=question.queue,
        exists=False,
    )

    def look(connection: BlockingConnection) -> RabbitmqQueueEvidence:
        try:
            ready, consumers = passively_declared(connection, question.queue)
        except Refused as error:
            return replace(missing, problem=str(error))
        return replace(missing, exists=True, ready=ready, consumers=consumers)

    try:
        return await logged_in(question.login, question.patience, look)
    except Refused as error:
        raise Unobserved(f"queue {question.queue} could not be asked: {error}") from None


def _introduction(connection: BlockingConnection) -> tuple[str, str]:
    properties: Mapping[str, object] = connection._impl.server_properties  # noqa: SLF001 - a blocking connection does not hand them on
    return str(properties.get("product", "")), str(properties.get("version", ""))


async def _attempt(question: RabbitmqQuestion, login: Login) -> Attempt:
    try:
        return await logged_in(login, question.patience, lambda connection: "accepted" if connection else "refused")
    except Refused:
        return "refused"


async def _tags(question: RabbitmqQuestion) -> tuple[str, ...]:
    if not question.management:
        return ()
    return await tags_of(question.login, question.management, question.trust, question.patience)


async def _plain_ports(question: RabbitmqQuestion) -> tuple[int, ...]:
    """Those of the service's own port and the usual plain one that greet us without TLS."""
    ports = sorted({question.login.port, _USUAL_PLAIN_PORT})
    return tuple([port for port in ports if await _greets(question.login.host, port, question.patience)])


async def _greets(host: str, port: int, patience: timedelta) -> bool:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(_GREETING)
                return await reader.readexactly(1) == _METHOD_FRAME
            finally:
                writer.transport.abort()
    except (ConnectionError, asyncio.IncompleteReadError):
        return False  # closed, or hung up on whoever does not begin with TLS
    except OSError as error:  # a TimeoutError is one: filtered, which is closed for whoever asks from here
        if port == _USUAL_PLAIN_PORT:
            return False
        raise Unobserved(
            f"whether {host}:{port} accepts logins without TLS is not known: {error or 'no answer'}"
        ) from None


PROBES: Mapping[str, Probe] = {
    "rabbitmq": Probe(questions=primary_questions, ask=probe_broker),
    "rabbitmq_queue": Probe(questions=queue_questions, ask=probe_queue),
    "rabbitmq_cluster": Probe(questions=cluster_questions, ask=probe_cluster),
}
