"""The changes since another run, in words: for the page, the summary, and ``gonogo diff``."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby

from gonogo.base.durations import format_duration
from gonogo.base.wording import and_more, counted
from gonogo.record.results import Change, LineStatus, Outcome, Results, sum_line
from gonogo.record.waiver_changes import WITHOUT_EFFECT
from gonogo.report.visible import visible
from gonogo.report.wording import asked, rehearsal_and_faults, verdict_words

NO_LONGER_CHECKED, NO_LONGER_DONE = "no longer checked", "no longer done"
"""What *became unverified* is for people: a check that has no answer any more; a line that is open or failed."""
NO_EFFECT = f"{WITHOUT_EFFECT} on the verdict"
CHANGE_SHAPES = {
    "weakened": "≠",
    "newly failing": "✖",
    "newly warning": "▲",
    NO_LONGER_CHECKED: "○",
    NO_LONGER_DONE: "○",
    "removed": "−",  # noqa: RUF001 - a minus sign
    "policy changed": "≠",
    "fixed": "✔",
    "added": "+",
    NO_EFFECT: "◇",
}
_POLICIES = {
    "catalogue": "the catalogue of the checks",
    "checks": "the code of the checks",
    "environment": "what the environment expects",
    "policy": "the checklist, the gates, the people, the attestations or the waivers",
}
_LONGEST = 160
_FEW = 3
_LOUDEST_FIRST = (
    "newly failing",
    "weakened",
    "policy changed",
    "newly warning",
    NO_LONGER_CHECKED,
    NO_LONGER_DONE,
    "removed",
    "added",
    "fixed",
    NO_EFFECT,
)
NEWLY_FAILING = "newly failing"
_NOUNS = {NO_LONGER_DONE: "checklist line", NO_EFFECT: "waiver"}
"""Of what, where a kind has one: others are of checks, or of several."""
_RULES = {"weakened", "policy changed"}
"""Kinds of changes by which the two runs were judged differently."""
LOUD_CHANGES = frozenset({"weakened", NEWLY_FAILING})
"""Kinds that are open on the page, however many there are of the others."""
_UNDONE = {LineStatus.OPEN.value, LineStatus.FAILED.value}
_WORDS = {Outcome.ERROR.value: Outcome.ERROR.words, "excepted": LineStatus.WAIVED.value}


def grouped_changes(results: Results) -> Mapping[str, Sequence[Change]]:
    """The changes by kind, the loudest first; kinds that there are none of are left out."""
    changes = results.history.changes
    grouped = {kind: [change for change in changes if kind_words(change) == kind] for kind in _LOUDEST_FIRST}
    return {kind: alike for kind, alike in grouped.items() if alike}


def kind_words(change: Change) -> str:
    """The kind of change as people read it."""
    if change.kind == WITHOUT_EFFECT:
        return NO_EFFECT
    if change.kind != "became unverified":
        return change.kind
    return NO_LONGER_DONE if change.after in _UNDONE else NO_LONGER_CHECKED


def since(results: Results) -> str:
    """The run that this one is compared with; empty if there is none."""
    history = results.history
    return history.since or (history.runs[-1].id if history.runs and history.changes else "")


def before(results: Results) -> str:
    """``The previous run, 54 s earlier, was GO``: what a reader who knows the last run compares with."""
    base = since(results)
    run = next((run for run in results.history.runs if run.id == base), None)
    if run is None:
        runs = results.history.runs
        return (
            "No earlier run can be compared with this one" if runs else "This is the first run of this gate on record"
        )
    age = format_duration(timedelta(seconds=round((results.run.started_at - run.started_at).total_seconds())))
    return f"The previous run, {age} earlier, was {run.verdict}"


def change_counts(results: Results) -> str:
    """``2 newly failing (dns-a, tls-a), 1 weakened``: how much is different since then; empty where nothing can be compared."""
    if not since(results):
        return ""
    grouped = grouped_changes(results)
    counts = {
        kind: f"{counted(len(alike), _NOUNS[kind]) if kind in _NOUNS else len(alike)} {kind}"
        for kind, alike in grouped.items()
    }
    if failing := grouped.get(NEWLY_FAILING):
        counts[NEWLY_FAILING] += f" ({visible(and_more([change.subject for change in failing], _FEW))})"
    return ", ".join(counts.values()) or "nothing is different"


def rules_words(results: Results) -> str:
    """What to do before the verdicts are compared; empty where both runs were judged by the same rules."""
    return "the rules changed as well: read them before you compare" if _RULES & grouped_changes(results).keys() else ""


def weakened_words(results: Results) -> list[str]:
    """Lines and checks that are demanded less than in the run before: for whoever is about to sign."""
    kinds = {"weakened", "removed"}
    return [
        f"{visible(change.subject)}: {visible(change_details(change))}"
        for change in results.history.changes
        if change.kind in kinds
    ]


def titles_of(results: Results) -> Mapping[str, str]:
    """Titles of checks and texts of lines, by their ids: an id alone says nothing to whoever reads no code."""
    required = {check.id: f"required: “{check.title}”" for check in results.checks}
    return {**required, **{line.id: line.text for line in results.lines}}


def change_words(change: Change, titles: Mapping[str, str]) -> str:
    """``✖ tls-validity   pass → fail   required: “The certificate is valid”``."""
    title = f"   {_short(titles[change.subject])}" if change.subject in titles else ""
    return f"{CHANGE_SHAPES[kind_words(change)]} {visible(change.subject)}   {visible(change_details(change) + title)}"


def render_changes(before: Results, after: Results, changes: Sequence[Change]) -> str:
    """Grouped by kind, in the order given; no newline at the end."""
    return "\n".join(_lines(before, after, changes))


def _lines(before: Results, after: Results, changes: Sequence[Change]) -> Iterator[str]:
    for name, results in (("before", before), ("after", after)):
        run = results.run
        release = f" · release {visible(results.release_words)}" if run.release else ""
        interrupted = " · interrupted" if run.interrupted else ""
        yield f"{name:<7} {run.id} · {run.environment} · gate {run.gate}{release}{interrupted}"
        how_much = f" · {words}" if (words := asked(results)) else ""
        if words := rehearsal_and_faults(results):
            yield f"{'':<7} {visible(words)}"
        yield f"{'':<7} {verdict_words(results)} · {sum_line(results.counts)}{how_much}"
    titles = {**titles_of(before), **titles_of(after)}
    for kind, alike in groupby(changes, key=kind_words):
        group = list(alike)
        yield f"{kind.upper()} {len(group)}"
        yield from (f" {change_words(change, titles)}" for change in group)
    if not changes:
        yield "no change: every check and every line is as it was, by the same policy"


def change_details(change: Change) -> str:
    """``pass → fail``; of a rule its key, its old and its new value."""
    if change.kind == "policy changed":
        line, _, key = change.key.rpartition(".")
        if line and key == "attest":
            then, now = (side.replace("none", "nobody") for side in (change.before, change.after))
            return f"who may attest {line}: {then} → {now}"
        what = change.key or _POLICIES.get(change.subject, "")
        return f"{what}: {_short(change.before)} → {_short(change.after)}".removeprefix(": ")
    if change.kind == "removed":
        return f"was {change.before}; it is not there any more"
    if change.kind == "added":
        return change.after
    return f"{_WORDS.get(change.before, change.before)} → {_WORDS.get(change.after, change.after)}"


def _short(value: str) -> str:
    """A value in a line: results.json has the whole of it."""
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
