"""What strangers try first: foreign pages, forged tokens, guessed passwords, operators in place of values.

A journey of gonogo's own: walked wherever the environment file declares ``[api]``.
"""

from __future__ import annotations

import secrets as entropy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from gonogo.base.comparing import at_most, equal, nothing, shown, so, there
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.families.api.attempts import NOTHING, OPERATORS, OTHER_ADDRESS, QUOTES, foreign_reads, provoked
from gonogo.families.api.forgeries import altered, claims_of_key, forgeries, some_of
from gonogo.families.api.keys import guesses
from gonogo.families.api.refusals import BROKEN, TOO_MANY, control, no_query, refused, too_large
from gonogo.families.api.tokens import DIGESTS, AccessToken, read_token
from gonogo.families.api.traces import trace_in
from gonogo.families.http.section import Http
from gonogo.policy.catalogue import Policy

if TYPE_CHECKING:
    from gonogo.clients.replies import Reply
    from gonogo.families.api.callers import Caller
    from gonogo.families.api.journey import ApiVerbs
    from gonogo.journey.walk import Walk

_ALLOWED = "access-control-allow-origin"
_PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
_TOO_LARGE, _LOCKED, _MARGIN_BYTES = 413, 423, 1024


@pytest.mark.check("security-caller")
def test_user_is_let_in(walk: Walk) -> None:
    """This is the control: if a valid token is not accepted, a refusal of other tokens proves nothing.

    Fix: compare [api] with the API's documentation: how users register and log in, and which path and key "me" is.
    """
    api = walk.api
    walk.keep["caller"], walk.keep["other"] = caller, other = api.join("caller"), api.join("victim")
    if api.section.administrator:  # before logins are counted
        walk.keep["administrator"] = api.administrator()
    for user in (caller, other):
        reply = user.get(api.me(user))
        assert shown(reply.status < BROKEN, "answers, refusals among them", reply.status, "no error"), reply.said
        assert shown(reply.exchange.served, "answer to a user", reply.status, "2xx"), (
            f"a user who has just logged in is refused: {reply.said}"
        )
        user.who = api.known_as(reply)
        if not user.who:
            raise Unobserved(f"{reply.said}; {api.who} names nobody in it", hint="check who of [api]")
    if caller.who == other.who:
        raise Unobserved(
            f"GET {api.own_page} says the same ({caller.who}) to two users, so it does not show who is logged in",
            hint="check who of [api]: its value must be different for each user",
        )
    reply = api.stranger.get(api.me(caller))
    assert so(not api.known_as(reply), "stranger", "known as nobody", "taken for a user"), (
        f"a request without a token is accepted as a user: {reply.said}"
    )
    assert shown(reply.status < BROKEN, "answers, refusals among them", reply.status, "no error"), (
        f"a request without a token gets an error, not a refusal: {reply.said}"
    )
    if not api.section.signed and caller.token.count(".") == 2 and caller.token.startswith("eyJ"):  # noqa: PLR2004 - a JWT
        raise Unobserved("[api] declares opaque tokens, but this service's are JWTs", hint="remove opaque from [api]")


@pytest.mark.check("security-cors-strangers")
def test_foreign_pages_may_not_read(walk: Walk, environment: Environment) -> None:
    """Otherwise any page that a user has open could read that user's data.

    Fix: compare the Origin header with a list of whole origins: no *, no patterns, no null, no developers' origins.
    """
    me, closed = walk.api.me(walk.keep["caller"]), walk.api.section.closed
    for path, origin in foreign_reads(me, closed, _own(environment)):
        # Whether it is answered at all is up to the service: some refuse foreign origins outright.
        read = walk.keep["caller"].get(path, {"Origin": origin})
        for reply in (read, walk.api.stranger.send("OPTIONS", path, {"Origin": origin, **_PREFLIGHT})):
            allowed = _allowed(reply)
            assert shown(allowed not in {origin, "*"}, "foreign pages may read", allowed, "none"), (
                f"{reply.request} from {origin} is answered with {_ALLOWED}: {allowed}"
            )


@pytest.mark.check("security-cors-own")
def test_own_pages_may_read(walk: Walk, environment: Environment) -> None:
    """The product's own page shows nothing if the API does not accept its origin.

    Fix: add every origin in [http] origins to the API's list, with its scheme, and its port if it has one.
    """
    me = walk.api.me(walk.keep["caller"])
    for origin in _own(environment):
        read = walk.keep["caller"].get(me, {"Origin": origin}).answers(200)
        asked = walk.api.stranger.send("OPTIONS", me, {"Origin": origin, **_PREFLIGHT}).answers(200, 204)
        for reply in (read, asked):
            allowed = _allowed(reply)
            assert equal(allowed, origin, f"{_ALLOWED} for {origin}"), (
                f"{reply.request} from {origin} is answered with {_ALLOWED}: {allowed or 'nothing'}"
            )


@pytest.mark.check("security-cors-vary")
def test_caches_keep_origins_apart(walk: Walk, environment: Environment) -> None:
    """A cache gives one page's permission to another page if replies are not kept apart.

    Fix: send Vary: Origin with every reply that depends on it.
    """
    for origin in _own(environment):
        reply = walk.keep["caller"].get(walk.api.me(walk.keep["caller"]), {"Origin": origin}).answers(200)
        vary = reply.exchange.headers.get("vary", "")
        assert shown("origin" in vary.lower() or vary == "*", "Vary", vary, "Origin"), (
            f"{reply.request} from {origin} has Vary: {vary or 'nothing'}"
        )


@pytest.mark.check("security-tokens-forged")
def test_forged_tokens_are_refused(walk: Walk) -> None:
    """An attacker who can forge a token can be any user.

    Fix: verify every token with the one algorithm that you sign with, never the one that its header names (RFC 8725).
    """
    api, caller, taken, broken = walk.api, walk.keep["caller"], list[str](), list[str]()
    for wrong, token in _forged(walk):
        user, reply = api.asked_as(token, caller)
        if user:
            taken.append(f"{wrong}, for {user}")
        elif reply.status >= BROKEN:
            broken.append(f"{wrong} gets an error, not a refusal: {reply.said}")
        elif reply.status == TOO_MANY and not taken and not broken:
            raise Unobserved(f"{reply.said}; not every forged token could be sent", hint="permit gonogo more requests")
    assert nothing(taken, "forged tokens that are taken"), f"GET {api.me(caller)} accepts a token with {some_of(taken)}"
    assert nothing(broken, "forged tokens that are an error"), f"a token with {some_of(broken)}"
    user, reply = api.asked_as(caller.token, caller)
    if user != caller.who:
        raise Unobserved(f"the good token is refused as well by now, so refusals prove nothing: {reply.said}")


@pytest.mark.check("security-tokens-key")
def test_nobody_guesses_the_key(walk: Walk) -> None:
    """Keys from tutorials are in every word list, and can be tried offline against a single token.

    Fix: sign with 32 random bytes (openssl rand -base64 32); all tokens of the old key become invalid.
    """
    token, environment = _token(walk), walk.world.environment
    host = urlsplit(environment.service.base_url).hostname or ""
    key = token.key(guesses(environment.service.name, host, *host.split(".")[:-1]))
    so(key is None, "key of a list of words", "none fits", "one fits")
    if key is not None:
        other = walk.keep["other"]
        forged = claims_of_key(token, key, **{**read_token(other.token).claims, "exp": None})
        user, _ = walk.api.asked_as(forged, other)
        taken = f"; a token made with it for another user, without an expiry, was accepted as {user}" if user else ""
        pytest.fail(f"tokens ({token.algorithm}) are signed with a key from a public word list{taken}")


@pytest.mark.check("security-tokens-of-file")
def test_tokens_are_signed_with_the_key_of_the_file(walk: Walk) -> None:
    """A good key in the file protects nobody while the service signs with an old or foreign key.

    Fix: restart the service with this file; docker inspect and /proc/PID/environ show the variables that it was started with.
    """
    token, declared = _token(walk), walk.api.section.signed_with
    if token.algorithm not in DIGESTS:
        raise Unobserved(
            f"tokens are signed with {token.algorithm}, which has no shared key", hint="leave out signed_with"
        )
    where = f"{declared.variable} of [variables.files.{declared.file}]" if declared else ""
    assert so(token.key(walk.api.signing_key()) is not None, "key of tokens", "that of the file", "another"), (
        f"tokens are signed with another key than {where}"
    )


@pytest.mark.check("security-tokens-end")
def test_tokens_end_soon(walk: Walk, policy: Policy) -> None:
    """A stolen token works until it expires.

    Fix: set exp: a quarter of an hour with a refresh token, or a day without one.
    """
    ends, longest = _token(walk).ends, policy.duration("longest")
    assert there(ends, "tokens", "end", "never end"), "tokens never expire"
    left = ends - walk.began
    assert at_most(left, longest, "life of a token"), f"tokens are valid for {left}; at most {longest} is allowed"


@pytest.mark.check("security-closed")
def test_strangers_stay_outside(walk: Walk) -> None:
    """If no token is required, everybody who guesses the address reads data that is only for users.

    Fix: require a token on every route by default, and open only the few public routes.
    """
    judged, section = 0, walk.api.section
    for path in section.closed:
        reply = walk.keep["caller"].get(path)
        if not section.gave("closed"):
            control(reply, "users", "closed")
        # A document does not say which users may read: what is closed to this one is looked at, and proves nothing.
        judged += reply.exchange.served
        refused(walk.api.stranger.get(path), "a stranger")
    if not judged:
        raise Unobserved("no path that the document closes answers users", hint="write api.closed")


@pytest.mark.check("security-admin-closed")
def test_administration_is_for_administrators(walk: Walk) -> None:
    """Without a check of the role, every user can send an administrator's request.

    Fix: require the role on every route of the administration, on the server.
    """
    for path in walk.api.section.admin:
        control(walk.keep["administrator"].get(path), "administrators", "admin")
        refused(walk.api.stranger.get(path), "a stranger")
        refused(walk.keep["caller"].get(path), "a user who is no administrator")


@pytest.mark.check("security-objects")
def test_objects_are_private(walk: Walk) -> None:
    """An attacker who counts up a number in an address reads other users' data: the most common leak of APIs.

    Fix: look objects up by id and owner in one query, and answer 404 otherwise (OWASP API1).
    """
    api, owner, mark = walk.api, walk.keep["caller"], walk.world.mark
    for name, own in api.section.objects.items():
        made = control(owner.call(own), "their owners", f"objects.{name}")
        path = api.place_of(own, made, owner)
        read = control(owner.get(path), "their owners", f"objects.{name}").body.text
        if mark not in read:
            raise Unobserved(
                f"{path} does not show {mark} to its owner, so gonogo cannot recognise the object: {read[:100]}",
                hint=f"put {{mark}} into a field of objects.{name} that its reader sees",
            )
        for whose, reply in (("another user", walk.keep["other"].get(path)), ("a stranger", api.stranger.get(path))):
            assert so(mark not in reply.body.text, f"what {whose} reads", "nothing of others", "what is a user's"), (
                f"{whose} reads what belongs to a user: {reply.said}"
            )
            assert shown(reply.status < BROKEN, "answers, refusals among them", reply.status, "no error"), (
                f"a request of {whose} gets an error, not a refusal: {reply.said}"
            )


@pytest.mark.check("security-errors")
def test_errors_say_nothing_of_the_inside(walk: Walk) -> None:
    """A stack trace tells attackers files, versions and queries.

    Fix: switch debug off, and answer with a message of your own and an id that you find in the log.
    """
    replies = [reply for reply in provoked(walk.api, walk.keep["caller"]) if reply.status >= 400]  # noqa: PLR2004 - an error
    if not replies:
        raise Unobserved(
            f"no wrong request gets an error, not even GET {NOTHING}: there is no error to read",
            hint="check that service.base_url is the API itself",
        )
    for reply in replies:
        trace = trace_in(reply.body.text)
        assert so(not trace, "stack traces in errors", "none", trace or ""), (
            f"{reply.request} shows {trace}: {reply.said}"
        )


@pytest.mark.check("security-body-limit")
def test_large_bodies_are_refused(walk: Walk) -> None:
    """Without a limit, the body of one request can fill the service's memory.

    Fix: set the declared limit in the proxy (client_max_body_size) or in the framework; answer 413.
    """
    api, limit = walk.api, walk.api.section.body_limit or 0
    small, within, beyond = (
        api.nobody(f"body-{number}").call(api.login, padding=padding)
        for number, padding in enumerate((0, _below(limit), _above(limit)))
    )
    if within.status != small.status:
        raise Unobserved(
            f"a body within the limit gets another answer than a small one: {within.said}; {small.said}",
            hint="compare body_limit of [api] with the limit of the service",
        )
    is_refused = beyond.status != small.status and 400 <= beyond.status < BROKEN  # noqa: PLR2004 - 4xx
    assert shown(is_refused, f"answer to {_above(limit)} bytes, {limit} the most", beyond.status, "4xx"), (
        f"a body of {_above(limit)} bytes is not refused, although at most {limit} are permitted: {beyond.said}"
    )


@pytest.mark.check("security-upload-limit")
def test_large_files_are_refused(walk: Walk) -> None:
    """Without a limit, one user's large files fill the disk for all.

    Fix: count bytes while they arrive, and answer 413 beyond the declared limit, before anything is stored.
    """
    upload, caller, mark = walk.api.section.upload, walk.keep["caller"], walk.world.mark
    if upload is None:
        raise Unobserved("no upload is declared")
    control(caller.upload(upload, upload.limit - 1, f"{mark}-within"), "users", "upload")
    statuses = set()
    for how, in_parts in (("", False), (", sent without its length,", True)):
        reply = caller.upload(upload, upload.limit + 1, f"{mark}-beyond", in_parts=in_parts)
        too_large(reply, f"a file one byte larger than {upload.limit}{how}")
        statuses.add(reply.status)
    if statuses != {_TOO_LARGE}:  # which may be a word about the user, or about how many files there are
        control(
            caller.upload(upload, upload.limit - 1, f"{mark}-after"), "users with a file within the limit", "upload"
        )
    if upload.listed:
        listed = control(caller.get(upload.listed), "users", "upload.listed").body.text
        if f"{mark}-within" not in listed:
            raise Unobserved(f"{upload.listed} does not show the name of a file that was accepted: {listed[:100]}")
        assert so(f"{mark}-beyond" not in listed, "file that was refused", "not stored", "stored"), (
            f"a file that was refused is stored: GET {upload.listed} shows it"
        )


@pytest.mark.check("security-operators-refused")
def test_operators_are_no_values(walk: Walk) -> None:
    """A login that passes its input to the database as a query opens every account.

    Fix: validate the type of every field before it gets into a query; pass values as parameters, never as text.
    """
    api, victim = walk.api, walk.keep["other"]
    plain = victim.call(api.login, password=_wrong_password())
    assert so(not api.token_in(plain), "login with a wrong password", "refused", "accepted"), (
        f"any password is accepted: {plain.said}"
    )
    name = victim.known.get("email", "")
    quotes = (*QUOTES, f"{name}' -- ", f"{name}'/*")
    for kind, values in (("operators", () if api.login.form else OPERATORS), ("quotes", quotes)):
        tried = [reply for value in values for reply in _logins_with(api, victim, value)]
        for reply in tried:
            taken = api.token_in(reply) or (reply.exchange.served and not plain.exchange.served)
            assert so(not taken, f"login with {kind}", "refused", "taken"), (
                f"a login with {kind} in place of values is accepted: {reply.said}"
            )
            assert shown(reply.status < BROKEN, "answers, refusals among them", reply.status, "no error"), (
                f"{kind} in place of values get an error, not a refusal: {reply.said}"
            )
        if tried and all(reply.status == TOO_MANY for reply in tried):
            raise Unobserved(f"no login with {kind} was examined: {tried[0].said}", hint="wait, and run it again")
    for path in api.section.lookups:
        no_query(api, walk.keep["caller"], path)


@pytest.mark.check("security-logins-limited")
def test_passwords_cannot_be_guessed_for_ever(walk: Walk, policy: Policy) -> None:
    """Attackers try lists of leaked passwords on every new login form, from many addresses.

    Fix: count failed logins by account, in Redis with an expiry, and answer 429; never count by X-Forwarded-For alone.
    """
    most, login = round(policy.number("attempts")), walk.api.login
    victim = walk.keep["other"]
    first = victim.call(login, password=_wrong_password())
    stops = {TOO_MANY, _LOCKED}
    tried = (number for number in range(2, most + 1) if victim.call(login, password=_wrong_password()).status in stops)
    stopped = next(tried, most + 1)
    if not at_most(stopped, most, "wrong passwords until a 429 or 423"):
        pytest.fail(f"{most} wrong passwords in a row for one account got no 429; {first.said}")
    again = victim.call(login, password=_wrong_password(), headers=OTHER_ADDRESS)
    assert shown(again.status in stops, "answer from another address", again.status, "429 or 423"), (
        f"{again.said}; it said 429 until X-Forwarded-For named another address"
    )


def _own(environment: Environment) -> Sequence[str]:
    section = environment.section(Http)
    return section.origins if section else ()


def _allowed(reply: Reply) -> str:
    assert shown(reply.status, "answer", reply.status, "one"), reply.said
    return reply.exchange.headers.get(_ALLOWED, "")


def _token(walk: Walk) -> AccessToken:
    return read_token(walk.keep["caller"].token)


def _forged(walk: Walk) -> Iterator[tuple[str, str]]:
    if not walk.api.section.signed:
        return altered(walk.keep["caller"].token)
    return forgeries(_token(walk), read_token(walk.keep["other"].token).claims, walk.api.public_keys())


def _below(limit: int) -> int:
    """As much padding as certainly is within: what is around it counts as well."""
    return max(limit * 9 // 10 - _MARGIN_BYTES, 0)


def _above(limit: int) -> int:
    return limit * 11 // 10 + _MARGIN_BYTES


def _wrong_password() -> str:
    return f"Wrong-{entropy.token_hex(6)}-1!"


def _logins_with(api: ApiVerbs, victim: Caller, value: Any) -> Iterator[Reply]:  # noqa: ANN401 - JSON values
    """In place of the password, and in place of the name."""
    yield victim.call(api.login, password=value)
    yield victim.call(api.login, email=value, user=value)
