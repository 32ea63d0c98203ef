"""Asks buckets as the service does, then as people who should not get in; judges nothing."""

import asyncio
import secrets as entropy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from gonogo.base.errors import Unobserved
from gonogo.environment.types import join_socket_address
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo_s3.client import Refused, S3Question, Work, asked, bucket_questions, configuration_questions
from gonogo_s3.configuration import probe_configuration
from gonogo_s3.evidence import Attempt, S3BucketEvidence
from gonogo_s3.writing import probe_write

_USUAL_PLAIN_PORT = 80
_NOT_OURS = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "401", "403"})
"""A refusal of whoever asks; other answers say nothing of who may."""


async def probe_bucket(question: S3Question) -> S3BucketEvidence:
    """List the bucket as the service does; then try what should be refused."""
    closed = S3BucketEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        server=question.server,
        bucket=question.bucket,
        reachable=False,
        encrypted_transport=question.endpoint.startswith("https:"),
    )
    try:
        present = await asked(question, partial(_first_key, bucket=question.bucket))
    except Refused as error:
        return replace(closed, problem=str(error))
    reading, nobody = Reading(), replace(question, anonymous=True)
    list_it = partial(_first_key, bucket=question.bucket)
    made_up = replace(question, secret_key=entropy.token_urlsafe(30))
    plain, secret, listing, reading_one, all_buckets = await asyncio.gather(
        reading.fact("plain", _plain(question), ()),
        reading.fact("made_up_secret", _attempt(made_up, list_it), "not tried"),
        reading.fact("anonymous_list", _attempt(nobody, list_it), "not tried"),
        reading.fact("anonymous_read", _read(nobody, present), "not tried"),
        reading.fact("all_buckets", _attempt(question, lambda client: client.list_buckets()), "not tried"),
    )
    return replace(
        closed,
        reachable=True,
        plain=plain,
        made_up_secret=secret,
        anonymous_list=listing,
        anonymous_read=reading_one,
        all_buckets=all_buckets,
        unread=reading.unread,
    )


def _first_key(client: Any, bucket: str) -> str:  # noqa: ANN401 - botocore's client
    """Some object that is there; empty if there is none."""
    contents = client.list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents") or [{}]
    return str(contents[0].get("Key", ""))


async def _read(nobody: S3Question, present: str) -> Attempt:
    if not present:
        return "not tried"
    return await _attempt(nobody, lambda client: client.head_object(Bucket=nobody.bucket, Key=present))


async def _attempt(question: S3Question, work: Work[object]) -> Attempt:
    try:
        await asked(question, work)
    except Refused as error:
        if error.code in _NOT_OURS:
            return "refused"
        raise Unobserved(f"{question.server} neither permits nor refuses it: {error}") from None
    return "accepted"


async def _plain(question: S3Question) -> tuple[str, ...]:
    """Of the service's own port and the usual one without TLS those where S3 answers what was signed for them.

    What is sent in the clear is the signature of one question for an object that is not there.
    """
    if not await _lacks_an_object(question):  # the control: over TLS it is known that the object is not there
        raise Unobserved(
            f"whether S3 answers without TLS is not known: the key may not read below {question.prefix}",
            hint="give the service's key s3:GetObject there",
        )
    ports = sorted({question.port, _USUAL_PLAIN_PORT})
    answering = [port for port in ports if await _answers_in_the_clear(question, port)]
    return tuple(f"http://{join_socket_address(question.host, port)}" for port in answering)


async def _lacks_an_object(question: S3Question) -> bool:
    """Whether S3 says of an object that it is not there, and not that nobody may ask. Raises Unobserved."""
    missing = f"{question.prefix}gonogo-nothing-{entropy.token_hex(8)}"
    try:
        await asked(question, lambda client: client.get_object(Bucket=question.bucket, Key=missing))
    except Refused as error:
        return error.code == "NoSuchKey"
    return False


async def _answers_in_the_clear(question: S3Question, port: int) -> bool:
    parts = urlsplit(question.endpoint)
    endpoint = f"http://{join_socket_address(question.host, port)}{parts.path}"
    try:
        return await _lacks_an_object(replace(question, endpoint=endpoint))
    except Unobserved as error:
        if port == question.port and parts.scheme == "https":
            return False  # it hung up on whoever does not begin with TLS, or answered what is no XML of S3
        if port == _USUAL_PLAIN_PORT:
            return False  # filtered, or another service: no S3 in the clear for whoever asks from here
        raise Unobserved(f"whether S3 answers without TLS is not known: {error.reason}") from None


PROBES: Mapping[str, Probe] = {
    "s3_bucket": Probe(questions=bucket_questions, ask=probe_bucket),
    "s3_configuration": Probe(questions=configuration_questions, ask=probe_configuration),
    "s3_write": Probe(questions=bucket_questions, ask=probe_write),
}
