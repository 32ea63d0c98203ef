"""Which faults one run can tell apart, and which checks each is held against."""

from collections.abc import Mapping, Sequence

from gonogo.planning.plan import LOAD
from gonogo.planning.suite import Suite, closure

HEALTHY = "none"
"""The environment as it should be, in the place of a fault."""
_ALSO_IN: Mapping[str, Sequence[str]] = {
    "dns": ["dns_names", "dns_caa", "dns_mail", "records"],
    "http": ["browsers", "tls", "health", "metrics", "openapi", "requests"],
    "tls": ["certificates"],
    "mongo-down": ["health"],
    "mongo-no-primary": ["health"],
    "redis-down": ["health"],
    "redis-plaintext": ["health"],
    "accounts": ["variables"],
    "cleanup": ["booking"],
    "stripe": ["payment"],
    "sentry": ["errors"],
    "mail": ["client", "booking"],
    "support": ["support_trial"],
    "dns-mail-nowhere": ["support"],
    "dns-mail-denied": ["support"],
    "booking-broken": ["privacy", "webhook"],
    "token-refused": ["security", "document"],
    "bookings-for-strangers": ["document"],
    "webhook-answers-get": ["document"],
    "document-leaks": ["security"],
    "admin-open-to-all": ["security"],
}
"""Families of checks, beside that of a fault's own area, that the faults of an area, or one fault, show in."""
SERVICE = "service"
_LANES: Mapping[str, str] = {
    "server": "server",
    "atlas": "atlas",
    "variables": "files",
    "repository": "files",
    "requests": "pages",
    "documents": "documents",
    "accounts": "accounts",
    "digitalocean": "digitalocean",
    "monitoring": "monitoring",
    "oncall": "oncall",
    "dns": "dns",
    "stripe": "stripe",
    "sentry": "sentry",
    "support": "dns",  # where mail to it goes
}
"""Area to the part of the environment that its faults are in; all other areas are the service and its databases."""
_BEHIND_THE_SERVICE: Mapping[str, Sequence[str]] = {
    "mongodb": [
        "mongo-plaintext",
        "mongo-no-auth",
        "mongo-member-down",
        "mongo-old-wire-version",
        "mongo-admin-user",
        "mongo-monitor-blind",
    ],
    "redis": [
        "redis-plain-beside",
        "redis-acl-open",
        "redis-no-password",
        "redis-no-limit",
        "redis-foreign-keys",
        "redis-wrong-policy",
        "redis-old",
        "redis-not-persistent",
        "redis-monitor-blind",
    ],
}
"""Faults of a database with which it serves everybody as before: a part of the environment each, apart from all others."""
_PART_OF = {fault: part for part, faults in _BEHIND_THE_SERVICE.items() for fault in faults}
_ASKS_THE_SERVICE = {"pages", "digitalocean", "dns", "stripe", "sentry"}
"""Parts whose checks rest on what a healthy service says or does as well."""
_WHAT_ACCOUNTS_REST_ON = {"files", "atlas", "sentry", "stripe"}
"""Parts that the checks of the accounts read."""


def confronted(suite: Suite, fault: str, area: str) -> frozenset[str]:
    """The checks that a fault is held against: walking everything for each would take half an hour."""
    if fault == HEALTHY:
        return frozenset(found.id for found in suite.declarations.values() if LOAD not in found.arguments)
    families = {area, *_ALSO_IN.get(area, ()), *_ALSO_IN.get(fault, ())}
    return frozenset(found.id for found in suite.declarations.values() if found.family in families)


def apart(one: str, other: str) -> bool:
    """Whether a fault in the one part of the environment can neither hide nor feign a fault in the other."""
    both = {one, other}
    return one != other and not (
        (SERVICE in both and both & _ASKS_THE_SERVICE) or ("accounts" in both and both & _WHAT_ACCOUNTS_REST_ON)
    )


def part_of(fault: str, areas: Mapping[str, str]) -> str:
    """The part of the environment that it is in."""
    return _PART_OF.get(fault) or _LANES.get(areas[fault], SERVICE)


def batches(faults: Sequence[str], areas: Mapping[str, str]) -> Sequence[Sequence[str]]:
    """The faults, those together that one run can tell apart: each in the first batch that has room for it."""
    together: list[list[str]] = []
    parts = {fault: part_of(fault, areas) for fault in faults}
    for fault in faults:
        for batch in together:
            if all(apart(parts[fault], parts[other]) and areas[fault] != areas[other] for other in batch):
                batch.append(fault)
                break
        else:
            together.append([fault])
    return together


def own_checks(suite: Suite, batch: Sequence[str], areas: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    """Fault to what it is held against, with all that these checks need.

    A check that several faults of the batch need belongs to none of them: it is green, or `complaints` says so.
    """
    whole = {fault: closure(suite, confronted(suite, fault, areas.get(fault, ""))) for fault in batch}
    return {
        fault: checks.difference(*(others for other, others in whole.items() if other != fault))
        for fault, checks in whole.items()
    }
