"""The terms of SPF records (RFC 7208): what is wrong with a record, whom it lets send, what it costs to look up."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

MOST_SPF_LOOKUPS = 10
"""Queries that a receiver makes for one mail: section 4.6.4."""
_MARK = "v=spf1"
_DOMAIN = r"(?:[\w.-]|%\{[slodiphcrtv]\d*r?[-.+,/_=]*\}|%[%_-])+"
"""A name, or one that is computed from each mail (macros): section 7.1."""
_NETWORK = re.compile(r"([-+?~]?)ip([46]):(\S+)", re.IGNORECASE)
_TERM = re.compile(
    rf"[-+?~]?(?:all|(?:include|exists):{_DOMAIN}|(?:a|mx)(?::{_DOMAIN})?(?:/\d{{1,2}})?(?://\d{{1,3}})?|ptr(?::{_DOMAIN})?)"
    rf"|redirect={_DOMAIN}|(?!redirect)[a-z][\w.-]*=\S*",
    re.IGNORECASE,
)
_LOOKUP = re.compile(r"[-+?~]?(?:include:|exists:|a(?=[:/]|$)|mx(?=[:/]|$)|ptr(?=:|$))|redirect=", re.IGNORECASE)
_TARGET = re.compile(r"(?:([-+?~]?)include:|redirect=)([\w.-]+?)\.?", re.IGNORECASE)
"""A domain whose own record counts."""
_ALL = re.compile(r"([-+?~]?)all", re.IGNORECASE)
_MISSPELT = re.compile(r"(?:ip[46]|include|exists|a|mx|ptr|all)=", re.IGNORECASE)
"""A modifier by its form, and so one that receivers have to ignore."""
_MODIFIER = re.compile(r"[a-z][\w.-]*=", re.IGNORECASE)
_EVERY_HOST = re.compile(r"\+?(?:a|mx)(?::[^/\s]+)?/0", re.IGNORECASE)
_ENOUGH_LOOKUPS = 10 * MOST_SPF_LOOKUPS
Records = Mapping[str, str]
"""The SPF record of each domain that has exactly one."""


def spf_records(texts: Iterable[str]) -> list[str]:
    """The SPF records among these texts of one name."""
    return [text for text in texts if text.lower() == _MARK or text.lower().startswith(f"{_MARK} ")]


def failed_records(texts: Iterable[str]) -> list[str]:
    """Texts that somebody meant to be SPF records, with quotes, a blank or a sign before or behind the mark."""
    texts = list(texts)
    return [
        text for text in texts if re.match(rf"\W*{_MARK}\b", text, re.IGNORECASE) and text not in spf_records(texts)
    ]


def spf_targets(texts: Iterable[str]) -> list[str]:
    """The domains whose records the SPF records include."""
    return [target for record in spf_records(texts) for _, target in _targets(record)]


def spf_lookups(record: str, records: Records) -> int:
    """Count the terms for which a receiver asks the DNS, in the record and in what it includes."""
    return _count(record, records, 0)


def _count(record: str, records: Records, made: int) -> int:
    """Every mention of a domain is looked up again; a record that includes itself would be counted for ever."""
    for term in _evaluated(record):
        if not _LOOKUP.match(term):
            continue
        made += 1
        if made > _ENOUGH_LOOKUPS:
            break
        target = _TARGET.fullmatch(term)
        if target and target[2].lower() in records:
            made = _count(records[target[2].lower()], records, made)
    return made


def wrong_terms(record: str) -> Sequence[str]:
    """Find terms that are neither mechanism nor modifier: one such term makes the record void."""
    return list(_wrong(record.split()[1:]))


def idle_terms(record: str) -> Sequence[tuple[str, str]]:
    """Find terms that no receiver reads, each with why (sections 5.1, 6, 6.1)."""
    terms = record.split()[1:]
    idle = [(term, f"write {term.replace('=', ':', 1)}") for term in terms if _MISSPELT.match(term)]
    end = next((place for place, term in enumerate(terms) if _ALL.fullmatch(term)), None)
    if end is None:
        return idle
    behind = [term for term in terms[end + 1 :] if not _MODIFIER.match(term)]
    redirections = [term for term in terms if term.lower().startswith("redirect=")]
    return [*idle, *((term, f"{terms[end]} decides before it") for term in (*behind, *redirections))]


def opens_to_all(record: str) -> str:
    """The terms by which everybody may send; empty if there are none."""
    fourth: list[ipaddress.IPv4Network] = []
    sixth: list[ipaddress.IPv6Network] = []
    for term in _evaluated(record):
        if term.lower() in {"all", "+all"} or _EVERY_HOST.fullmatch(term):
            return term
        network = _NETWORK.fullmatch(term)
        if network and network[1] in {"", "+"} and _is_network(network):
            match ipaddress.ip_network(network[3], strict=False):
                case ipaddress.IPv4Network() as own:
                    fourth.append(own)
                case own:
                    sixth.append(own)
    lengths = {network.prefixlen for network in ipaddress.collapse_addresses(fourth)}
    lengths |= {network.prefixlen for network in ipaddress.collapse_addresses(sixth)}
    return "the networks, which together are all addresses," if 0 in lengths else ""


def passes_on(record: str) -> list[str]:
    """The domains by whose records a sender may pass as well: those included, and the redirection."""
    return [target for qualifier, target in _targets(record) if qualifier in {"", "+", None}]


def verdict_on_others(record: str, records: Records) -> str | None:
    """Return what the record says of everybody else: ``-``, ``~``, ``?`` or ``+``. ``?`` also where it ends without a word.

    None where that is said by a record which is not known.
    """
    for _ in range(MOST_SPF_LOOKUPS):
        terms = list(_evaluated(record))
        if match := _ends(terms):
            return match[1] or "+"
        redirections = [term for term in terms if term.lower().startswith("redirect=")]
        if not redirections:
            return "?"
        target = _TARGET.fullmatch(redirections[0])
        if target is None or target[2].lower() not in records:
            return None
        record = records[target[2].lower()]
    return None


def _evaluated(record: str) -> Iterator[str]:
    """The terms up to the first ``all``, which always matches."""
    for term in record.split()[1:]:
        yield term
        if _ALL.fullmatch(term):
            return


def _ends(terms: Sequence[str]) -> re.Match[str] | None:
    return _ALL.fullmatch(terms[-1]) if terms else None


def _targets(record: str) -> list[tuple[str | None, str]]:
    matches = [_TARGET.fullmatch(term) for term in _evaluated(record)]
    return [(match[1], match[2].lower()) for match in matches if match]


def _wrong(terms: Iterable[str]) -> Iterator[str]:
    for term in terms:
        network = _NETWORK.fullmatch(term)
        if not (_is_network(network) if network else _TERM.fullmatch(term)):
            yield term


def _is_network(match: re.Match[str]) -> bool:
    try:
        return ipaddress.ip_network(match[3], strict=False).version == int(match[2])
    except ValueError:
        return False
