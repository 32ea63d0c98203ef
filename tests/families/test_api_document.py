"""``[api]`` from an OpenAPI document, and the service held against the whole of it: what is wrong is found, once each."""

import json
import runpy
import tomllib
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import Unobserved
from gonogo.families.api.derivation import NEVER_THERE, derive
from gonogo.families.api.document import Conformance
from gonogo.families.api.routes import undocumented
from gonogo.families.api.section import Api
from gonogo.record.results import Outcome
from gonogo.starting.files import commented
from tests.support.api_projects import Walked, serving, walked

if TYPE_CHECKING:
    from gonogo.environment.model import Environment

TEXT = {"type": "string"}
BEARER: list[dict[str, list[str]]] = [{"bearer": []}]
PASSWORD = {"email": {"type": "string", "format": "email"}, "password": TEXT}


def body(**properties: object) -> dict[str, Any]:
    """A JSON body whose fields must all be there."""
    schema = {"type": "object", "required": list(properties), "properties": properties}
    return {"content": {"application/json": {"schema": schema}}}


def replies(*statuses: int, **properties: object) -> dict[str, Any]:
    """The first status with this body, the others with any."""
    first, *others = statuses
    return {str(first): {"description": "", **body(**properties)}} | {str(code): {"description": ""} for code in others}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Notes", "version": "1"},
    "servers": [{"url": "/v1"}],
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/signup": {"post": {"requestBody": body(**PASSWORD), "responses": replies(201, 422, id=TEXT)}},
        "/login": {"post": {"requestBody": body(**PASSWORD), "responses": replies(200, 401, token=TEXT)}},
        "/me": {
            "get": {"security": BEARER, "responses": replies(200, 401, id=TEXT)},
            "delete": {"security": BEARER, "responses": {"204": {"description": ""}, "401": {"description": ""}}},
        },
        "/notes": {"get": {"security": BEARER, "responses": replies(200, 401, notes={"type": "array"})}},
        "/notes/{number}": {
            "get": {
                "parameters": [{"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "security": BEARER,
                "responses": replies(200, 401, 404, text=TEXT),
            }
        },
    },
}
FROM_OPENAPI = """
[http]
openapi = "/openapi.json"
closed_paths = ["/.env"]

[api]
from_openapi = true
opaque = true
"""
HELD = f"{FROM_OPENAPI}\n[api.document]\nrequests = 80\n"


class Notes:
    """Does what its document says, but for the faults that it is given."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        self.passwords: dict[str, str] = {}

    def answer(self, method: str, path: str, fields: Mapping[str, Any], token: str) -> tuple[int, Any]:
        """One request."""
        email = fields.get("email")
        user = token.removesuffix(".token") if token.removesuffix(".token") in self.passwords else ""
        match method, path.partition("?")[0]:
            case "GET", "/openapi.json":
                return 200, DOCUMENT
            case "POST", "/v1/signup":
                self.passwords[str(email)] = str(fields.get("password"))
                return 201, {"id": str(email)}
            case "POST", "/v1/login":
                right = isinstance(email, str) and self.passwords.get(email) == fields.get("password")
                return (200, {"token": f"{email}.token"}) if right else (401, {})
            case (("GET" | "DELETE"), "/v1/me"):
                return self.me(method, user)
            case "GET", place if place.startswith("/v1/notes"):
                return self.notes(place, user)
        return (405, {}) if path.startswith("/v1/") and "undeclared" not in self.faults else (200, {})

    def me(self, method: str, user: str) -> tuple[int, Any]:
        """Who one is, and nobody any more."""
        if method == "DELETE":
            self.passwords.pop(user, None)
            return 204, {}
        return (200, {"id": user}) if user else (401, {})

    def notes(self, place: str, user: str) -> tuple[int, Any]:
        """Notes of whoever asks."""
        if not user and "open" not in self.faults:
            return 401, {}
        if place == "/v1/notes":
            return 200, {"notes": "none" if "reply" in self.faults else []}
        number = place.rpartition("/")[2]
        if not number.lstrip("-").isdecimal():
            return (200, {"text": ""}) if "lenient" in self.faults else (404, {})
        if abs(int(number)) > 2**31 and "overflow" in self.faults:
            return 500, {"error": "number out of range"}
        return (418, {}) if "teapot" in self.faults else (200, {"text": ""})


def found(seen: Walked) -> dict[str, str]:
    """Checks of the document that were asked and did not pass, with what they said."""
    return {
        check: message
        for check, (outcome, message) in seen.items()
        if check.startswith("document-") and outcome not in {Outcome.PASS, Outcome.NOT_RUN}
    }


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """Everything that a service that keeps its promises is asked."""
    with serving(Notes().answer) as port:
        return walked(tmp_path_factory.mktemp("sound"), port, "Notes", HELD)


def test_sound_service_is_not_accused(sound: Walked) -> None:
    """The security journey goes by the document; what it makes and removes itself is left aside."""
    assert found(sound) == {}
    assert sound["security-caller"] == (Outcome.PASS, "")
    assert sound["security-closed"] == (Outcome.PASS, "")
    assert sound["cleanup-nothing-left"] == (Outcome.PASS, "")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """All faults at once, each at an operation of its own or of another kind; only the document is walked."""
    checks = [f"document-{kind}" for kind in SAID]
    with serving(Notes("open", "reply", "overflow", "teapot", "undeclared", "lenient").answer) as port:
        return walked(tmp_path_factory.mktemp("faulty"), port, "Notes", HELD, only=checks)


SAID: Mapping[str, str] = {
    "tokens": "expected: 401 or 403 for no token",
    "replies": "is not of type",
    "errors": "GET answered 500",
    "statuses": "GET answered 418",
    "methods": "expected 405",
    "refuses": "expected: 4xx, since its schema forbids it (number: Incorrect type in path)",
}


@pytest.mark.parametrize(("kind", "said"), SAID.items())
def test_fault_is_found_by_the_check_that_is_about_it(faulty: Walked, kind: str, said: str) -> None:
    """With the operation, what was observed, and a command that shows it again without the token."""
    outcome, message = faulty[f"document-{kind}"]
    assert outcome is (Outcome.WARN if kind in {"statuses", "methods"} else Outcome.FAIL)
    assert said in message
    assert "again: curl -i -X" in message
    assert ".token" not in message
    operations = [line.partition(":")[0] for line in message.splitlines()]
    assert len(set(operations)) == len(operations)


def test_routes_that_are_used_and_not_described_are_told() -> None:
    """Those of [api], whatever stands for their variables; a query is no part of a route."""
    declared = {"me": "/v1/me", "who": "id", "closed": ["/v1/notes?all=1", "/v1/drafts"]}
    note = {"post": "/v1/notes", "id": "id", "get": "/v1/notes/{id}"}
    login = {"post": "/v1/login", "token": "token"}
    register = {"post": "/v1/signup"}
    api = Api.model_validate({**declared, "login": login, "register": register, "objects": {"note": note}})
    environment = cast("Environment", SimpleNamespace(section=lambda _: None))
    assert list(undocumented(api, environment, DOCUMENT)) == [("POST /v1/notes", "[api]"), ("GET /v1/drafts", "[api]")]


def test_tokens_that_could_be_tried_nowhere_are_not_known_to_be_demanded() -> None:
    """Whoever is told the same as a stranger everywhere cannot tell whether the token matters."""
    check = runpy.run_path(str(bundled_root() / "checks" / "test_document.py"))["test_documented_tokens_are_demanded"]
    conformance = Conformance(statuses={"GET /a": {404}, "GET /b": {403}}, untried={"GET /a", "GET /b"})
    with pytest.raises(Unobserved, match="no operation could show whether a token is demanded: GET /a, GET /b"):
        check(SimpleNamespace(keep={"conformance": conformance}))
    conformance.untried.remove("GET /b")
    conformance.enforced.add("GET /b")
    check(SimpleNamespace(keep={"conformance": conformance}))  # the rest is told by document-covered


@pytest.mark.parametrize(
    ("step", "seen", "said"),
    [
        ("test_what_schemas_forbid_is_refused", Conformance(), ""),
        (
            "test_what_schemas_forbid_is_refused",
            Conformance(left={"POST /a": "it writes"}),
            "no operation could show whether anything is refused",
        ),
        (
            "test_what_schemas_forbid_is_refused",
            Conformance(violated={"POST /a": {"a": {403}}}),
            "no operation could show whether anything is refused",
        ),
        ("test_operators_are_no_texts", Conformance(operators={"": []}), ""),
        ("test_operators_are_no_texts", Conformance(ended="used up"), "not every text was tried: used up"),
        (
            "test_operators_are_no_texts",
            Conformance(operators={"": []}, texts={"GET /a"}),
            "nothing could be tried: GET /a",
        ),
    ],
)
def test_what_was_tried_nowhere_is_not_known_to_be_refused(step: str, seen: Conformance, said: str) -> None:
    """Where there is nothing to fill in, nothing can be forbidden; else a refusal of everything says nothing."""
    check = runpy.run_path(str(bundled_root() / "checks" / "test_document.py"))[step]
    with pytest.raises(Unobserved, match=said) if said else nullcontext():
        check(SimpleNamespace(keep={"conformance": seen}))


def test_document_gives_what_it_says_and_names_the_rest() -> None:
    """The same keys each time; what is declared is left alone."""
    derived = derive(DOCUMENT, {})
    assert derived.keys == {
        "login": {"post": "/v1/login", "send": {"email": "{email}", "password": "{password}"}, "token": "token"},
        "register": {"post": "/v1/signup", "send": {"email": "{email}", "password": "{password}"}},
        "sent": {"header": "Authorization", "scheme": "Bearer"},
        "me": "/v1/me",
        "who": "id",
        "closed": ["/v1/me", "/v1/notes"],
        "remove": "/v1/me",
    }
    assert set(derived.missing) == set(NEVER_THERE)
    assert derive(json.loads(json.dumps(DOCUMENT)), {}) == derived
    assert "me" not in derive(DOCUMENT, {"me": "/v1/myself", "who": "name"}).keys


def changed(path: str, **post: object) -> dict[str, Any]:
    """The document with another POST at a path."""
    copy: dict[str, Any] = json.loads(json.dumps(DOCUMENT))
    copy["paths"].setdefault(path, {})["post"] = post
    return copy


@pytest.mark.parametrize(
    ("document", "key", "said"),
    [
        (
            changed("/session", requestBody=body(**PASSWORD), responses=replies(200, token=TEXT)),
            "login",
            "2 operations may be the one that exchanges a password for a token (POST /v1/login, POST /v1/session)",
        ),
        (
            changed("/signup", requestBody=body(**PASSWORD, phone=TEXT), responses=replies(201, id=TEXT)),
            "register",
            "wants phone, of which the document has no example: write [api.register]",
        ),
        ({**DOCUMENT, "paths": {}}, "me", "no GET for users ends with"),
        ({**DOCUMENT, "paths": {}}, "login", "no operation for strangers exchanges a password"),
        (
            changed("/files", requestBody={"content": {"multipart/form-data": {}}}, responses=replies(201)),
            "upload",
            "POST /v1/files takes a file, and its size has no limit there: write [api.upload]",
        ),
    ],
)
def test_what_cannot_be_taken_is_named(document: Mapping[str, Any], key: str, said: str) -> None:
    """With the key to write, and never with a guess."""
    derived = derive(document, {})
    assert said in derived.missing[key]
    assert key not in derived.keys


def test_what_was_taken_is_in_the_record() -> None:
    """A replay plans by it, and asks no service for its document."""
    derived = derive(DOCUMENT, {})
    api = {**derived.keys, "derivation": {"taken": derived.taken, "missing": derived.missing}, "from_openapi": True}
    recorded = Api.model_validate(api).model_dump(mode="json")
    again = Api.model_validate(recorded)
    assert again.closed == ("/v1/me", "/v1/notes")
    assert again.gave("closed")
    assert not again.gave("objects")


def test_what_init_writes_is_accepted_when_its_marks_are_taken_away() -> None:
    """Its lines are comments, and ``[api]`` without them."""
    lines = commented({"api": derive(DOCUMENT, {}).keys}).splitlines()
    assert all(line.startswith("#") for line in lines)
    document = tomllib.loads("\n".join(line.removeprefix("#") for line in lines))
    assert Api.model_validate(document["api"]).me == "/v1/me"


def test_examples_of_the_document_fill_bodies() -> None:
    """An example, a default, the first of a choice."""
    fields = {
        "plan": {"enum": ["free", "paid"]},
        "terms": {"type": "boolean", "default": True},
        "phone": {"example": "1"},
    }
    document = changed("/signup", requestBody=body(**PASSWORD, **fields), responses=replies(201, id=TEXT))
    sent = derive(document, {}).keys["register"]["send"]
    assert {name: sent[name] for name in fields} == {"plan": "free", "terms": True, "phone": "1"}


def test_document_that_is_not_served_is_an_error_and_no_pass(tmp_path: Path) -> None:
    """The first step says why; nothing else passes."""
    with serving(lambda *_: (404, {})) as port:
        seen = walked(tmp_path, port, "Notes", FROM_OPENAPI)
    outcome, message = seen["security-caller"]
    assert outcome is Outcome.ERROR
    assert "the document at /openapi.json could not be read (status 404)" in message
    assert Outcome.PASS not in {outcome for check, (outcome, _) in seen.items() if check.startswith("security-")}


CIRCLE = {"allOf": [{"$ref": "#/components/schemas/Circle"}] * 3, "properties": {"password": TEXT}}


@pytest.mark.parametrize(
    "document",
    [
        {"paths": 5, "servers": "none", "components": []},
        {"paths": {5: {"post": {"requestBody": [], "responses": 1}}}, "servers": [{"url": 7}, 3]},
        {"components": {"securitySchemes": {"c": {"in": "cookie"}, "d": 3, "e": {"flows": {"password": 1}}}}},
        {**changed("/login", requestBody=body(email={"type": [{}]}, password=CIRCLE), responses={"200": []})},
        {
            **changed("/x", requestBody={"content": {"application/json": {"schema": CIRCLE}}}, responses={}),
            "components": {"schemas": {"Circle": CIRCLE}},
        },
        {"paths": {"/me": {"get": {"security": [{"s": []}, 4], "responses": {"200": {"content": 3}}}}}},
    ],
)
def test_documents_of_any_kind_are_read(document: Mapping[str, Any]) -> None:
    """Nothing raises, and whatever is not taken is named."""
    derived = derive(document, {})
    assert {"login", "me"} <= derived.keys.keys() | derived.missing.keys()
    assert not derived.keys.keys() & derived.missing.keys()
