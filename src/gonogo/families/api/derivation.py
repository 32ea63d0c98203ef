"""Takes what ``[api]`` is silent about from the OpenAPI document; what the document does not say is named, never guessed.

A pure function of the document: the same one gives the same keys, in the same order.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from gonogo.families.api.fields import example_body, path_in_reply, placeholder
from gonogo.families.api.operations import MULTIPART, Operation, mapping, operations

_LOGIN_WORDS = {
    *("login", "log-in", "signin", "sign-in", "token", "tokens", "session", "sessions"),
    *("auth", "authenticate", "authentication", "access-token", "jwt"),
}
_REGISTER_WORDS = {
    *("register", "registration", "signup", "sign-up", "join"),
    *("users", "user", "customers", "customer", "accounts", "account", "members"),
}
_ME_WORDS = ("me", "whoami", "userinfo", "current", "current-user", "profile", "self", "account", "user")
_TOKENS = (
    *("access_token", "accessToken", "token", "auth_token", "authToken", "access", "jwt", "jwtToken"),
    *("id_token", "idToken", "session_token", "sessionToken", "key"),
)
_WHO = ("id", "uuid", "_id", "user_id", "userId", "pk", "sub", "username", "user_name", "userName", "login", "email")
_IDENTITIES = {"{email}", "{user}"}
_LOOKUPS = {"{user}", "{email}"}
_MOST_PATHS = 20
NEVER_THERE: Mapping[str, str] = {
    "admin": "which paths are for administrators only: write admin, and [api.administrator]",
    "objects": "which objects are their maker's only: write [api.objects.NAME]",
    "body_limit": "the largest body that a login may have: write body_limit",
}
"""What no document of this kind says."""


@dataclass(slots=True)
class Derived:
    """Keys for ``[api]`` as the environment file would have them."""

    keys: dict[str, Any] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    """Key to the operation that it was taken from."""
    missing: dict[str, str] = field(default_factory=dict)
    """Key to why it could not be taken, and what to write."""


def derive(document: Mapping[str, Any], declared: Mapping[str, Any]) -> Derived:
    """All keys that are not ``declared``, as far as the document says them."""
    return _Deriver(document, declared).derived()


class _Deriver:
    def __init__(self, document: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
        self._document = document
        self._declared = declared
        self._all = list(operations(document))
        self._schemes = mapping(mapping(document.get("components")).get("securitySchemes"))
        self._found = Derived()
        self._login: Operation | None = None

    def derived(self) -> Derived:
        """Everything, in one order: later keys stand on earlier ones."""
        steps: Mapping[str, Callable[[], None]] = {
            "login": self._log_in,
            "register": self._register,
            "sent": self._sent,
            "me": self._me,
            "who": self._who,
            "closed": self._closed,
            "lookups": self._lookups,
            "remove": self._remove,
            "upload": self._upload,
        }
        for key, step in steps.items():
            if key not in self._declared and not (key == "register" and "accounts" in self._declared):
                step()
        self._found.missing |= {key: why for key, why in NEVER_THERE.items() if key not in self._declared}
        return self._found

    def _take(self, key: str, value: object, source: str) -> None:
        self._found.keys[key], self._found.taken[key] = value, source

    def _value(self, key: str) -> Any:  # noqa: ANN401 - as the file has it
        return self._declared.get(key, self._found.keys.get(key))

    def _log_in(self) -> None:
        if self._password_flow():
            return
        candidates = [operation for operation in self._credentials() if self._token_of(operation)]
        named = [operation for operation in candidates if operation.words[-1:] and operation.words[-1] in _LOGIN_WORDS]
        chosen = self._only("login", "exchanges a password for a token", named or candidates, "[api.login]")
        if chosen is None:
            return
        form, values, unknown = example_body(chosen)
        if unknown:
            self._lacks("login", chosen, unknown, "[api.login]")
            return
        self._login = chosen
        call: dict[str, Any] = {"post": chosen.path, "send": values, **self._token_of(chosen)}
        self._take("login", call | ({"form": True} if form else {}), chosen.shown)

    def _password_flow(self) -> bool:
        """Whether a scheme names where a password is exchanged for a token (RFC 6749, 4.3)."""
        for name, scheme in sorted(self._schemes.items()):
            url = mapping(mapping(mapping(scheme).get("flows")).get("password")).get("tokenUrl")
            path = f"/{urlsplit(str(url)).path.strip('/')}"
            for operation in self._all:
                if operation.method == "POST" and url and (operation.path == path or operation.path.endswith(path)):
                    self._login = operation
                    send = {"grant_type": "password", "username": self._username(), "password": "{password}"}
                    login = {"post": operation.path, "form": True, "send": send, "token": "access_token"}
                    self._take("login", login, f"{operation.shown}, the tokenUrl of {name}")
                    return True
        return False

    def _username(self) -> str:
        """What OAuth calls a username: the e-mail address, unless people register with a name of their own."""
        filled = [example_body(operation)[1].values() for operation in self._registrations()]
        return "{user}" if any("{user}" in values for values in filled) else "{email}"

    def _register(self) -> None:
        candidates = self._registrations()
        best = [operation for operation in candidates if operation.words[-1] in {"register", "signup", "sign-up"}]
        chosen = self._only("register", "takes a password from a stranger", best or candidates, "[api.register]")
        if chosen is None:
            return
        form, values, unknown = example_body(chosen)
        if unknown:
            self._lacks("register", chosen, unknown, "[api.register]")
            return
        self._take("register", {"post": chosen.path, "send": values} | ({"form": True} if form else {}), chosen.shown)

    def _registrations(self) -> Sequence[Operation]:
        login = mapping(self._value("login")).get("post")
        return [
            operation
            for operation in self._credentials()
            if operation.path != login and operation.words[-1:] and operation.words[-1] in _REGISTER_WORDS
        ]

    def _credentials(self) -> Iterator[Operation]:
        """Operations to which a stranger sends a name and a password."""
        for operation in self._all:
            if operation.method == "POST" and not operation.schemes and not operation.variables:
                values = set(map(str, example_body(operation)[1].values()))
                if "{password}" in values and values & _IDENTITIES:
                    yield operation

    def _token_of(self, operation: Operation) -> Mapping[str, str]:
        """Where the token stands in the reply to a login; empty for nowhere."""
        if token := path_in_reply(operation, _TOKENS):
            return {"token": token}
        schemes = [mapping(scheme) for scheme in self._schemes.values()]
        cookies = [scheme["name"] for scheme in schemes if scheme.get("in") == "cookie" and scheme.get("name")]
        return {"cookie": str(cookies[0])} if len(cookies) == 1 else {}

    def _sent(self) -> None:
        used = [name for operation in self._all for name in operation.schemes]
        if not used:
            self._found.missing["sent"] = "no operation demands a security scheme: Authorization: Bearer is assumed"
            return
        name = max(sorted(set(used)), key=used.count)
        scheme = mapping(self._schemes.get(name))
        match scheme.get("type"), scheme.get("in"), str(scheme.get("scheme", "")).lower():
            case ("oauth2" | "openIdConnect", _, _) | ("http", _, "bearer"):
                self._take("sent", {"header": "Authorization", "scheme": "Bearer"}, f"the scheme {name}")
            case "apiKey", "header", _:
                bearer = "Bearer" if scheme.get("name") == "Authorization" else ""
                self._take("sent", {"header": scheme.get("name"), "scheme": bearer}, f"the scheme {name}")
            case "apiKey", "cookie", _:
                self._take("sent", {"cookie": scheme.get("name")}, f"the scheme {name}")
            case kind:
                shown = " ".join(str(part) for part in kind if part)
                self._found.missing["sent"] = f"the scheme {name} is of a kind that is not known ({shown}): write sent"

    def _pages(self) -> Iterator[Operation]:
        """Operations that read, for users only, with nothing to fill in."""
        for operation in self._all:
            if operation.method == "GET" and operation.schemes and not operation.fillable:
                yield operation

    def _me(self) -> None:
        pages = [page for page in self._pages() if page.words[-1:] and page.words[-1] in _ME_WORDS]
        pages.sort(key=lambda page: (_ME_WORDS.index(page.words[-1]), len(page.path), page.path))
        if pages:
            self._take("me", pages[0].path, pages[0].shown)
        else:
            self._found.missing["me"] = f"no GET for users ends with one of {', '.join(_ME_WORDS)}: write me, and who"

    def _who(self) -> None:
        page = next((page for page in self._all if page.method == "GET" and page.path == self._value("me")), None)
        where = path_in_reply(page, _WHO) if page else ""
        if where and page:
            self._take("who", where, f"the reply to {page.shown}")
        elif self._value("me"):
            self._found.missing["who"] = (
                f"the reply to GET {self._value('me')} has no {', '.join(_WHO[:3])} …: write who"
            )

    def _closed(self) -> None:
        paths = [page.path for page in self._pages()]
        if paths:
            left = len(paths) - _MOST_PATHS
            more = f", the first {_MOST_PATHS} of {len(paths)}" if left > 0 else ""
            self._take("closed", paths[:_MOST_PATHS], f"every GET that demands a scheme{more}")
        else:
            self._found.missing["closed"] = "no GET without something to fill in demands a scheme: write closed"

    def _lookups(self) -> None:
        paths = []
        for operation in self._all:
            if operation.method == "GET" and len(operation.variables) == 1 and not operation.demands_more:
                own = placeholder(operation.variables[0], {})
                if own in _LOOKUPS:
                    paths.append(operation.path.replace(f"{{{operation.variables[0]}}}", own))
        if paths:
            self._take("lookups", paths[:_MOST_PATHS], "every GET of one user by name or address")

    def _remove(self) -> None:
        me = self._value("me")
        if any(operation.method == "DELETE" and operation.path == me for operation in self._all):
            self._take("remove", me, f"DELETE {me}")
        elif "register" in self._found.keys:
            self._found.missing["remove"] = "nobody deletes their own account at the path of me: write remove"

    def _upload(self) -> None:
        for operation in self._all:
            media = operation.bodies.get(MULTIPART)
            if media is not None and operation.method in {"POST", "PUT"}:
                self._found.missing["upload"] = (
                    f"{operation.shown} takes a file, and its size has no limit there: write [api.upload]"
                )
                return

    def _only(self, key: str, what: str, candidates: Collection[Operation], table: str) -> Operation | None:
        """The one candidate; None, and why, for none or several."""
        if len(candidates) == 1:
            return next(iter(candidates))
        shown = ", ".join(operation.shown for operation in candidates)
        reason = (
            f"{len(candidates)} operations may be the one that {what} ({shown})"
            if candidates
            else (f"no operation for strangers {what}")
        )
        self._found.missing[key] = f"{reason}: write {table}"
        return None

    def _lacks(self, key: str, operation: Operation, unknown: Sequence[str], table: str) -> None:
        self._found.missing[key] = (
            f"{operation.shown} wants {', '.join(unknown)}, of which the document has no example: write {table}"
        )
