"""Verbs of a declared API for the steps of journeys: ``walk.api``."""

import json
import re
import secrets as entropy
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import jmespath
from jmespath.exceptions import JMESPathError

from gonogo.base.comparing import decided
from gonogo.base.errors import Unobserved
from gonogo.base.marks import Leftovers, Marks
from gonogo.clients.replies import Reply
from gonogo.families.api.callers import Caller
from gonogo.families.api.document import Conformance, fetch_document, hold
from gonogo.families.api.forgeries import public_keys
from gonogo.families.api.keys import spelled
from gonogo.families.api.operations import operations
from gonogo.families.api.placeholders import filled
from gonogo.families.api.section import Account, Api, Document, Login, OwnObject
from gonogo.families.variables.section import Variables
from gonogo.families.verbs import Verbs

Value = TypeVar("Value")
_PASSWORD_BYTES = 18
_TOO_MANY, _BROKEN = 429, 500
_NEITHER_HERE_NOR_THERE = (JMESPathError, ValueError, RecursionError)


class ApiVerbs(Verbs[Api]):
    """``walk.api``: users as ``[api]`` declares them. Raises Unobserved where the declaration does not fit the service."""

    model = Api

    @property
    def login(self) -> Login:
        """How users log in. Raises Unobserved where neither [api] nor the document says so."""
        return self._derived("login", self.section.login)

    @property
    def own_page(self) -> str:
        """The path that tells users who they are, with placeholders. Raises Unobserved as above."""
        return self._derived("me", self.section.me)

    @property
    def who(self) -> str:
        """Where that stands in the reply (JMESPath). Raises Unobserved as above."""
        return self._derived("who", self.section.who)

    @property
    def stranger(self) -> Caller:
        """Somebody who is not logged in."""
        return Caller(self.walk.speak, self.section.sent, self._values())

    def bearer(self, token: str) -> Caller:
        """Whoever shows this token."""
        return Caller(self.walk.speak, self.section.sent, self._values(), token=token)

    def nobody(self, label: str) -> Caller:
        """Somebody with an address and a password, and no account."""
        mark = self.world.mark
        return Caller(
            self.walk.speak,
            self.section.sent,
            self._values()
            | {
                "email": f"{mark}-api-{label}@{self.world.settings.mail_domain}",
                # Capitals, digits and signs: what most rules for passwords want.
                "password": f"{entropy.token_urlsafe(_PASSWORD_BYTES)}-Aa1!",
                "name": f"Synthetic {label} {mark}",
                "user": re.sub(r"[^a-z0-9]", "", f"{mark}{label}"),
            },
        )

    def join(self, label: str, fields: Mapping[str, Any] | None = None) -> Caller:
        """A user, logged in: newly registered, or the next of the declared test users. ``fields``: sent otherwise."""
        if self.section.register_ is None:
            if not self.section.accounts:
                self._derived("register", self.section.register_)
            return self._log_in(self._next_account())
        newcomer = self.nobody(label)
        register = self.section.register_
        reply = newcomer.call(register.model_copy(update={"send": {**register.send, **(fields or {})}}))
        if reply.status >= _BROKEN:
            decided("registration", reply.status, "2xx", met=False)
            raise AssertionError(f"nobody can register: {reply.said}")
        if not reply.exchange.served:
            raise Unobserved(
                f"nobody could register as [api.register] says: {reply.said}",
                hint="is everything in it that the service asks for, and does it take addresses of smoke.mail_domain?",
            )
        self.world.registered.append(newcomer)
        return self._log_in(newcomer)

    def administrator(self) -> Caller:
        """The declared administrator, logged in."""
        account = self.section.administrator
        if account is None:
            raise Unobserved("no administrator is declared", hint="declare [api.administrator]")
        return self._log_in(self._of(account))

    def token_in(self, reply: Reply) -> str:
        """The token in the reply to a login; empty without one."""
        login = self.login
        if login.cookie:
            cookies = reply.body.headers.get("set-cookie", "")
            cookie = re.search(rf"(?:^|[,\n]\s*){re.escape(login.cookie)}=([^;,\s]+)", cookies)
            return cookie[1] if cookie and reply.exchange.served else ""
        return _text_in(reply, login.token or "")

    def known_as(self, reply: Reply) -> str:
        """The user whom a reply of ``api.me`` speaks to; empty where it refuses, or names nobody."""
        return _text_in(reply, self.who)

    def me(self, caller: Caller) -> str:
        """The path that tells this user who they are."""
        return str(filled(self.own_page, caller.known))

    def asked_as(self, token: str, caller: Caller) -> tuple[str, Reply]:
        """The user whom the service takes the bearer of this token for, at the place of this user, and its reply."""
        reply = self.bearer(token).get(self.me(caller))
        return self.known_as(reply), reply

    def held_against_document(self) -> Conformance:
        """What the service answered to the operations of its document, within the budget of [api.document].

        Users ask, as many as are declared; of an administrator only what reads is asked.
        """
        declared = self.section.document or Document()
        users = [self.join("reader"), *(self.join(f"reader-{n}", fields) for n, fields in enumerate(declared.users, 2))]
        administrator = self.administrator() if self.section.administrator else None
        return self.walk.looked(
            "the OpenAPI document",
            lambda: hold(self.world, self.section, users, administrator),
            shown=lambda seen: seen.shown,
        )

    def unlimited(self) -> Sequence[str]:
        """Operations of the document that no class of [api.limits] is about, the login aside; empty without a document."""
        document, problem = self.world.run(fetch_document, self.world.environment)
        limited = {(limit.method, limit.path.partition("?")[0]) for limit in self.section.limits.values()}
        limited.add(("POST", self.login.path))
        return (
            [] if problem else [each.shown for each in operations(document) if (each.method, each.path) not in limited]
        )

    def public_keys(self) -> Sequence[bytes]:
        """The declared public keys of tokens, in every spelling; empty when none is declared. Raises Unobserved."""
        section, keys = self.section, list[bytes]()
        if section.jwks:
            reply = self.stranger.get(section.jwks)
            if not reply.exchange.served:
                raise Unobserved(f"the public keys are not served: {reply.said}", hint="is jwks of [api] right?")
            keys += public_keys(reply.body.content)
        if section.public_key:
            try:
                keys += public_keys(Path(section.public_key).read_bytes())
            except OSError as error:
                raise Unobserved(f"api.public_key cannot be read: {error.strerror}") from None
        return keys

    def signing_key(self) -> Sequence[bytes]:
        """The key of ``api.signed_with`` in every spelling. Raises Unobserved where the file has none."""
        declared, variables = self.section.signed_with, self.world.environment.section(Variables)
        file = variables.files.get(declared.file) if variables and declared else None
        if declared is None or file is None:
            name = declared.file if declared else "NAME"
            raise Unobserved(
                f"the environment declares no [variables.files.{name}]", hint="is file of api.signed_with right?"
            )
        from gonogo.families.variables.dotenv_file import read_dotenv  # noqa: PLC0415 - only where somebody walks

        value = read_dotenv(Path(file.path), file.dialect).values.get(declared.variable, "")
        if not value:
            raise Unobserved(
                f"{Path(file.path).name} has no {declared.variable}", hint="is variable of api.signed_with right?"
            )
        return list(spelled(value))

    def place_of(self, own: OwnObject, made: Reply, owner: Caller) -> str:
        """The path of what was just made. Raises Unobserved without an id."""
        identifier = _text_in(made, own.id) if own.id else ""
        if own.id and not identifier:
            raise Unobserved(f"{made.said}; there is no {own.id} in it", hint="is the id of [api.objects] right?")
        return str(filled(own.get, {**owner.known, "id": identifier}))

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Accounts that were registered here; where the project's own clean-up removed them, they are gone by now."""
        del marks
        for caller in self.world.registered:
            caller.speak = self.walk.speak  # the walk that made them may be over, and its connections closed
        yield Leftovers("accounts that [api] registered", self._remaining, self._remove)

    def _remaining(self) -> Sequence[str]:
        return [caller.known["user"] for caller in self.world.registered if self._is_there(caller)]

    def _is_there(self, caller: Caller) -> bool:
        """Whoever can log in is; the new token is kept, since it may have ended the old one.

        Of those whose logins are counted out, the old token tells.
        """
        again = caller.call(self.login)
        if token := self.token_in(again):
            caller.token = token
            return True
        return again.status == _TOO_MANY and bool(self.asked_as(caller.token, caller)[0])

    def _remove(self, users: Sequence[str]) -> None:
        for caller in self.world.registered:
            if self.section.remove and caller.known["user"] in users:
                caller.send("DELETE", str(filled(self.section.remove, caller.known)))

    def _derived(self, key: str, value: Value | None) -> Value:
        if value is None:
            missing = self.section.derivation.missing if self.section.derivation else {}
            why = missing.get(key, "it was not read")
            raise Unobserved(f"[api] has no {key}, and the OpenAPI document gives none: {why}")
        return value

    def _log_in(self, caller: Caller) -> Caller:
        reply = caller.call(self.login)
        caller.token = self.token_in(reply)
        if not caller.token:
            where = self.login.token or f"cookie {self.login.cookie}"
            raise Unobserved(
                f"no token came of a login with the right password: {reply.said}",
                hint=f"is [api.login] right? the token was looked for at {where}",
            )
        if self.login.id:
            caller.known = {**caller.known, "id": _text_in(reply, self.login.id)}
        return caller

    def _next_account(self) -> Caller:
        accounts = list(self.section.accounts.values())
        taken = self.walk.keep.setdefault("api accounts taken", 0)
        self.walk.keep["api accounts taken"] = taken + 1
        return self._of(accounts[taken % len(accounts)])

    def _of(self, account: Account) -> Caller:
        credentials = {
            "email": account.email,
            "user": account.user or account.email,
            "name": account.user or account.email,
        }
        credentials["password"] = self.world.secrets[account.password]
        return Caller(self.walk.speak, self.section.sent, {**self._values(), **credentials})

    def _values(self) -> dict[str, str]:
        values = {name: self.world.secrets[secret] for name, secret in self.section.values.items()}
        return {**values, "mark": self.world.mark}


def _text_in(reply: Reply, expression: str) -> str:
    """The text that an expression gives for a reply that was served; empty for nothing."""
    if not reply.exchange.served:
        return ""
    try:
        value = jmespath.search(expression, json.loads(reply.body.content))
    except _NEITHER_HERE_NOR_THERE:
        return ""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
