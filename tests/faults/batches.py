"""Which faults one run can tell apart, and which checks each is held against."""

from collections.abc import Collection, Mapping, Sequence

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
    "certificate": ["certificates"],
    "front": ["certificates"],
    "headers": ["browsers"],
    "series": ["metrics"],
}
"""Families of checks, beside that of a fault's own area, that the faults of an area or of a part, or one fault, show in."""
SERVICE = "service"
OPERATIONS = "operations"
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
    "security": "allowances",
    **dict.fromkeys(
        (
            "client",
            "professional",
            "booking",
            "payment",
            "webhook",
            "privacy",
            "document",
            "rates",
            "errors",
            "cleanup",
        ),
        OPERATIONS,
    ),
}
"""Area to the part of the environment that its faults are in; all other areas are the service and its databases.

``operations``: what one operation does, or leaves undone; ``allowances``: what the service lets strangers do, while it does
for everybody else what it should.
"""
_AS_BEFORE: Mapping[str, Sequence[str]] = {
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
    "certificate": [
        "tls-lenient-root",
        "tls-expires-soon",
        "tls-list-unreadable",
        "tls-long-lived",
        "tls-second-address-not-renewed",
    ],
    "front": [
        "tls-legacy-versions",
        "tls-anonymous-cipher",
        "tls-static-rsa",
        "tls-second-address-without-1.3",
    ],
    "headers": [
        "http-plain-serves",
        "http-plain-to-www",
        "hsts-missing",
        "hsts-short",
        "front-not-ours",
        "nosniff-missing",
        "framing-allowed",
        "referrer-leaks",
        "version-banner",
        "dotenv-served",
        "git-served",
    ],
    "series": [
        "metrics-typed-twice",
        "metrics-malformed",
        "metrics-series-missing",
        "metrics-frozen",
        "metrics-public",
    ],
}
"""Faults with which the service and its databases do for everybody what they did before: a part each, apart from the others."""
_PART_OF = {fault: part for part, faults in _AS_BEFORE.items() for fault in faults}
_RESTS_ON: Mapping[str, Collection[str]] = {
    SERVICE: {
        OPERATIONS,
        "allowances",
        "certificate",
        "front",
        "headers",
        "series",
        "pages",
        "digitalocean",
        "dns",
        "stripe",
        "sentry",
    },
    OPERATIONS: {"allowances", "series", "pages", "stripe", "sentry"},
    "allowances": {"series", "pages"},
    "front": {OPERATIONS, "allowances", "headers", "series", "pages"},  # another server than the service answers there
    "files": {"accounts"},
    "atlas": {"accounts"},
    "sentry": {"accounts"},
    "stripe": {"accounts"},
}
"""A part of the environment to the parts whose checks read it too, or rest on it."""


def confronted(suite: Suite, fault: str, area: str) -> frozenset[str]:
    """The checks that a fault is held against: walking everything for each would take half an hour."""
    if fault == HEALTHY:
        return frozenset(found.id for found in suite.declarations.values() if LOAD not in found.arguments)
    families = {area, *_ALSO_IN.get(_PART_OF.get(fault, area), ()), *_ALSO_IN.get(fault, ())}
    return frozenset(found.id for found in suite.declarations.values() if found.family in families)


def apart(one: str, other: str) -> bool:
    """Whether a fault in the one part of the environment can neither hide nor feign a fault in the other."""
    return one != other and one not in _RESTS_ON.get(other, ()) and other not in _RESTS_ON.get(one, ())


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
