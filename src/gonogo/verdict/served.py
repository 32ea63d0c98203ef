"""The release that every address of the service was seen to serve: a pure function of what the checks looked at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gonogo.record.identity import ServedRelease
from gonogo.record.results import CheckResult
from gonogo.record.shown_facts import SHOWN_AT

_KIND = "service"


def served_releases(checks: Iterable[CheckResult]) -> Sequence[ServedRelease]:
    """One entry for each address that answered, by name; the foundation of every gate asks them all."""
    words: dict[str, dict[str, None]] = {}
    for facts in (
        observation.facts[_KIND] for check in checks for observation in check.observations if _KIND in observation.facts
    ):
        for evidence in facts if isinstance(facts, list) else [facts]:
            if SHOWN_AT in evidence:  # an earlier check holds them, and is looked at as well
                continue
            words.setdefault("/".join(evidence["scope"]), {}).update(dict.fromkeys(_words(evidence)))
    return [ServedRelease(at=at, words=tuple(release_words)) for at, release_words in sorted(words.items())]


def _words(evidence: Mapping[str, Any]) -> Iterable[str]:
    return (f"{word['value']} ({word['where']})" for answer in evidence["releases"] for word in answer)
