"""Connections to S3, and what it means when a request fails."""

import asyncio
import os
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import botocore.session
import certifi
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, SSLError
from botocore.parsers import ResponseParserError

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.knock import knock, require_certificates
from gonogo.environment.model import Environment
from gonogo.environment.types import join_socket_address
from gonogo.evidence.base import Scope
from gonogo_s3.section import S3

LONGEST = 200
_PORTS = {"http": 80, "https": 443}
_ATTEMPTS = 2
_MAKING = threading.Lock()
"""A session is not made for several threads; what it makes is."""
_SHARE_OF_PROBE = 0.15
"""Of limits.probe, for one attempt: a probe asks several questions, some at once."""
Answer = TypeVar("Answer")
Work = Callable[[Any], Answer]
"""What is asked of a client; it is botocore's, and waits."""

_REFUSALS = {
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": "the key may not do that (AccessDenied)",
    "AllAccessDisabled": "all access to the bucket is disabled by its provider",
    "InvalidAccessKeyId": "the server knows no such key id",
    "SignatureDoesNotMatch": "the secret key does not belong to the key id (SignatureDoesNotMatch)",
    "InvalidToken": "the session token is wrong",
    "ExpiredToken": "the session token has expired",
    "PermanentRedirect": "the bucket is in another region than the declared one (PermanentRedirect)",
    "AuthorizationHeaderMalformed": "the declared region is not the bucket's (AuthorizationHeaderMalformed)",
    "IllegalLocationConstraintException": "the bucket is in another region than the declared one",
    "QuotaExceeded": "the quota is used up",
}
"""The server's own no, by its code."""
_SKEWED = "the server's clock and this machine's are more than 15 minutes apart (RequestTimeTooSkewed)"
_BY_STATUS = {
    301: _REFUSALS["PermanentRedirect"],
    401: "the server requires a login (401)",
    403: _REFUSALS["AccessDenied"],
    404: "it is not there (404)",
}
"""Answers to HEAD have no body, so no code."""
_LEAST_SERVER_ERROR = 500
_UNKNOWN = frozenset({"NotImplemented", "MethodNotAllowed", "501", "405", "UnsupportedOperation"})
_BUSY = frozenset({"SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded"})


class Refused(Exception):
    """The server's own no. ``code`` is S3's, or the status where there is none."""

    def __init__(self, words: str, code: str = "") -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Question:
    """One bucket, with the key that is asked for it."""

    scope: Scope
    endpoint: str
    region: str
    path_style: bool
    key_id: str
    secret_key: str = field(repr=False)
    anonymous: bool = False
    trust: str
    patience: timedelta
    """For one attempt of one request."""
    bucket: str
    prefix: str

    @property
    def host(self) -> str:
        """The host whose patience is spent."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def port(self) -> int:
        """Where it listens."""
        parts = urlsplit(self.endpoint)
        return parts.port or _PORTS[parts.scheme]

    @property
    def server(self) -> str:
        """Host and port, for people."""
        return join_socket_address(self.host, self.port)


def questions_of(section: S3, environment: Environment, secrets: Secrets) -> Sequence[S3Question]:
    """One for each declared bucket, with the service's key. Raises UsageError."""
    require_certificates(section.ca_file, "s3.ca_file")
    endpoint = section.endpoint or f"https://s3.{section.region}.amazonaws.com"
    return [
        S3Question(
            scope=("s3", bucket),
            endpoint=endpoint,
            region=section.region,
            path_style=section.path_style,
            key_id=secrets[section.key_id],
            secret_key=secrets[section.secret_key],
            trust=section.ca_file or certifi.where(),
            patience=environment.limits.probe * _SHARE_OF_PROBE,
            bucket=bucket,
            prefix=declared.prefix,
        )
        for bucket, declared in section.buckets.items()
    ]


def bucket_questions(environment: Environment, secrets: Secrets) -> Sequence[S3Question]:
    """One for each declared bucket, with the service's key. Raises UsageError."""
    return questions_of(environment.require(S3), environment, secrets)


def configuration_questions(environment: Environment, secrets: Secrets) -> Sequence[S3Question]:
    """One for each declared bucket, with the key that may read its configuration. Raises UsageError."""
    section = environment.require(S3)
    if section.configuration is None:
        return []
    key_id, secret_key = secrets[section.configuration.key_id], secrets[section.configuration.secret_key]
    return [
        replace(question, key_id=key_id, secret_key=secret_key)
        for question in questions_of(section, environment, secrets)
    ]


async def asked(question: S3Question, work: Work[Answer]) -> Answer:
    """Return what ``work`` gives of a client, in a thread of its own, since the driver waits.

    Raises Refused with the server's no, Unobserved when it said nothing that can be understood.
    """
    if problem := await knock(question.host, question.port, question.patience):
        raise Refused(problem)
    started = time.monotonic()
    try:
        return await asyncio.to_thread(lambda: work(client_of(question)))
    except ClientError as error:
        raise understood(error, question) from None
    except SSLError as error:
        raise Refused(f"TLS fails: {_words(error)}") from None
    except ResponseParserError:
        raise Unobserved(
            f"{question.server}: the answer is not XML as S3 sends it", hint="does S3 listen there?"
        ) from None
    except BotoCoreError as error:
        WAKEFULNESS.demand(started)
        raise Unobserved(
            f"{question.server} accepts connections, but did not answer: {_words(error)}",
            hint="does S3 listen there?",
        ) from None


def client_of(question: S3Question) -> Any:  # noqa: ANN401 - botocore makes its clients' classes when it runs
    """A client that says what it is told: it follows no bucket to another region, which other clients would not."""
    seconds = max(1.0, question.patience.total_seconds())
    config = Config(
        connect_timeout=seconds,
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        proxies={},
        ignore_configured_endpoint_urls=True,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        signature_version=UNSIGNED if question.anonymous else "s3v4",
        s3={
            "addressing_style": "path" if question.path_style else "virtual",
            "us_east_1_regional_endpoint": "regional",
        },
    )
    with _MAKING:
        client = _session().create_client(
            "s3",
            region_name=question.region,
            endpoint_url=question.endpoint,
            verify=question.trust,
            aws_access_key_id=question.key_id,
            aws_secret_access_key=question.secret_key,
            config=config,
        )
    client.meta.events.register_last("before-parameter-build.s3", _stay)
    client.meta.events.register("before-parse.s3", _demand_root)
    return client


@cache
def _session() -> Any:  # noqa: ANN401 - botocore has no types
    """It knows nothing of this machine's own configuration, neither files nor a profile; its models are read once."""
    nothing = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    return botocore.session.Session(session_vars={**nothing, "profile": (None, None, None, None)})


def _stay(context: dict[str, Any], **_: object) -> None:
    context.setdefault("s3_redirect", {})["redirected"] = True


def _demand_root(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:  # noqa: ANN401 - botocore's
    """Raise Unobserved for a success with something else in it.

    There are servers that do not know a part of a bucket and list the bucket, and pages for people that are XML.
    """
    wanted, body = _ROOTS.get(operation_model.name), response_dict.get("body")
    if wanted is None or response_dict["status_code"] != _OK or not isinstance(body, bytes):
        return
    root = _ROOT.search(body)
    name = operation_model.name
    if root is None or root[1].decode() not in {wanted, f"{name}Response"}:  # the other one is SOAP's, and moto's
        raise Unobserved(f"the answer to {name} has no {wanted}; the server does not implement it", hint=_ATTEST)


_ROOTS = {
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketEncryption": "ServerSideEncryptionConfiguration",
    "GetBucketPolicyStatus": "PolicyStatus",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetPublicAccessBlock": "PublicAccessBlockConfiguration",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListObjectsV2": "ListBucketResult",
}
"""The element that holds an answer, by operation; by Amazon's API reference."""
_ROOT = re.compile(rb"<(?:\w+:)?([A-Za-z]\w*)")
_OK = 200


def understood(error: ClientError, question: S3Question) -> Refused | Unobserved:
    """Return what an error of the server means: its no, or that nothing is known."""
    failure, status = (
        error.response.get("Error", {}),
        error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
    )
    code = str(failure.get("Code", ""))
    operation = error.operation_name
    if code == "RequestTimeTooSkewed":
        return Unobserved(_SKEWED, hint="synchronize both by NTP, this machine's first")
    if code in _UNKNOWN or status in {405, 501}:
        return Unobserved(f"{question.server} does not implement {operation} ({code})", hint=_ATTEST)
    if code in _BUSY:
        return Unobserved(f"{question.server} is too busy to answer {operation} ({code})", hint="run again later")
    if status >= _LEAST_SERVER_ERROR:
        return Unobserved(f"{question.server} failed at {operation} with {status} ({code})", hint="read its log")
    words = _REFUSALS.get(code) or _BY_STATUS.get(status) or " ".join(str(failure.get("Message") or "").split())
    return Refused(f"{words or code}"[:LONGEST], code)


_ATTEST = "attest the fact as its provider documents it, or waive it"


def _words(error: BaseException) -> str:
    """Return what the driver said, in one line of bounded length."""
    return " ".join((str(error) or type(error).__name__).split())[:LONGEST]
