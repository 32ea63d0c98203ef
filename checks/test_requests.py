"""Requests that the environment file declares: one check for each."""

from typing import NoReturn

import pytest

from gonogo.base.comparing import at_most, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.http import Exchange
from gonogo.evidence.marks import CHALLENGE, DEFAULT_PAGE, LOGIN, MAINTENANCE
from gonogo.evidence.requests import RequestEvidence
from gonogo.families.requests.section import RequestEntry

_IN_THE_WAY = {DEFAULT_PAGE, MAINTENANCE}
"""Pages that are rarely what somebody asked for; they may be, where their text is declared."""


@pytest.mark.check("request-*")
def test_request_is_answered_as_declared(requested: RequestEvidence, environment: Environment) -> None:
    """Users or other programs rely on this answer.

    Fix: send it with gonogo request NAME --env ENV; then repair the service, or correct the entry in [requests].
    """
    entry = environment.table(RequestEntry)[requested.scope[-1]]
    exchange = requested.exchange
    request = f"{entry.method} {exchange.summary}"
    if exchange.hurried:
        _tell_hurried(request, exchange, entry)
    if CHALLENGE in exchange.marks:
        raise Unobserved(
            f"{request}: this answer is not from the service", hint="allow the address of the machine that runs gonogo"
        )
    assert shown(exchange.status is not None, "answer", exchange.status, "a status"), request
    if requested.unreadable and (entry.expressions or entry.body or entry.never or entry.page):
        raise Unobserved(f"{request}: {requested.unreadable}", hint="raise http.largest_body, or ask for less")
    assert so(not exchange.problem, "reply", "whole", exchange.problem), request
    _refuse_other_pages(request, exchange, entry)
    assert nothing(requested.departures, "departures from what is declared"), (
        f"{request}; {'; '.join(requested.departures)}"
    )
    if requested.unread:
        raise Unobserved(f"{request}; {'; '.join(requested.unread)}", hint="; ".join(requested.unread.values()))
    if requested.everywhere:
        raise Unobserved(
            f"{request}, and {requested.everywhere}, an invented path, gives the same answer",
            hint="declare what the answer must contain (json, body or header): a status alone proves nothing here",
        )
    if entry.within:
        took, limit = format_duration(requested.median_elapsed), format_duration(entry.within)
        times = f"{len(requested.elapsed)} times, at the median" if len(requested.elapsed) > 1 else "once"
        assert at_most(requested.median_elapsed, entry.within, "time to answer (median)"), (
            f"{request} in {took} (asked {times}); {limit} is declared"
        )


def _tell_hurried(request: str, exchange: Exchange, entry: RequestEntry) -> NoReturn:
    """Fail where the answer was late already when the probe's time was over; else nobody knows how late it would be."""
    if entry.within and exchange.elapsed > entry.within:
        at_most(exchange.elapsed, entry.within, "time to answer")
        raise AssertionError(f"{request}; {format_duration(entry.within)} is declared")
    raise Unobserved(f"{request}, when the probe's time was over", hint="raise limits.probe")


def _refuse_other_pages(request: str, exchange: Exchange, entry: RequestEntry) -> None:
    """Raises Unobserved if a page of another kind was served, and no declared text says that it is the right one."""
    # A login in place of a declared page is a departure from it, and stands among those.
    hidden = exchange.hops and not entry.page
    strange = [mark for mark in exchange.marks if mark in _IN_THE_WAY or (mark == LOGIN and hidden)]
    words = entry.body or entry.expressions or any(entry.header.values()) or (entry.page and entry.page.contains)
    if exchange.served and strange and not words:
        raise Unobserved(
            f"{request}, and shows a {strange[0]}",
            hint="declare what the answer must contain (json, body or header), or the redirect as its status",
        )
