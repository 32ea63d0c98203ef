"""Faults that begin while somebody watches: they show in the service's own series, over time, and in no single check.

``tests/reference/test_watched.py`` holds each against the thresholds and the key metrics of the environment file.
"""

from collections.abc import Mapping
from dataclasses import replace

from reference.api.series import SERIES
from reference.changes import Change, part
from reference.settings import Settings


def _api(name: str) -> Change:
    return lambda settings: replace(settings, api=settings.api | {name})


def _started_anew(settings: Settings) -> Settings:
    return replace(settings, api_starts=settings.api_starts + 1)


WATCHED: Mapping[str, tuple[str, Change]] = {
    "searches-fail": ("searches end in an error 500 that nobody foresaw", _api("searches-fail")),
    "searches-slow": ("searches take 1.5 s", _api("searches-slow")),
    "bookings-fail": ("bookings end in an error 500", _api("bookings-fail")),
    "uploads-fail": ("documents end in an error 500", _api("uploads-fail")),
    "registrations-fail": ("registrations end in an error 500", _api("registrations-fail")),
    "cards-declined": ("the bank declines every card", part("stripe", declines=True)),
    "visitors-shut-out": (
        "a rule of the firewall in front refuses the app: no user's request arrives",
        _api("visitors-shut-out"),
    ),
    "metrics-broken": ("the metrics answer 500", _api("metrics-broken")),
    "metrics-empty": ("the metrics are an empty page", _api("metrics-empty")),
    "metrics-hang": ("the metrics do not answer at all", _api("metrics-hang")),
    **{
        f"metrics-without-{name}": (f"the series of {what} are gone", _api(f"metrics-without-{name}"))
        for name, (_, what) in SERIES.items()
    },
    "metrics-not-a-number": ("the series of payments are NaN", _api("metrics-not-a-number")),
    "service-restarts": (
        "the service is started anew: nobody is served for a moment, and counters begin at zero",
        _started_anew,
    ),
}
