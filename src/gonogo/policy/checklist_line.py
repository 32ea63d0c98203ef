"""One line of the checklist, and the comment that ends it: its id, and what must be true for it to count."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from gonogo.base.durations import parse_duration

OPTIONS = ("env", "attest", "checks", "valid", "evidence", "group", "states", "when")
ID = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", re.ASCII)
STATED = re.compile(r"(?P<key>[a-z][a-z0-9_-]*(?:\.[A-Za-z0-9_*-]+)+):(?P<value>[^:,]+)")
COMMENT = re.compile(r"[ \t]*<!--(?P<text>[^>]*?)-->[ \t]*$")
LONGEST_VALID = timedelta(days=366)
_OF_LEAVES = ("env", "attest", "checks", "valid", "evidence", "states", "when")
"""Options that speak of a line itself: on a line with others below it they would be read by nobody."""


class Stage(StrEnum):
    """When, in the course of a launch, a line can be known to be true."""

    BEFORE_DEPLOY = "before-deploy"
    AFTER_DEPLOY = "after-deploy"
    LAUNCH = "launch"
    AFTER_LAUNCH = "after-launch"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistLine:
    """One line with a box."""

    id: str
    """Empty while it has none."""
    text: str
    """As it is read: without Markdown, without the comment."""
    number: int
    """Number of the line in the file, from 1."""
    checked: bool = False
    section: Sequence[str] = ()
    """The headings above it, the outermost first."""
    parents: Sequence[str] = ()
    """Ids of the boxes that it stands below, the outermost first."""
    leaf: bool = True
    environments: Sequence[str] = ()
    """Empty: all."""
    attest: Sequence[str] = ()
    """Roles, one of which must attest it."""
    checks: Sequence[str] = ()
    valid: timedelta | None = None
    """How long an attestation of it may count; None: as long as any."""
    digest_alone: bool = False
    """Whether the digest of the evidence is enough, without the file."""
    states: Sequence[str] = ()
    """Values that its words state, each as ``key:value`` with the key of the environment file that must say the same."""
    when: Stage | None = None
    """The time of the launch that it belongs to; None: any."""
    group: Sequence[str] = ()
    """The only environments that a line with others below it is about; empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """The comment of a line, and the problems in it."""

    id: str = ""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: Sequence[str] = ()

    @property
    def stage(self) -> Stage | None:
        """The time that it names."""
        return Stage(self.options["when"][0]) if "when" in self.options else None

    @property
    def valid(self) -> timedelta | None:
        """The longest validity that it names."""
        return parse_duration(self.options["valid"][0]) if "valid" in self.options else None


def read_comment(row: str) -> Comment:
    """The comment at the end of a line of the file."""
    match = COMMENT.search(row)
    words = match["text"].split() if match else []
    if not words:
        return Comment()
    problems: list[str] = []
    if not ID.fullmatch(words[0]):
        problems.append(f"{words[0]!r} is not an id; write lower-case words with dots, as in <!-- tls.validity -->")
    options: dict[str, tuple[str, ...]] = {}
    for word in words[1:]:
        key, equals, values = word.partition("=")
        if problem := _problem(word, key, equals, values, options):
            problems.append(problem)
        else:
            options[key] = tuple(values.split(","))
    return Comment(id=words[0], options=options, problems=problems)


def _problem(word: str, key: str, equals: str, values: str, options: Mapping[str, tuple[str, ...]]) -> str:
    if key not in OPTIONS or not equals or not values:
        names = ", ".join(f"{option}=…" for option in OPTIONS)
        return f"{word!r} is not known here; after the id may stand {names}"
    if key in options:
        return f"{key}= is here twice; write it once, with commas"
    if not all(values.split(",")):
        return f"{word!r} has an empty name between its commas; remove it"
    if key == "evidence" and values != "digest":
        return f"{word!r}: evidence=digest is the only one: the digest of the evidence is enough, without the file"
    return _value_problem(word, key, values)


def _value_problem(word: str, key: str, values: str) -> str:
    if key == "when" and values not in tuple(Stage):
        return f"{word!r}: when= is one of {', '.join(Stage)}"
    if key == "states" and (wrong := [statement for statement in values.split(",") if not STATED.fullmatch(statement)]):
        return f"{wrong[0]!r} states no value; write key:value as in smoke.beta_limit:50, or key:..value for at most"
    return _duration_problem(word, values) if key == "valid" else ""


def _duration_problem(word: str, values: str) -> str:
    try:
        lasts = parse_duration(values)
    except ValueError as error:
        return f"{word!r}: {error}; write it without blanks, as in valid=24h"
    if not timedelta(0) < lasts <= LONGEST_VALID:
        return f"{word!r}: up to {LONGEST_VALID.days} days are possible"
    return ""


def misplaced(line: ChecklistLine) -> Iterator[str]:
    """Options that nobody reads where they stand."""
    options = {
        "env": line.environments,
        "attest": line.attest,
        "checks": line.checks,
        "valid": line.valid,
        "evidence": line.digest_alone,
        "states": line.states,
        "when": line.when,
    }
    wrong = [f"{option}=" for option in _OF_LEAVES if options[option]]
    if not line.leaf and wrong:
        pronoun = "them" if len(wrong) > 1 else "it"
        yield (
            f"{line.id or line.text} has lines below it, and takes its status from them: {', '.join(wrong)} would have no "
            f"effect here; write {pronoun} on those lines"
        )
    if line.leaf and line.group:
        yield f"{line.id}: group= is for a line with others below it; write env= here"
    if not line.text:
        yield "this box has no text; write what is to be done, or remove the box"


def proving(line: ChecklistLine, proves: Mapping[str, Sequence[str]]) -> list[str]:
    """The checks that prove a line: by their own catalogue line, or by the line's comment; as ``proves`` has them."""
    return [check for check, lines in proves.items() if line.id in lines or check in line.checks]
