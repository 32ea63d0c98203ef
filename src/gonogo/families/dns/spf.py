"""The terms of SPF records (RFC 7208)."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence

MOST_SPF_LOOKUPS = 10
"""Queries that a receiver makes for one mail: section 4.6.4."""
_NETWORK = re.compile(r"[-+?~]?ip([46]):(\S+)", re.IGNORECASE)
_TERM = re.compile(
    r"[-+?~]?(?:all|include:\S+|exists:\S+|(?:a|mx)(?::[^/\s]+)?(?:/\d{1,2})?(?://\d{1,3})?|ptr(?::\S+)?)"
    r"|[a-z][\w.-]*=\S*",
    re.IGNORECASE,
)
_LOOKUP = re.compile(r"[-+?~]?(?:include:|exists:|a(?=[:/]|$)|mx(?=[:/]|$)|ptr(?=:|$))|redirect=", re.IGNORECASE)
_TARGET = re.compile(r"(?:[-+?~]?include:|redirect=)([\w.-]+)\.?", re.IGNORECASE)
"""A domain whose own record counts; not one that is computed from each mail (macros)."""


def spf_records(texts: Iterable[str]) -> list[str]:
    """The SPF records among these texts of one name."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def spf_targets(texts: Iterable[str]) -> list[str]:
    """The domains whose records the SPF records include."""
    matches = [_TARGET.fullmatch(term) for record in spf_records(texts) for term in record.split()[1:]]
    return [match[1].lower() for match in matches if match]


def spf_lookups(record: str) -> int:
    """Count the terms of the record for which a receiver asks the DNS."""
    return sum(bool(_LOOKUP.match(term)) for term in record.split()[1:])


def wrong_terms(record: str) -> Sequence[str]:
    """Find terms that are neither mechanism nor modifier: one such term makes the record void."""
    return list(_wrong(record.split()[1:]))


def _wrong(terms: Iterable[str]) -> Iterator[str]:
    for term in terms:
        network = _NETWORK.fullmatch(term)
        if not (_is_network(network) if network else _TERM.fullmatch(term)):
            yield term


def _is_network(match: re.Match[str]) -> bool:
    try:
        return ipaddress.ip_network(match[2], strict=False).version == int(match[1])
    except ValueError:
        return False
