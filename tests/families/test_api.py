"""The security journey against services that are not what they seem, and what ``[api]`` refuses."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from gonogo.base.errors import UsageError
from gonogo.clients.replies import masked
from gonogo.families.api.placeholders import filled
from gonogo.families.api.section import Api
from gonogo.families.api.traces import trace_in
from gonogo.record.results import Outcome
from gonogo.runs.prepare import Request, prepare
from tests.support.api_projects import Walked, serving, walked

DECLARED = """
[api]
me = "/me"
who = "id"
closed = ["/me"]
remove = "/me"

[api.login]
post = "/login"
send = { email = "{email}", password = "{password}" }
token = "token"

[api.register]
post = "/register"
send = { email = "{email}", password = "{password}" }
"""
SIGNED = jwt.encode({"sub": "somebody"}, "k" * 48, algorithm="HS256")


def outcomes(seen: Walked) -> dict[str, Outcome]:
    """Without what was said."""
    return {check: outcome for check, (outcome, _) in seen.items()}


@pytest.mark.parametrize(
    ("everywhere", "said"),
    [
        ({}, "no token came of a login"),
        ({"token": SIGNED}, "id names nobody"),
        ({"token": SIGNED, "id": 7}, "says the same (7) to two users"),
    ],
)
def test_service_that_takes_everything_is_never_passed(tmp_path: Path, everywhere: object, said: str) -> None:
    """A mock, or a front that answers 200 whatever is asked: no refusal of it means anything."""
    with serving(lambda *_: (200, everywhere)) as port:
        seen = walked(tmp_path, port, "Mock", DECLARED)
    outcome, message = seen.pop("security-caller")
    assert (outcome, said in message) == (Outcome.ERROR, True), message
    del seen["cleanup-nothing-left"]
    assert Outcome.PASS not in outcomes(seen).values()
    assert Outcome.BLOCKED in outcomes(seen).values()


class Trusting:
    """Registers and logs in, and verifies no token: whoever its claims name is let in."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}

    def answer(self, method: str, path: str, body: Mapping[str, Any], token: str) -> tuple[int, Any]:
        """One request."""
        email = body.get("email")
        match method, path:
            case "POST", "/register":
                self.passwords[str(email)] = str(body.get("password"))
                return 201, {}
            case "POST", "/login" if isinstance(email, str) and self.passwords.get(email) == body.get("password"):
                return 200, {"token": jwt.encode({"sub": email}, "k" * 48, algorithm="HS256")}
            case "POST", "/login":
                return 401, {"detail": "wrong"}
            case (("GET" | "DELETE"), "/me"):
                try:
                    name = jwt.decode(token, options={"verify_signature": False})["sub"]
                except (jwt.InvalidTokenError, LookupError):
                    return 401, {}
                if method == "DELETE":
                    self.passwords.pop(name, None)
                return 200, {"id": name}
        return 404, {}


def test_trusting_service_is_found_out_and_nobody_stays(tmp_path: Path) -> None:
    """Its faults, and no more than them; accounts are removed where the service says how."""
    service = Trusting()
    with serving(service.answer) as port:
        seen = walked(tmp_path, port, "Trusting", DECLARED)
    failed = {check for check, outcome in outcomes(seen).items() if outcome in {Outcome.FAIL, Outcome.WARN}}
    assert failed == {"security-tokens-forged", "security-tokens-end", "security-logins-limited"}
    assert "accepts a token with alg none and no signature" in seen["security-tokens-forged"][1]
    assert seen["security-closed"] == (Outcome.PASS, "")
    assert seen["cleanup-nothing-left"] == (Outcome.PASS, "")
    assert service.passwords == {}


class Sessions(Trusting):
    """Sessions in a cookie, and a limit of failed logins by account. ``first`` compares the beginning of a session."""

    def __init__(self, *, first: int | None = None) -> None:
        super().__init__()
        self.sessions: dict[str, str] = {}
        self.failed: dict[str, int] = {}
        self.first = first

    def answer(self, method: str, path: str, body: Mapping[str, Any], token: str) -> tuple[int, Any]:
        """One request."""
        email = str(body.get("email"))
        match method, path:
            case "POST", "/login" if self.failed.get(email, 0) > 9:
                return 429, {}
            case "POST", "/login" if super().answer(method, path, body, token)[0] != 200:
                self.failed[email] = self.failed.get(email, 0) + 1
                return 401, {}
            case "POST", "/login":
                self.sessions[email] = secrets.token_hex(16)
                return 200, {"sid": self.sessions[email]}
            case (("GET" | "DELETE"), "/me"):
                known = {session[: self.first]: name for name, session in self.sessions.items()}
                name = known.get(token[: self.first], "")
                if method == "DELETE":
                    self.passwords.pop(name, None)
                return (200, {"id": name}) if name in self.passwords else (401, {})
        return super().answer(method, path, body, token)


@pytest.mark.parametrize(("first", "wrong"), [(None, set()), (8, {"security-tokens-forged"})])
def test_sessions_in_cookies_are_walked(tmp_path: Path, first: int | None, wrong: set[str]) -> None:
    """Tokens that are no JWTs: what can be asked of them is asked, and of keys and ends nothing is planned."""
    declared = DECLARED.replace('token = "token"', 'cookie = "sid"')
    declared = declared.replace('me = "/me"\n', 'me = "/me"\nsent = { cookie = "sid" }\nopaque = true\n', 1)
    service = Sessions(first=first)
    with serving(service.answer) as port:
        seen = walked(tmp_path, port, "Sessions", declared)
    assert {check for check, (outcome, _) in seen.items() if outcome not in {Outcome.PASS, Outcome.NOT_RUN}} == wrong
    assert not seen.keys() & {"security-tokens-key", "security-tokens-end"}
    assert seen["security-logins-limited"] == seen["security-caller"] == (Outcome.PASS, "")
    assert service.passwords == {}


def test_accounts_that_stay_are_told(tmp_path: Path) -> None:
    """A service that removes nobody, and a file that says nothing of removing."""
    service = Trusting()
    with serving(service.answer) as port:
        seen = walked(tmp_path, port, "Trusting", DECLARED.replace('remove = "/me"\n', ""))
    assert seen["cleanup-nothing-left"][0] is Outcome.FAIL
    assert "there still are accounts that [api] registered: 2" in seen["cleanup-nothing-left"][1]
    assert len(service.passwords) == 2


def test_journey_is_walked_where_it_is_declared_only(tmp_path: Path) -> None:
    """A project without [api] has no security journey, and nothing to clean up after it."""
    with serving(lambda *_: (200, {})) as port:
        seen = walked(tmp_path, port, "Plain", "")
    assert set(outcomes(seen).values()) <= {Outcome.NOT_RUN}


LOGIN: Mapping[str, Any] = {"post": "/login", "send": {"email": "{email}"}, "token": "token"}
WHOLE: Mapping[str, Any] = {"login": LOGIN, "register": {"post": "/register"}, "me": "/me", "who": "id"}


ACCOUNTS = {name: {"email": f"{name}@example.com", "password": "PASSWORD"} for name in ("ann", "ben")}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"register": None}, "register is missing"),
        ({"accounts": {"ann": {"email": "a@b.c", "password": "A"}}}, "both declared"),
        ({"login": {**LOGIN, "token": None}}, "exactly one of token and cookie"),
        ({"login": {**LOGIN, "put": "/login"}}, "exactly one of post and put"),
        ({"login": {**LOGIN, "send": {"email": "{e-mail} {mail}"}}}, "{mail} stands for nothing"),
        ({"values": {"email": "SECRET"}}, "a placeholder of gonogo's own"),
        ({"admin": ["/admin"]}, "administrator"),
        ({"opaque": True, "jwks": "/keys"}, "leave out opaque, or jwks"),
        ({"opaque": True, "signed_with": {"file": "staging"}}, "leave out opaque, or jwks"),
        ({"upload": {"post": "/files", "limit": "1 MiB", "listed": "/files"}}, "without a file there is no name"),
        (
            {"register": None, "accounts": ACCOUNTS, "document": {"users": [{"role": "client"}]}},
            "document.users are registered as",
        ),
        ({"who": "a["}, "not a JMESPath expression"),
        ({"me": "me"}, "a path starts with"),
        ({"mee": "/me"}, "Extra inputs"),
    ],
)
def test_wrong_declarations_are_told(changed: Mapping[str, Any], said: str) -> None:
    """Each with its cure."""
    assert Api.model_validate(WHOLE).me == "/me"
    with pytest.raises(ValidationError, match=said.replace("{", "[{]")):
        Api.model_validate({**WHOLE, **changed})


def test_placeholders_are_filled_with_values_of_any_type() -> None:
    """An operator takes the place of a whole text, and of nothing within another."""
    body = {"a": "{email}", "b": ["x {email}"], "c": 1, "d": "{unknown}"}
    operator = {"$ne": None}
    assert filled(body, {"email": operator}) == {"a": operator, "b": ["x {'$ne': None}"], "c": 1, "d": "{unknown}"}


@pytest.mark.parametrize(
    "text",
    [
        'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in login',
        '{"stack":"TypeError: x\\n    at login (/srv/app.js:10:21)"}',
        "<br> &nbsp; &nbsp;at Layer.handle [as handle_request] (/srv/node_modules/express/lib/router/layer.js:95:5)",
        "java.lang.NullPointerException\n\tat com.example.Login.post(Login.java:12)",
        "PHP Fatal error:  Uncaught Error",
        'psycopg2.errors.SyntaxError: syntax error at or near "x"',
        "MongoServerError: unknown operator",
        'unrecognized token: "\'"',
    ],
)
def test_traces_are_known(text: str) -> None:
    """As frameworks print them."""
    assert trace_in(text)


@pytest.mark.parametrize(
    "text", ["", '{"detail": "e-mail or password is wrong"}', "meet us at 10:30:00 (noon)", "$where"]
)
def test_words_are_no_traces(text: str) -> None:
    """Nor is what we sent ourselves, when it is sent back."""
    assert not trace_in(text)


@pytest.mark.parametrize(
    "text", ['{"auth_token": "abcdef"}', '{"accessToken":"abcdef"}', f"sent {SIGNED}", f"jwt={SIGNED}"]
)
def test_tokens_of_any_name_are_masked(text: str) -> None:
    """They stand in the evidence of no step."""
    assert "abcdef" not in masked(text)
    assert SIGNED.rpartition(".")[0] not in masked(text)


def test_declared_api_without_journeys_is_a_contradiction(tmp_path: Path) -> None:
    """To leave the journey out in silence would look as if it had been walked."""
    left_out = 'without = ["dns", "http", "smoke"]'
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "staging.toml").write_text(
        f'[service]\nname = "X"\nbase_url = "https://api.example.com"\n{left_out}\n{DECLARED}'
    )
    with pytest.raises(UsageError, match="take smoke out of without"):
        prepare(Request(environment="staging", project=tmp_path), {})
