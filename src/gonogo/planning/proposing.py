"""Proposes, for lines of a list that nothing proves, checks whose words are alike. A person says yes: words prove nothing.

The score is the cosine of the weighted words of both (tf-idf: Salton and Buckley, "Term-weighting approaches in automatic
text retrieval", 1988): 1 for the same words, 0 for none in common.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gonogo.planning.suite import Suite
from gonogo.policy.checklist_line import ChecklistLine, proving

WORTH_TELLING = 0.366
"""Below this score a check is not proposed."""
BEYOND_DOUBT = 0.95
"""Only from this score on a link is made where nobody is asked."""
_MOST = 3
_OF_WHY, _OF_HEADING = 0.25, 0.5
Weights = Mapping[str, float]
_OF_PROSE = (
    "a all an and any are as at be been by can do does every for from has have if in into is it its of on or "
    "our out per set setup so than that the their them there they this to up use used verified verify configured "
    "confirmed check checked ensure make sure must should was we were what when which who will with within you "
    "your"
)
_EMPTY = frozenset(_OF_PROSE.split())
_DENIALS = frozenset(("no", "not", "never", "without", "only", "nobody", "nothing", "none"))
"""Words that turn a promise round: where only one side has them, nothing is beyond doubt."""
_ALIKE = {
    "ssl": "tls",
    "https": "tls",
    "cert": "certificate",
    "certs": "certificate",
    "mongodb": "mongo",
    "domain": "dns",
    "db": "database",
    "dos": "load",
    "healthcheck": "health",
    "apis": "api",
    "swagger": "openapi",
    "prometheus": "metrics",
    "subdomain": "name",
    "cve": "updates",
    "ufw": "firewall",
    "latency": "fast",
    "response": "replies",
    "git": "repository",
    "commit": "release",
    "env": "variables",
    "environment": "variables",
}
"""Words of this field by the one that checks use."""
_SHORTEST_STEM = 4
_ENDINGS = re.compile(r"(?:ations?|ates?|ated|ions?|ing|ies|ied|ed|es|s|e|y)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One check that may verify a line."""

    line: ChecklistLine
    check: str
    title: str
    score: float
    """From 0 to 1."""

    @property
    def shown(self) -> str:
        """The proposal in one line, for the terminal."""
        return f"{self.line.id}: {self.check} ({self.score:.2f}) {self.title!r} for {self.line.text!r}"


def proposals(lines: Sequence[ChecklistLine], suite: Suite) -> Sequence[Sequence[Proposal]]:
    """For every leaf that nothing proves and no role attests, up to three checks, the likeliest first.

    Lines for which there is none are left out.
    """
    proves = {name: policy.proves for name, policy in suite.catalogue.items()}
    words = {name: _weighted_words(name, suite) for name in suite.order}
    rarity = _rarity(described for _, described in words.values())
    proposed = []
    for line in lines:
        if not line.leaf or line.attest or proving(line, proves):
            continue
        scored = sorted(((_score(line, words[name], rarity), name) for name in suite.order), reverse=True)
        likely = [
            Proposal(line=line, check=name, title=suite.catalogue[name].shown_title, score=score)
            for score, name in scored[:_MOST]
            if score >= WORTH_TELLING
        ]
        if likely:
            proposed.append(likely)
    return proposed


def stems(text: str) -> list[str]:
    """The words that mean something, without endings and accents; one of the field by its usual name."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = (_ALIKE.get(word, word) for word in re.findall(r"[a-z0-9]+", plain) if word not in _EMPTY)
    return [_stem(word) for word in words]


def _stem(word: str) -> str:
    if word in _DENIALS:
        return word
    short = _ENDINGS.sub("", word)
    return short if len(short) >= _SHORTEST_STEM else word.removesuffix("s")


def _weighted_words(name: str, suite: Suite) -> tuple[Weights, Weights]:
    """The words of the check's title, and those of title, name and reason together, each with its weight."""
    title = suite.catalogue[name].shown_title
    why = dict.fromkeys(stems(suite.declarations[name].why), _OF_WHY)
    return dict.fromkeys(stems(title), 1.0), {**why, **dict.fromkeys(stems(f"{title} {name}"), 1.0)}


def _score(line: ChecklistLine, check: tuple[Weights, Weights], rarity: Weights) -> float:
    """The words of line and title if they are nearly the same; else those with all that stands around them."""
    title, described = check
    text = dict.fromkeys(stems(line.text), 1.0)
    same = _cosine(text, title, rarity)
    if same >= BEYOND_DOUBT and _DENIALS & set(text) == _DENIALS & title.keys():
        return same
    heading = dict.fromkeys(stems(line.section[-1] if line.section else ""), _OF_HEADING)
    return min(_cosine({**heading, **text}, described, rarity), BEYOND_DOUBT - 0.01)


def _rarity(documents: Iterable[Weights]) -> Weights:
    """How much each word tells: the fewer checks have it, the more."""
    everything = list(documents)
    having = Counter(stem for words in everything for stem in words)
    return {stem: math.log((1 + len(everything)) / count) for stem, count in having.items()}


def _cosine(line: Weights, check: Weights, rarity: Weights) -> float:
    unknown = max(rarity.values(), default=1.0)
    first = {stem: weight * rarity.get(stem, unknown) for stem, weight in line.items()}
    second = {stem: weight * rarity[stem] for stem, weight in check.items()}
    product = sum(value * second.get(stem, 0.0) for stem, value in first.items())
    # Of equal words it may be a hair more than one, by the rounding of its roots.
    return min(1.0, product / (math.hypot(*first.values()) * math.hypot(*second.values()) or 1.0))
