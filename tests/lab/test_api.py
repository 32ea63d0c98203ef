"""The security journey against APIs that nobody here wrote: what is wrong is found, what is sound is not accused."""

import secrets
import shutil
from pathlib import Path

import pytest

from gonogo.record.results import Outcome
from tests.lab import table
from tests.lab.api_services import FASTAPI_USERS, JSON_SERVER_AUTH, SANIC_JWT, SIMPLE_JWT, express_jwt, running
from tests.support.api_projects import Walked, walked

pytestmark = pytest.mark.whole

USERS = """
[api]
me = "/users/me"
who = "id"
closed = ["/users/me"]

[api.login]
post = "/auth/jwt/login"
form = true
send = { username = "{email}", password = "{password}" }
token = "access_token"

[api.register]
post = "/auth/register"
send = { email = "{email}", password = "{password}" }
"""
DJANGO = """
[api]
me = "/api/me"
who = "id"
closed = ["/api/me"]
admin = ["/api/users"]
public_key = "PUBLIC"
body_limit = "64 KiB"

[api.login]
post = "/api/token"
send = { username = "{user}", password = "{password}" }
token = "access"

[api.accounts.ann]
email = "ann@example.com"
user = "ann"
password = "ANN_PASSWORD"

[api.accounts.ben]
email = "ben@example.com"
user = "ben"
password = "BEN_PASSWORD"

[api.administrator]
email = "root@example.com"
user = "root"
password = "ROOT_PASSWORD"
"""
NOTES = """
[api]
me = "/600/users/{id}"
who = "email"
remove = "/600/users/{id}"

[api.login]
post = "/login"
send = { email = "{email}", password = "{password}" }
token = "accessToken"
id = "user.id"

[api.register]
post = "/register"
send = { email = "{email}", password = "{password}" }

[api.objects.note]
post = "/notes"
send = { text = "{mark}" }
id = "id"
get = "/notes/{id}"
"""
BY_DOCUMENT = """
[http]
openapi = "{path}"
closed_paths = ["/.env"]

[api]
from_openapi = true
{more}

[api.document]
requests = 120
"""
ACCOUNTS = DJANGO[DJANGO.index("[api.accounts.ann]") : DJANGO.index("[api.administrator]")]
SANIC = (
    """
[api]
me = "/auth/me"
who = "me.username"
closed = ["/auth/me"]

[api.login]
post = "/auth"
send = { username = "{user}", password = "{password}" }
token = "access_token"

"""
    + ACCOUNTS
)
EXPRESS = (
    """
[api]
me = "/me"
who = "user"
closed = ["/me"]
public_key = "PUBLIC"

[api.login]
post = "/login"
send = { username = "{user}", password = "{password}" }
token = "token"

"""
    + ACCOUNTS
)
PASSWORDS = {f"{name.upper()}_PASSWORD": f"{name}-of-the-laboratory" for name in ("ann", "ben", "root")}


def wrong(seen: Walked) -> set[str]:
    """What was not passed, of what was asked."""
    left = {check: said for check, said in seen.items() if said[0] not in {Outcome.PASS, Outcome.NOT_RUN}}
    table.found({check: f"{outcome.upper()} {message}" for check, (outcome, message) in left.items()})
    return set(left)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_json_server_auth(tmp_path: Path) -> None:
    """Its key is a constant of its source, its objects are everybody's, and Express shows its stack."""
    with running(JSON_SERVER_AUTH, tmp_path / "service") as port:
        seen = walked(tmp_path, port, "Notes", NOTES)
    assert wrong(seen) == {
        "security-cors-strangers",
        "security-tokens-key",
        "security-objects",
        "security-errors",
        "security-operators-refused",
        "security-logins-limited",
    }
    assert "accepted as" in seen["security-tokens-key"][1]
    assert "a stack trace of JavaScript" in seen["security-errors"][1]


@pytest.mark.parametrize(
    ("key", "more"), [("", {"security-tokens-key"}), (secrets.token_hex(32), set())], ids=["default", "own"]
)
def test_sanic_jwt(tmp_path: Path, key: str, more: set[str]) -> None:
    """Without a key of one's own it signs with a constant of its source, and every user's token can be made."""
    with running(SANIC_JWT, tmp_path / "service", KEY=key) as port:
        seen = walked(tmp_path, port, "Accounts", SANIC, PASSWORDS)
    assert wrong(seen) == {"security-logins-limited"} | more
    if more:
        assert "was accepted as ben" in seen["security-tokens-key"][1]


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
@pytest.mark.parametrize(
    ("version", "taken", "refused"),
    [
        ("0.1.4", ["alg none and no signature", "the public key taken for a shared one"], []),
        ("0.2.1", ["the public key taken for a shared one"], ["alg none"]),
    ],
    ids=["none and confused", "confused"],
)
def test_express_jwt(tmp_path: Path, version: str, taken: list[str], refused: list[str]) -> None:
    """It goes by the algorithm that the token names; the release after the first refused unsigned ones alone."""
    with running(express_jwt(version), tmp_path / "service") as port:
        api = EXPRESS.replace("PUBLIC", str(tmp_path / "service" / "public.pem"))
        seen = walked(tmp_path, port, "Accounts", api, PASSWORDS)
    assert "security-tokens-forged" in wrong(seen)
    message = seen["security-tokens-forged"][1]
    assert all(each in message for each in taken), message
    assert not any(each in message for each in refused), message


@pytest.mark.parametrize(
    ("key", "more"), [(secrets.token_hex(32), set()), ("SECRET", {"security-tokens-key"})], ids=["own", "documented"]
)
def test_fastapi_users(tmp_path: Path, key: str, more: set[str]) -> None:
    """Its tokens are sound with a key of one's own; it counts no logins, and lets nobody remove themselves."""
    with running(FASTAPI_USERS, tmp_path / "service", KEY=key) as port:
        seen = walked(tmp_path, port, "Accounts", USERS)
    assert wrong(seen) == {"security-logins-limited", "cleanup-nothing-left"} | more


@pytest.mark.parametrize(
    ("proxies", "found"), [("0", set()), ("", {"security-logins-limited"})], ids=["own", "default"]
)
def test_django_simple_jwt(tmp_path: Path, proxies: str, found: set[str]) -> None:
    """Nothing is wrong with it; as it comes, REST framework counts by what X-Forwarded-For says."""
    with running(SIMPLE_JWT, tmp_path / "service", PROXIES=proxies) as port:
        api = DJANGO.replace("PUBLIC", str(tmp_path / "service" / "public.pem"))
        seen = walked(tmp_path, port, "Accounts", api, PASSWORDS)
    assert wrong(seen) == found, seen
    assert seen["security-tokens-forged"] == (Outcome.PASS, "")


@pytest.mark.parametrize(
    ("key", "more"), [(secrets.token_hex(32), set()), ("SECRET", {"security-tokens-key"})], ids=["own", "documented"]
)
def test_fastapi_users_by_its_document(tmp_path: Path, key: str, more: set[str]) -> None:
    """The journey goes by two lines; nothing is wrong with what the document promises, but what writes is not asked."""
    with running(FASTAPI_USERS, tmp_path / "service", KEY=key) as port:
        seen = walked(tmp_path, port, "Accounts", BY_DOCUMENT.format(path="/openapi.json", more=""))
    assert wrong(seen) == {"security-logins-limited", "cleanup-nothing-left", "document-covered"} | more
    assert "PATCH /users/me: it writes" in seen["document-covered"][1]
    assert "POST /auth/register" in seen["document-covered"][1]


def test_django_by_its_document(tmp_path: Path) -> None:
    """Written in YAML by drf-spectacular, which names no status but 200; a page of administrators proves nothing."""
    with running(SIMPLE_JWT, tmp_path / "service", PROXIES="0") as port:
        public = f'public_key = "{tmp_path / "service" / "public.pem"}"'
        api = BY_DOCUMENT.format(path="/api/schema", more=public) + ACCOUNTS
        seen = walked(tmp_path, port, "Accounts", api, PASSWORDS)
    assert wrong(seen) == {"document-statuses"}
    outcome, message = seen["document-statuses"]
    assert outcome is Outcome.WARN
    assert "GET /api/users: GET answered 403" in message
    assert seen["security-closed"] == (Outcome.PASS, "")
    assert seen["document-tokens"] == (Outcome.PASS, "")
