"""The words by which services call themselves well or ill."""

import re

from gonogo.evidence.http import Meaning

PASSING = frozenset(
    [
        "ok",
        "okay",
        "up",
        "pass",
        "passed",
        "passing",
        "healthy",
        "success",
        "successful",
        "true",
        "good",
        "fine",
        "working",
        "available",
        "ready",
        "running",
        "alive",
        "live",
        "green",
        "connected",
        "operational",
        "online",
        "serving",
        "normal",
        "reachable",
        "pong",
        "nominal",
        "200_ok",
        "enabled",
        "server_is_ready",
        "server_is_not_shutting_down",
        "server_available",
    ]
)
WARNING = frozenset(
    [
        *("warn", "warning", "degraded", "unknown", "yellow", "partial", "concerned", "impaired"),
        *("circuit_open", "circuit_half_open"),
    ]
)
FAILING = frozenset(
    [
        "down",
        "fail",
        "failed",
        "failing",
        "failure",
        "error",
        "errored",
        "unhealthy",
        "critical",
        "red",
        "false",
        "out_of_service",
        "unavailable",
        "stopped",
        "disconnected",
        "offline",
        "dead",
        "outage",
        "not_serving",
        "timeout",
        "timed_out",
        "unreachable",
        "broken",
        "refused",
        "bad",
        "fatal",
        "exhausted",
        "lost",
        "ko",
        "draining",
        "shutting_down",
        "terminating",
        "server_is_shutting_down",
        "server_is_not_ready",
        "server_not_available",
    ]
)
_NEGATIONS = {"not", "no", "never", "cannot", "isn", "t", "un"}
_NOT_YET = re.compile(
    r"\b(?:starting|booting|warming|spinning|loading|initiali[sz]ing|waiting|migrating|restoring|syncing|catching|pending"
    r"|0 ?(?:/|of) ?[1-9]\d*|maintenance|please|will|soon|until|migrations? (?:is |are )?running|running (?:\w+ )?migrations?)\b"
)
"""What is to come, or is asked of the reader: the word of health beside it is no word about now."""
_LETTERS = re.compile(r"[a-z_]+")
_LONGEST_SENTENCE = 200
_HEALTHY_CODES, _FAILING_CODES = range(200, 400), range(400, 600)


def meaning_of(value: object) -> Meaning:
    """The meaning of one value of a health document: a word, a truth value, or a status as in HTTP."""
    match value:
        case bool():
            return Meaning.PASS if value else Meaning.FAIL
        case int() if value in _HEALTHY_CODES:
            return Meaning.PASS
        case int() if value in _FAILING_CODES:
            return Meaning.FAIL
        case str():
            return _meaning_of_word(value)
        case _:
            return Meaning.UNKNOWN


def meaning_of_sentence(text: str) -> Meaning:
    """The meaning of a line of plain text, as of ``OK`` and of ``Prometheus Server is Healthy``."""
    alone = _meaning_of_word(text)
    words = _LETTERS.findall(text.lower())
    if alone is not Meaning.UNKNOWN or not words or len(text) > _LONGEST_SENTENCE:
        return alone
    if _NEGATIONS.intersection(words) or _NOT_YET.search(text.lower()):
        return Meaning.UNKNOWN
    if FAILING.intersection(words):
        return Meaning.FAIL
    if {words[0], words[-1]} & WARNING:
        return Meaning.WARN
    return Meaning.PASS if {words[0], words[-1]} & PASSING else Meaning.UNKNOWN


def _meaning_of_word(text: str) -> Meaning:
    """The meaning of one word, whatever its case, hyphens and quotes; a number is a status of HTTP."""
    word = text.strip().strip("\"'.!").lower().replace("-", "_").replace(" ", "_")
    if word.isdecimal():
        return meaning_of(int(word[:9]))
    if word in PASSING:
        return Meaning.PASS
    if word in WARNING:
        return Meaning.WARN
    return Meaning.FAIL if word in FAILING else Meaning.UNKNOWN
