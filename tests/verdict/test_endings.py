"""Until when a verdict is valid: one moment, whoever asks."""

import dataclasses
from datetime import timedelta

from gonogo.record.results import LineStatus, Results
from gonogo.verdict.endings import Expiry, outlasts, validity
from tests.report.accounts import accounted, attested, exception, line
from tests.report.conftest import AT, check

DAY = timedelta(days=1)


def lasting(length: timedelta) -> Results:
    """A run of this length."""
    made = accounted([check("tls-a")])
    return dataclasses.replace(made, run=dataclasses.replace(made.run, finished_at=AT + length))


def test_evidence_is_as_old_as_its_first_answer() -> None:
    """As ``gonogo verify --max-age`` counts: a machine that slept in between has yesterday's answers."""
    ends = validity(lasting(timedelta(hours=1)))
    assert (ends.at, ends.what) == (AT + timedelta(hours=4), "the evidence (good for 4 h)")
    assert ends.words == "2026-11-23 16:00:00 UTC, the end of the evidence (good for 4 h)"
    assert validity(lasting(timedelta(hours=1)), DAY).at == AT + DAY


def test_a_long_watch_is_not_over_when_it_ends() -> None:
    """The page of a day's watch must not say EXPIRED before anybody opens it."""
    watched = lasting(DAY)
    assert outlasts(watched)
    assert validity(watched).at == AT + DAY + timedelta(hours=4)
    assert not outlasts(watched, 2 * DAY)
    assert validity(watched, 2 * DAY).at == AT + 2 * DAY


def test_the_first_end_counts_whatever_it_is_of() -> None:
    """A certificate, a waiver, an attestation, or what only the signatures say."""
    soon, sooner = AT + timedelta(hours=2), AT + timedelta(hours=1)
    presented = {
        "host": "a.test",
        "presented": [
            {
                "chain": [
                    {"not_after": soon.isoformat()},
                    {"not_after": "never"},
                    {"not_after": "2026-11-23T12:30:00"},
                    {"not_after": 1},
                    {},
                ]
            }
        ],
    }
    checks = [check("tls-a", facts={"tls": presented})]
    assert validity(accounted(checks)) == Expiry(at=soon, what="a certificate of a.test")
    waiver = dataclasses.replace(exception("tls-a"), until=sooner)
    assert validity(accounted(checks, exceptions=[waiver])).what == "the waiver of tls-a"
    word = line("a.a", LineStatus.ATTESTED, attested=dataclasses.replace(attested(), until=sooner))
    assert validity(accounted(checks, [word])).what.endswith("attestation of a.a")
    key = Expiry(at=sooner, what="Bea's key")
    assert validity(accounted(checks), DAY, [key]) == key


def test_what_was_over_before_the_run_is_no_end_of_it() -> None:
    """It is a finding: the run was judged without it."""
    old = Expiry(at=AT - DAY, what="Bea's key")
    assert validity(accounted([check("tls-a")]), further=[old]).at == AT + timedelta(hours=4)
