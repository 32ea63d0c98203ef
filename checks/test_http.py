"""The service over HTTP, judged at every address."""

from collections import Counter
from collections.abc import Collection, Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

import pytest

from gonogo.base.comparing import at_least, decided, equal, nothing, one_of, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import too_slow
from gonogo.environment.model import Environment
from gonogo.environment.pages import Page
from gonogo.evidence.http import Exchange, PageAnswer, PagesEvidence, PlainHttpEvidence, ServiceEvidence
from gonogo.evidence.marks import CHALLENGE, DEFAULT_PAGE, LISTING, LOGIN, MAINTENANCE, NO_ANSWERS, PRIVATE
from gonogo.families.http.section import Http
from gonogo.policy.catalogue import Policy

_REDIRECTS = {301, 302, 303, 307, 308}
_UNDECIDED = {408, 421, 425, 429}
"""Statuses of the 4xx kind that refuse this request, and not the page."""
_NOTHING_THERE = {404, 405, 410}
_TOO_MANY_REQUESTS = 429
_FEWEST_CUT = 3
"""Connections in a row: one bad backend of three would not take all of them."""
_NOT_THE_SERVICE = NO_ANSWERS | {DEFAULT_PAGE, LISTING}
"""What a web server shows for whatever service; where one of these is right, its body is declared."""
_DECLARE_PAGE = 'declare a page that it serves: hosts."NAME".page = "/PATH", or http = false if it serves no HTTP'


@pytest.mark.check("service-answers")
def test_service_answers(service: ServiceEvidence, environment: Environment) -> None:
    """A service that does not answer its own users cannot be launched, and its refusals prove nothing.

    Fix: look at the backend behind the named answers; if another page is right, declare it as hosts.NAME.page.
    """
    exchanges = [answer.exchange for answer in service.connections]
    answered = [exchange for exchange in exchanges if exchange.status != _TOO_MANY_REQUESTS]
    cut = [answer for answer in service.connections if answer.exchange.cut]
    failed = [answer for answer in service.connections if answer.exchange.failed and answer not in cut]
    _assert_all(service.connections, failed)
    _refuse_cut_off(service.connections, cut)
    _assert_all(service.connections, cut)
    for answer in service.connections:
        assert nothing(answer.departures, "departures from the declared page"), _of_all(
            service.connections, answer, "; ".join(answer.departures)
        )
    unwell = [answer for answer in service.connections if answer.unwell]
    if len(unwell) < len(exchanges):  # what every backend says against itself is for the checks of health
        assert nothing([answer.unwell for answer in unwell], "answers that call themselves unwell"), _of_all(
            service.connections, unwell[0], unwell[0].unwell, count=len(unwell)
        )
    pages = [answer.exchange for answer in service.pages]
    others = [service.front, *pages, *(answer.exchange for answer in service.origins)]
    for exchange in others:
        assert shown(not exchange.failed, "front page and other pages", exchange.status, "an answer"), exchange.summary
    for page in service.pages:
        assert nothing(page.departures, "departures of declared pages"), (
            f"{page.exchange.url}: {'; '.join(page.departures)}"
        )
    _assert_pages_are_theirs(service, environment)
    late = [exchange for exchange in (*exchanges, *others) if exchange.hurried]
    if late:
        raise Unobserved(f"{late[0].summary}, when the time of the probe was over", hint="raise limits.probe")
    if not answered:
        raise Unobserved(f"{exchanges[0].summary}: this machine was turned away", hint="ask from an allowed network")
    if _declared_page(service, environment):
        _assert_all(service.connections, [answer for answer in service.connections if _is_missing(answer.exchange)])
    for exchange in answered:
        _assert_known(exchange, service, environment)


@pytest.mark.check("service-steady")
def test_service_answers_at_once(service: ServiceEvidence, policy: Policy) -> None:
    """If answers come late, or only after a second request, the first users will see the same.

    Fix: find out which backend was starting, or what limits the rate, and start all backends before users come.
    """
    crowded = [exchange for exchange in service.again if exchange.cut]
    assert nothing([exchange.summary for exchange in crowded], "connections that were cut"), (
        f"{crowded[0].summary}, while further connections of this machine were open"
    )
    again = [f"{exchange.url} answers {exchange.status} after {exchange.earlier[0]}" for exchange in service.again]
    assert nothing(again, "answers only after asking again"), (
        f"{len(again)} answers came only after a second request: {again[0]}"
    )
    limit, slowest = policy.duration("max_wait"), service.slowest
    if slowest:
        took = format_duration(slowest.elapsed)
        assert not too_slow(slowest.elapsed, slowest.own, limit, "slowest answer"), (
            f"{slowest.url} took {took}; at most {format_duration(limit)} is expected"
        )
    exchanges = [answer.exchange for answer in service.connections]
    answered = sum(exchange.status != _TOO_MANY_REQUESTS for exchange in exchanges)
    assert at_least(answered, service.wanted, "connections answered"), (
        f"{exchanges[0].url} answered {answered} of {service.wanted} connections: one bad backend of several may be missed"
    )


@pytest.mark.check("http-front-page")
def test_front_page_is_the_services_own(service: ServiceEvidence) -> None:
    """At launch, users would see the default page of a web server, or a maintenance notice.

    Fix: deploy the site that this name should serve; if the page is right, declare it as hosts.NAME.page.
    """
    strange = [mark for mark in service.front.marks if mark in {DEFAULT_PAGE, MAINTENANCE, CHALLENGE}]
    assert nothing(strange, "default pages, notices and challenges"), f"{service.front.url} shows a {strange[0]}"


@pytest.mark.check("http-plain")
def test_nothing_is_served_without_tls(plain_http: PlainHttpEvidence, environment: Environment) -> None:
    """Everybody between the user and the service can read and change what is sent without TLS, passwords included.

    Fix: answer port 80 with a redirect to https and nothing else, or close it.
    """
    if plain_http.refused or plain_http.filtered:
        decided("port 80", "refused" if plain_http.refused else "silent", "closed, or a redirect to https")
        return
    for exchange in plain_http.exchanges:
        assert shown(not exchange.served, "answer without TLS", exchange.status, "a redirect, or a refusal"), (
            f"{exchange.url} answers {exchange.status} without TLS"
        )
        if exchange.status in _REDIRECTS:
            location = exchange.headers.get("location", "")
            parts = _split(location)
            assert equal(parts.scheme, "https", "redirect to"), (
                f"{exchange.url} redirects to {location or 'nowhere'}, not to https"
            )
            ours = _is_ours(parts.hostname or "", environment, exchange)
            assert shown(ours, "host of the redirect", parts.hostname, "one that is declared"), (
                f"{exchange.url} redirects to {location}, a host that the environment does not declare"
            )
            declared = environment.hosts.get(parts.hostname or "")
            assert declared is None or one_of(_port(parts), [None, declared.https_port], "port of the redirect"), (
                f"{exchange.url} redirects to {location}: port {_port(parts)} is not its https_port, which is "
                f"{declared.https_port}"
            )
        asks = exchange.headers.get("www-authenticate", "").lower().startswith("basic") or LOGIN in exchange.marks
        assert so(not asks, "password without TLS", "not asked for", "asked for"), (
            f"{exchange.url} answers {exchange.status} and asks for a password without TLS"
        )
    for exchange in plain_http.exchanges:
        # A connection that is closed without a word serves nothing.
        if not (exchange.closed or exchange.cut) and (exchange.failed or exchange.status in _UNDECIDED):
            raise Unobserved(f"{exchange.summary} without TLS: this does not show what is served there")


@pytest.mark.check("http-closed-paths")
def test_nothing_private_is_served(pages: PagesEvidence, environment: Environment) -> None:
    """A web server that serves .env or .git gives away every secret in it.

    Fix: deny dot files in the web server, switch debug pages off, and change the secrets that were readable.
    """
    control = pages.control
    private = [exchange for exchange in (*pages.pages.values(), *pages.siblings.values()) if _is_private(exchange)]
    assert nothing([exchange.summary for exchange in private], "private content served", of=len(pages.pages)), (
        "; ".join(f"{exchange.summary} with {_kind(exchange)}" for exchange in private)
    )
    open_pages = [exchange for path, exchange in pages.pages.items() if _is_open(path, exchange, control)]
    assert nothing([exchange.summary for exchange in open_pages], "paths that are open", of=len(pages.pages)), (
        ", ".join(exchange.summary for exchange in open_pages)
    )
    if control.failed or control.status in _UNDECIDED or (_marks(control) and not control.hops):
        raise Unobserved(f"{control.summary}{_shown_marks(control)}: so a refusal of the other paths proves nothing")
    unknown = [
        f"{exchange.summary}{_shown_marks(exchange)}"
        for path, exchange in pages.pages.items()
        if not _is_closed(path, exchange, control, environment)
    ]
    if unknown:
        raise Unobserved(
            f"it is not known whether these are closed: {'; '.join(unknown)}", hint="answer 404 there, or 403"
        )


def _refuse_cut_off(answers: Sequence[PageAnswer], cut: Sequence[PageAnswer]) -> None:
    """Raises Unobserved if all connections were cut from some moment on: one bad backend does not show like this."""
    if len(cut) >= _FEWEST_CUT and all(answer in cut for answer in answers[-len(cut) :]):
        raise Unobserved(
            f"{cut[0].exchange.summary}, and so did the last {len(cut)} of {len(answers)} connections: it limits how "
            "often this machine may connect, or it went down meanwhile",
            hint="let this machine connect more often, or lower http.connections",
        )


def _assert_all(answers: Sequence[PageAnswer], broken: Sequence[PageAnswer]) -> None:
    statuses = [str(answer.exchange.status or "no reply") for answer in broken]
    wrong = _of_all(answers, broken[0], "", count=len(broken)) if broken else ""
    assert nothing(statuses, "connections that were not answered well", of=len(answers)), wrong


def _of_all(answers: Sequence[PageAnswer], example: PageAnswer, fault: str, count: int | None = None) -> str:
    """What is wrong, and with how many of how many connections; a second kind of answer is counted beside it."""
    alike = count if count is not None else sum(answer.departures == example.departures for answer in answers)
    kinds = Counter(str(answer.exchange.status or "no reply") for answer in answers)
    split = (
        f" ({', '.join(f'{number} times {kind}' for kind, number in kinds.most_common())})" if len(kinds) > 1 else ""
    )
    wrong = f"{example.exchange.url}: {fault}" if fault else example.exchange.summary
    return f"{wrong}, on {alike} of {len(answers)} connections{split}"


def _assert_pages_are_theirs(service: ServiceEvidence, environment: Environment) -> None:
    """A notice in the place of a page that is declared by its path alone is not the page."""
    section = environment.section(Http)
    for answer, page in zip(service.pages, section.pages.values() if section else (), strict=False):
        strange = NO_ANSWERS.intersection(answer.exchange.marks) - {LOGIN}
        if strange and not page.says:
            raise Unobserved(f"{answer.exchange.url} shows a {min(strange)}", hint="declare its body, or never")


def _declared_page(service: ServiceEvidence, environment: Environment) -> Page | None:
    """The page that somebody declared for this name, if that was asked."""
    name = service.scope[0]
    host, section = environment.hosts.get(name), environment.section(Http)
    main = name == urlsplit(environment.service.base_url).hostname
    return (host.page if host else None) or (section.health if main and section else None)


def _is_missing(exchange: Exchange) -> bool:
    """A declared page that is refused or not there. A redirect to another name is told apart from that."""
    return not exchange.served and exchange.status not in _REDIRECTS and exchange.status != _TOO_MANY_REQUESTS


def _assert_known(exchange: Exchange, service: ServiceEvidence, environment: Environment) -> None:
    """Something known, with a 2xx; a front page that sends to a declared name is known as well."""
    location = exchange.headers.get("location", "")
    if exchange.status in _REDIRECTS:
        target = _split(urljoin(exchange.url, location))
        assert equal(target.scheme, "https", "front page leads to"), (
            f"{exchange.url} leads to {location or 'nowhere'}, not to https"
        )
        main = service.scope[0] == urlsplit(environment.service.base_url).hostname
        if target.hostname in environment.hosts and target.hostname != service.scope[0] and not main:
            return
        raise Unobserved(
            f"{exchange.summary}, and redirects to {location}, which was not asked",
            hint=f"if the service is at {target.hostname}, declare that as its base_url and under [hosts]",
        )
    if not exchange.served and not _may_be_empty(exchange, service, environment):
        raise Unobserved(f"{exchange.summary}: this does not show that the service answers", hint=_DECLARE_PAGE)
    declared = _declared_page(service, environment)
    strange = _NOT_THE_SERVICE.intersection(exchange.marks) - ({LOGIN} if declared else set())
    if strange and not (declared and declared.says):
        raise Unobserved(f"{exchange.url} shows a {min(strange)}, and not the service", hint=_DECLARE_PAGE)


def _may_be_empty(exchange: Exchange, service: ServiceEvidence, environment: Environment) -> bool:
    """An API has nothing at ``/``. Where it has no health endpoint either, that is all it can answer."""
    section = environment.section(Http)
    without_health = section is not None and section.health is None and not _declared_page(service, environment)
    return without_health and exchange.status in _NOTHING_THERE


def _is_ours(host: str, environment: Environment, exchange: Exchange) -> bool:
    """A declared name, one below it, or its parent; www counts as the name itself."""
    own = {*environment.hosts, urlsplit(exchange.url).hostname or ""}
    bare = host.removeprefix("www.")
    return any(
        bare in {name, name.removeprefix("www."), name.partition(".")[2]} or host.endswith(f".{name}") for name in own
    )


def _split(url: str) -> SplitResult:
    """The parts of what somebody else calls a URL."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _port(parts: SplitResult) -> int | None:
    """None if the URL names none; 0 if it is none."""
    try:
        return parts.port
    except ValueError:
        return 0


def _marks(exchange: Exchange) -> Collection[str]:
    """What stands before the service, if anything does: a login form behind a refusal is a refusal."""
    strange = NO_ANSWERS.intersection(exchange.marks)
    return strange if exchange.served else strange & {CHALLENGE}


def _shown_marks(exchange: Exchange) -> str:
    strange = _marks(exchange)
    return f" with a {min(strange)}" if strange else ""


def _is_private(exchange: Exchange) -> bool:
    """Served, with content that nobody outside may read."""
    return exchange.served and bool(PRIVATE.intersection(exchange.marks))


def _kind(exchange: Exchange) -> str:
    return " and ".join(mark for mark in exchange.marks if mark in PRIVATE)


def _is_open(path: str, exchange: Exchange, control: Exchange) -> bool:
    """Served as something of its own: what every path answers is not served at this one."""
    if not exchange.served or NO_ANSWERS.intersection(exchange.marks) or _led_away(path, exchange):
        return False
    return not control.served or _type(exchange) != _type(control)


def _led_away(path: str, exchange: Exchange) -> bool:
    """Whether redirects ended at another page: what was asked for is not served then."""
    return bool(exchange.hops) and not urlsplit(exchange.url).path.startswith(path.rstrip("/"))


def _is_closed(path: str, exchange: Exchange, control: Exchange, environment: Environment) -> bool:
    """401, 403, 404 and their like, the answer of every unknown path, or a redirect away from it."""
    status = exchange.status
    if status is None or exchange.failed or status in _UNDECIDED or CHALLENGE in exchange.marks:
        return False
    if status in _REDIRECTS:
        location = exchange.headers.get("location", "")
        target = _split(urljoin(exchange.url, location))
        moved = bool(location) and target.path.rstrip("/") == urlsplit(exchange.url).path.rstrip("/")
        return not moved or (
            target.hostname in environment.hosts and target.hostname != urlsplit(exchange.url).hostname
        )
    if exchange.served:
        return _led_away(path, exchange) or (control.served and exchange.digest == control.digest)
    return True


def _type(exchange: Exchange) -> str:
    return exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
