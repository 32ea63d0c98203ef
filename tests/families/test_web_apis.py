"""Stripe, Sentry and providers that do not answer as they should: our inability, never the product's failure, and never a hang."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.families.stripe.probe import StripeQuestion, probe_stripe
from reference.listener import Handler
from tests.support.doubles import hang_up, noise, serving
from tests.support.http_doubles import http_server
from tests.support.provider_doubles import cluster_of, droplet_of, environment, project_of

SECRET = "sk_test_never-shown-1"
HUGE = 9 * 1024 * 1024
ODD: Mapping[str, bytes] = {
    "HTML": b"<!doctype html><title>Bad Gateway</title>",
    "nothing": b"",
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "other types": json.dumps({"object": 3, "data": 7, "capabilities": [], "requirements": "x"}).encode(),
    "deep": b"[" * 5000,
    "too much": b" " * HUGE,
}


def stripe_at(port: int) -> Awaitable[Any]:
    """The account, as the probe sees it."""
    return probe_stripe(StripeQuestion(secret_key=SECRET, api=f"http://127.0.0.1:{port}"))


def sentry_at(port: int) -> Awaitable[Any]:
    """The project, as the probe sees it."""
    return project_of(environment(port))


def droplet_at(port: int) -> Awaitable[Any]:
    """The droplet, as the probe sees it."""
    return droplet_of(environment(port))


def atlas_at(port: int) -> Awaitable[Any]:
    """The cluster, as the probe sees it."""
    return cluster_of(environment(port))


PROBES = [stripe_at, sentry_at, droplet_at, atlas_at]
Probe = Callable[[int], Awaitable[Any]]


def asked(probe: Probe, handler: Handler) -> Any:  # noqa: ANN401 - evidence of either kind
    """What it says about somebody who answers like this."""

    async def observe() -> Any:  # noqa: ANN401 - as above
        async with serving(handler) as port:
            return await probe(port)

    return asyncio.run(observe())


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("handler", [hang_up, noise])
def test_who_speaks_no_http_was_not_observed(probe: Probe, handler: Handler) -> None:
    """Another program on the port, or a proxy that cuts off."""
    with pytest.raises(Unobserved) as unobserved:
        asked(probe, handler)
    assert unobserved.value.reason
    assert SECRET not in unobserved.value.reason


@pytest.mark.parametrize("probe", PROBES)
def test_nobody_there_was_not_observed(probe: Probe) -> None:
    """A refused connection to somebody else's API says nothing about the product."""
    with pytest.raises(Unobserved, match=r"127\.0\.0\.1"):
        asyncio.run(_at_a_closed_port(probe))


async def _at_a_closed_port(probe: Probe) -> None:
    async with serving(hang_up) as port:
        pass
    await probe(port)


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_stripe_in_an_unknown_shape(body: bytes) -> None:
    """Whatever stands between us and Stripe answers 200 and something of its own."""
    with pytest.raises(Unobserved, match="Stripe"):
        asked(stripe_at, http_server(lambda _path, _headers: (200, body)))


@pytest.mark.parametrize(("probe", "name"), [(sentry_at, "Sentry"), (droplet_at, "DigitalOcean"), (atlas_at, "Atlas")])
@pytest.mark.parametrize("what", ["HTML", "nothing", "deep", "too much"])
def test_others_in_an_unknown_shape(probe: Probe, name: str, what: str) -> None:
    """As above."""
    with pytest.raises(Unobserved, match=name):
        asked(probe, http_server(lambda _path, _headers: (200, ODD[what])))


@pytest.mark.parametrize("what", ["a list", "null", "a number"])
def test_sentry_without_a_project(what: str) -> None:
    """What is no object is no project, and does not say that there is none."""
    with pytest.raises(Unobserved, match=r"gave no project|answered no JSON"):
        asked(sentry_at, http_server(lambda _path, _headers: (200, ODD[what])))


def test_refused_key_is_evidence() -> None:
    """Stripe said no: that is an answer."""
    reply = json.dumps({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}).encode()
    seen = asked(stripe_at, http_server(lambda _path, _headers: (401, reply)))
    assert not seen.accepted
    assert "Invalid API Key" in seen.problem


@pytest.mark.parametrize(
    ("probe", "hint"), [(sentry_at, "Auth Tokens"), (droplet_at, "API → Tokens"), (atlas_at, "service account")]
)
def test_token_that_may_not_read_is_our_inability(probe: Probe, hint: str) -> None:
    """The token is ours: the product never sends with it."""
    with pytest.raises(Unobserved, match="does not let the token read") as unobserved:
        asked(probe, http_server(lambda _path, _headers: (403, b"{}")))
    assert hint in unobserved.value.hint
    assert "never-shown" not in unobserved.value.reason
