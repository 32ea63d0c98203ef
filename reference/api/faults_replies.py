"""The faults of the API, outside of it: a middleware that makes a good service do one thing wrong at a time."""

import asyncio
import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from reference.api.config import ApiConfig
from reference.api.faults_load import LOAD_FAULTS, LoadFaults
from reference.api.faults_queries import taking_operators
from reference.api.faults_tokens import TOKEN_FAULTS, brief, eternal, trusting
from reference.api.series import SERIES, lacking

Asgi = Any
_SLOW_SECONDS = 0.8
_FIRST_SECONDS = 5.0
APP = "WorkMe-App/"
"""How the product's own app calls itself."""
_BACKENDS = 3
_REQUESTS = itertools.count()
_PAYMENTS = re.compile(rb"^(workme_payments_total\{.*\}) \S+$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole response, and the request that it answers."""

    method: str
    path: str
    address: str
    scheme: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    asked: Mapping[str, str]
    """Headers of the request."""

    def with_header(self, name: str, value: str | None) -> "Reply":
        """A copy with one header set, or removed."""
        headers = {key: old for key, old in self.headers.items() if key != name}
        return replace(self, headers=headers if value is None else {**headers, name: value})

    def with_json(self, **changes: Any) -> "Reply":  # noqa: ANN401 - JSON values
        """A copy with keys of its JSON object replaced."""
        return replace(self, body=json.dumps({**json.loads(self.body), **changes}).encode())

    def served(self, content_type: str, body: bytes) -> "Reply":
        """A 200 in place of whatever it was."""
        return replace(self, status=200, headers={**self.headers, "content-type": content_type}, body=body)


Change = Callable[[Reply], Reply]


def _at(path: str, change: Change) -> Change:
    return lambda reply: change(reply) if reply.path == path else reply


def _health(change: Change) -> Change:
    return lambda reply: change(reply) if reply.path.startswith("/api/health") else reply


def _without(name: str, value: str | None = None) -> Change:
    return lambda reply: reply.with_header(name, value)


def _plain(reply: Reply) -> Reply:
    return reply.served("application/json", b'{"status":"ok"}') if reply.scheme == "http" else reply


def _to_www(reply: Reply) -> Reply:
    location = reply.headers.get("location", "") if reply.scheme == "http" else ""
    return reply.with_header("location", location.replace("https://", "https://www.", 1)) if location else reply


def _redis_down(reply: Reply) -> Reply:
    dependencies = json.loads(reply.body).get("dependencies", {})
    dependencies["redis"] = {"status": "down", "latency_ms": 2000.0}
    return replace(reply, status=503).with_json(status="down", dependencies=dependencies)


def _one_backend(reply: Reply) -> Reply:
    """As a balancer that chooses by request, before three backends of which one is broken."""
    return _broken(reply) if next(_REQUESTS) % _BACKENDS == 0 else reply


def _degraded(reply: Reply) -> Reply:
    dependencies = json.loads(reply.body).get("dependencies", {})
    return reply.with_json(dependencies={**dependencies, "redis": {"status": "degraded", "latency_ms": 900.0}})


def _readable_by_all(reply: Reply) -> Reply:
    allowed = _allowing(bool)(reply)
    return allowed.with_header("access-control-allow-credentials", "true") if "origin" in reply.asked else allowed


def _typed_twice(reply: Reply) -> Reply:
    return replace(reply, body=reply.body + b"# TYPE workme_logins_total counter\n") if reply.status < 400 else reply  # noqa: PLR2004 - as below


def _wrong_clock(reply: Reply) -> Reply:
    if not reply.address.endswith(".2"):
        return reply
    return reply.with_header("date", format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True))


def _at_once(method: str, path: str, change: Change, *, status: int | None = None) -> Change:
    """Changes replies of one route; if a status is given, only those that have it."""
    wanted = (method, path)
    return lambda reply: (
        change(reply) if (reply.method, reply.path) == wanted and status in {None, reply.status} else reply
    )


def _broken(reply: Reply) -> Reply:
    return replace(reply, status=500, body=b'{"detail":"internal error"}')


def _taken(reply: Reply) -> Reply:
    return replace(reply, status=201, body=b'{"id":"000000000000000000000000"}')


def _taken_in_parts(reply: Reply) -> Reply:
    return reply if "content-length" in reply.asked else _taken(reply)


def _offered(reply: Reply) -> Reply:
    """As of a service that stores what it was sent."""
    offer = {"title": "", "category": "", "city": "", "price_cents": -500, "professional_id": "", "id": "0" * 24}
    return replace(reply, status=201, body=json.dumps(offer).encode())


def _outdated(reply: Reply) -> Reply:
    """The document of last year: without the search, and with what replies were then."""
    document = json.loads(reply.body)
    del document["paths"]["/api/services"]
    given = document["paths"]["/api/feedback"]["post"]["responses"]
    given["200"] = given.pop("201")
    document["components"]["schemas"]["Configuration"]["required"].append("account")
    return replace(reply, body=json.dumps(document).encode())


def _lacking(name: bytes) -> Change:
    return lambda reply: replace(reply, body=lacking(name, reply.body))


def _not_a_number(reply: Reply) -> Reply:
    return replace(reply, body=_PAYMENTS.sub(rb"\1 NaN", reply.body))


def _malformed(reply: Reply) -> Reply:
    return replace(reply, body=reply.body + b"workme_broken{ 1 2 3\n") if reply.status < 400 else reply  # noqa: PLR2004 - an error has no metrics


def _gone(reply: Reply) -> Reply:
    return replace(reply, status=404, body=b"not found")


def _to_login(reply: Reply) -> Reply:
    return replace(reply.with_header("location", "https://login.workme.test/?next=guide"), status=302, body=b"")


def _coming_soon(reply: Reply) -> Reply:
    """The page as it was made before anybody wrote it: its title, and 200 bytes."""
    title = reply.body.partition(b"<title>")[2].partition(b"</title>")[0]
    return replace(reply, body=b"<!doctype html><title>" + title + b"</title><p>Coming soon.".ljust(150))


def _allowing(is_own: Callable[[str], bool]) -> Change:
    """Let pages of these origins read: what CORSMiddleware said to them before does not count."""

    def change(reply: Reply) -> Reply:
        origin = reply.asked.get("origin", "")
        if not origin or not is_own(origin):
            return reply
        reply = replace(reply, status=200) if reply.method == "OPTIONS" else reply
        return reply.with_header("access-control-allow-origin", origin)

    return change


def _still_guessing(reply: Reply) -> Reply:
    return replace(reply, status=401, body=b'{"detail":"e-mail or password is wrong"}')


def _by_address(reply: Reply) -> Reply:
    return _still_guessing(reply) if "x-forwarded-for" in reply.asked else reply


def _traced(reply: Reply) -> Reply:
    trace = 'Traceback (most recent call last):\n  File "/srv/workme/accounts.py", line 91, in login\n'
    return replace(reply, status=500, body=json.dumps({"detail": trace}).encode())


def _unread(reply: Reply) -> Reply:
    parameters = "charset" in reply.asked.get("content-type", "")
    return replace(reply, status=415, body=b'{"detail":"unsupported"}') if parameters else reply


CHANGES: Mapping[str, Change] = {
    "cors-any-origin": _allowing(bool),
    "cors-by-beginning": _allowing(lambda origin: origin.startswith("https://app.workme.test")),
    "cors-null": _allowing(lambda origin: origin == "null"),
    "cors-own-unknown": _without("access-control-allow-origin"),
    "cors-cached": _without("vary"),
    "login-unlimited": _at_once("POST", "/api/auth/login", _still_guessing, status=429),
    "login-limited-by-address": _at_once("POST", "/api/auth/login", _by_address, status=429),
    "login-takes-operators": _at_once("POST", "/api/auth/login", _taken, status=422),
    "errors-traced": _at_once("POST", "/api/auth/login", _traced, status=422),
    "bookings-for-strangers": _at_once(
        "GET", "/api/bookings", lambda reply: reply.served("application/json", b"[]"), status=401
    ),
    "http-plain-serves": _plain,
    "http-plain-to-www": _to_www,
    "hsts-missing": _without("strict-transport-security"),
    "hsts-short": _without("strict-transport-security", "max-age=300"),
    "health-down": _at("/api/health", lambda reply: replace(reply, status=500, body=b'{"detail":"internal error"}')),
    "health-dependency-down": _at("/api/health/deep", _redis_down),
    "backend-broken": _one_backend,
    "front-broken": _at("/", _broken),
    "front-not-ours": _at("/", lambda reply: reply.served("text/html", b"<h1>Welcome to nginx!</h1>")),
    "cookie-of-session-open": lambda reply: reply.with_header("set-cookie", "sid=planted; Path=/"),
    "cookie-goes-anywhere": lambda reply: reply.with_header("set-cookie", "theme=dark; Path=/"),
    "origins-all": _readable_by_all,
    "health-degraded": _at("/api/health/deep", _degraded),
    "metrics-typed-twice": _at("/metrics", _typed_twice),
    "openapi-for-localhost": _at(
        "/openapi.json", lambda reply: reply.with_json(servers=[{"url": "http://localhost:8000"}])
    ),
    "release-old": _health(lambda reply: reply.with_json(release="0000000aaaaa")),
    "nosniff-missing": _without("x-content-type-options"),
    "framing-allowed": _without("content-security-policy"),
    "referrer-leaks": _without("referrer-policy", "unsafe-url"),
    "cacheable-replies": _without("cache-control", "public, max-age=3600"),
    "version-banner": _without("server", "WorkMe/1.4.2 (Python 3.11.7)"),
    "dotenv-served": _at("/.env", lambda reply: reply.served("text/plain", b"SECRET_KEY=planted\n")),
    "git-served": _at("/.git/HEAD", lambda reply: reply.served("text/plain", b"ref: refs/heads/main\n")),
    "metrics-malformed": _at("/metrics", _malformed),
    "metrics-series-missing": _at("/metrics", _lacking(b"workme_logins")),
    "metrics-broken": _at("/metrics", _broken),
    "metrics-empty": _at("/metrics", lambda reply: replace(reply, body=b"")),
    **{f"metrics-without-{what}": _at("/metrics", _lacking(name)) for what, (name, _) in SERIES.items()},
    "metrics-not-a-number": _at("/metrics", _not_a_number),
    "openapi-outdated": _at("/openapi.json", _outdated),
    "payment-config-broken": _at("/api/payment/config", _broken),
    "payment-config-gone": _at(
        "/api/payment/config", lambda reply: replace(reply, status=404, body=b'{"detail":"Not Found"}')
    ),
    "offers-take-anything": _at_once("POST", "/api/services", _offered, status=422),
    "openapi-broken": _at("/openapi.json", lambda reply: reply.served("application/json", b'{"openapi":"3.1.0",')),
    "help-page-missing": _at("/help/onboarding", _gone),
    "help-page-behind-login": _at("/help/guide", _to_login),
    "help-page-of-last-year": _at("/help/faq", _without("last-modified", "Thu, 20 Nov 2025 09:00:00 GMT")),
    "help-page-empty": _at("/help/features", _coming_soon),
    "privacy-page-short": _at("/privacy", _coming_soon),
    "emergency-page-missing": _at("/help/emergency", _gone),
    "clock-wrong-on-one-address": _wrong_clock,
    "beta-code-ignored": _at_once("POST", "/api/auth/register", _taken, status=403),
    "email-twice": _at_once("POST", "/api/auth/register", _taken, status=409),
    "token-refused": _at_once("GET", "/api/profile", lambda reply: replace(reply, status=401)),
    "role-ignored": _at_once("GET", "/api/profile", lambda reply: reply.with_json(role="client"), status=200),
    "upload-by-anybody": _at_once("POST", "/api/documents", _taken, status=401),
    "upload-limited-by-length": _at_once("POST", "/api/documents", _taken_in_parts, status=413),
    "upload-broken": _at_once("POST", "/api/documents", _broken),
    "booking-broken": _at_once("POST", "/api/bookings", _broken),
    "webhook-answers-get": _at_once(
        "GET", "/api/payment/stripe/webhook", lambda reply: reply.served("application/json", b"{}")
    ),
    "webhook-refuses-charset": _at_once("POST", "/api/payment/stripe/webhook", _unread),
    "feedback-lost": _at_once("GET", "/api/beta/feedback", lambda reply: replace(reply, body=b"[]"), status=200),
}
OTHERS = (
    *("front-slow", "health-slow", "profile-not-saved", "health-leaks-secret", "metrics-frozen", "metrics-public"),
    *("metrics-hang", "visitors-shut-out", "search-takes-operators"),
    *TOKEN_FAULTS,
)
"""Faults of the same kind that need more than the reply."""

REPLY_FAULTS = frozenset({*CHANGES, *OTHERS, *LOAD_FAULTS})


class FaultyReplies:
    """ASGI middleware around the good service. Without faults it is not there."""

    def __init__(self, app: Asgi, config: ApiConfig) -> None:
        self._faults: frozenset[str] = frozenset()
        self._app = app
        self._config = config
        self._frozen: bytes | None = None
        self._switched = asyncio.Event()
        self._load_faults = LoadFaults()

    @property
    def faults(self) -> frozenset[str]:
        """Those that are switched on."""
        return self._faults

    @faults.setter
    def faults(self, faults: frozenset[str]) -> None:
        """What an earlier one held is given back."""
        self._faults = faults
        self._load_faults = LoadFaults()
        self._frozen = None
        self._switched.set()
        self._switched = asyncio.Event()

    async def __call__(self, scope: dict[str, Any], receive: Asgi, send: Asgi) -> None:
        """Ask the good service, then spoil its reply."""
        if not self.faults or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if await self._answered_by_fault(scope, send):
            return
        if "metrics-hang" in self.faults and scope["path"] == "/metrics":
            await self._switched.wait()
        if "metrics-public" in self.faults and scope["path"] == "/metrics":
            token = (b"authorization", f"Bearer {self._config.metrics_token}".encode())
            scope = {**scope, "headers": [*scope["headers"], token]}
        if "profile-not-saved" in self.faults and (scope["method"], scope["path"]) == ("PUT", "/api/profile"):
            scope = {**scope, "method": "GET"}
        scope = taking_operators(scope) if "search-takes-operators" in self.faults else scope
        scope = trusting(self.faults, scope, self._config.secret_key)
        reply = self._spoil(await _ask(self._app, scope, receive))
        if "health-slow" in self.faults and scope["path"].startswith("/api/health"):
            await asyncio.sleep(_SLOW_SECONDS)
        if "front-slow" in self.faults and (scope["scheme"], scope["path"]) == ("https", "/"):
            await asyncio.sleep(_FIRST_SECONDS)
        headers = {**reply.headers, "content-length": str(len(reply.body))}
        pairs = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": reply.body})

    async def _answered_by_fault(self, scope: dict[str, Any], send: Asgi) -> bool:
        """Whether the request got its answer already."""
        if "visitors-shut-out" in self.faults and _is_app(scope):
            await _refuse(send, 403, b'{"detail":"request blocked"}')
            return True
        if not self.faults & LOAD_FAULTS:
            return False
        status = await self._load_faults.apply(self.faults, scope["method"], scope["path"])
        if status:
            await _refuse(send, status, b'{"detail":"not now"}')
        return bool(status)

    def _spoil(self, reply: Reply) -> Reply:
        over_http = {"http-plain-serves", "http-plain-to-www"}  # the only ones that are about plain http
        for fault in sorted(self.faults & (over_http if reply.scheme == "http" else CHANGES.keys())):
            reply = CHANGES[fault](reply)
        if "health-leaks-secret" in self.faults and reply.path == "/api/health/deep":
            reply = reply.with_json(debug=self._config.mongo_url)
        if "token-eternal" in self.faults and (reply.path, reply.status) == ("/api/auth/login", 200):
            reply = reply.with_json(
                access_token=eternal(json.loads(reply.body)["access_token"], self._config.secret_key)
            )
        if "load-sessions-brief" in self.faults and (reply.path, reply.status) == ("/api/auth/login", 200):
            reply = reply.with_json(**brief(json.loads(reply.body)["access_token"], self._config.secret_key))
        if "metrics-frozen" in self.faults and reply.path == "/metrics" and reply.status == 200:  # noqa: PLR2004 - OK
            self._frozen = self._frozen or reply.body
            reply = replace(reply, body=self._frozen)
        return reply


def _is_app(scope: dict[str, Any]) -> bool:
    return any(key.lower() == b"user-agent" and value.startswith(APP.encode()) for key, value in scope["headers"])


async def _refuse(send: Asgi, status: int, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


async def _ask(app: Asgi, scope: dict[str, Any], receive: Asgi) -> Reply:
    start: dict[str, Any] = {}
    body = bytearray()

    async def catch(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, catch)
    headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in start["headers"]}
    asked = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
    return Reply(
        asked=asked,
        method=scope["method"],
        path=scope["path"],
        address=scope["server"][0],
        scheme=scope["scheme"],
        status=start["status"],
        headers=headers,
        body=bytes(body),
    )
