"""One check, or one line of the checklist, as ``gonogo show`` tells it."""

import shlex
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from gonogo.base.wording import counted
from gonogo.record.declared import Attested
from gonogo.record.results import WORST_FIRST, CheckResult, LineResult, Observation, Outcome, Results
from gonogo.record.shown_facts import facts_at
from gonogo.report.measured import measured
from gonogo.report.visible import harmless, visible
from gonogo.report.wording import (
    LINE_SHAPES,
    SHAPES,
    acts_label,
    command,
    fix,
    fix_label,
    owner,
    rehearsal_and_faults,
    reproduce,
    standing,
    waiver_terms,
    word,
)

_LONGEST = 600
_MOST_ITEMS = 40
_DEEPEST = 8
_MOST_TARGETS = 5
"""Of a check without ``--facts``, the worst first."""
_WIDTH = 80


def render_check(results: Results, check: CheckResult, *, whole: bool = False) -> str:
    """What to know of the check at 3 a.m.; the ``whole`` has why it matters as well, and every fact. No newline at the end."""
    return "\n".join(harmless(line) for line in (_whole if whole else _brief)(results, check))


def render_line(results: Results, line: LineResult) -> str:
    """The line of the checklist with everything that verifies it; no newline at the end."""
    return "\n".join(harmless(row) for row in _line(results, line))


def _brief(results: Results, check: CheckResult) -> Iterator[str]:
    """How it ended and where, what to do, who does it, since when it is so."""
    yield from _head(results, check)
    worst = sorted(check.observations, key=lambda observation: WORST_FIRST.index(observation.outcome))
    told = [observation for observation in worst if observation.outcome is not Outcome.PASS] or worst
    for observation in told[:_MOST_TARGETS]:
        yield from _observation(results, check, observation)
    if left := len(worst) - min(len(told), _MOST_TARGETS):
        yield f"  … and {counted(left, 'more target')}"
    yield f"  {acts_label(results)}: {visible(owner(results, check) or 'nobody is named')}"
    yield f"  since: {visible(standing(results, check))}"
    yield f"  {reproduce(results) or 'again'}: {visible(command(results, check.id))}"
    yield f"  with all facts, and why it matters: gonogo show {visible(shlex.quote(results.run.id))} {check.id} --facts"


def _whole(results: Results, check: CheckResult) -> Iterator[str]:
    yield from _head(results, check)
    yield f"  why: {visible(check.why)}"
    yield f"  fix: {visible(check.fix)}"
    for name, ids in (("proves", check.proves), ("supports", check.supports), ("needs", check.needs)):
        if ids:
            yield f"  {name}: {visible(', '.join(ids))}"
    yield f"  {acts_label(results)}: {visible(owner(results, check) or 'nobody is named')}"
    yield f"  since: {visible(standing(results, check))}"
    yield f"  {reproduce(results) or 'again'}: {visible(command(results, check.id))}"
    for observation in check.observations:
        yield from _observation(results, check, observation)
        for kind, facts in observation.facts.items():
            yield f"  {visible(kind)}"
            yield from _facts(facts_at(results.checks, kind, facts), 2)


def _head(results: Results, check: CheckResult) -> Iterator[str]:
    yield f"{SHAPES[check.outcome]} {check.id}   {word(check.outcome)}   {check.severity} · {check.effect}"
    yield f"  {visible(check.title)}"
    if check.outcome is not Outcome.PASS and (words := rehearsal_and_faults(results)):
        yield f"  {visible(words)}"
    for exception in results.exceptions:
        if exception.check == check.id:
            yield f"  waiver {waiver_terms(results, exception)}, owner {visible(exception.owner)}: {visible(exception.reason)}"


def _observation(results: Results, check: CheckResult, observation: Observation) -> Iterator[str]:
    """One target: how it ended there, what to do, and what it was judged by."""
    again = f"   at attempt {observation.attempts}" if observation.attempts > 1 else ""
    yield f"{SHAPES[observation.outcome]} {visible(' · '.join(observation.scope))}   {word(observation.outcome)}{again}"
    if observation.message:
        yield f"  {visible(observation.message)}"
    if observation.outcome is not Outcome.PASS and (text := fix(check, observation)):
        yield f"  {fix_label(results)}: {visible(text)}"
    for row in measured(observation):
        yield from wrap(
            f"{visible(row.what)}: {visible(row.line)}",
            _WIDTH,
            initial_indent=f"  {row.shape} ",
            subsequent_indent="      ",
            break_on_hyphens=False,
        )
    if observation.cause:
        yield f"  because of {visible(observation.cause.check)} at {visible(' · '.join(observation.cause.scope))}"


def _facts(value: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Nested, indented, bounded: evidence.json holds the whole."""
    indent = "  " * depth
    if not isinstance(value, Mapping | list | tuple):
        yield f"{indent}{_plain(value)}"
        return
    if isinstance(value, Mapping):  # its target stands above it
        pairs = [(name, item) for name, item in value.items() if name != "scope"]
    else:
        pairs = [("-", item) for item in value]
    for name, item in pairs[:_MOST_ITEMS]:
        label = "-" if name == "-" else f"{visible(str(name))}:"
        if name == "image" and item:
            yield f"{indent}{label} {len(str(item)) * 3 // 4000} kB, shown on the sign-off page"
            continue
        if isinstance(item, Mapping | list | tuple) and item and depth < _DEEPEST:
            yield f"{indent}{label}"
            yield from _facts(item, depth + 1)
        else:
            yield f"{indent}{label} {_plain(item)}"
    if len(pairs) > _MOST_ITEMS:
        yield f"{indent}… and {len(pairs) - _MOST_ITEMS} more, in evidence.json"


def _plain(value: Any) -> str:  # noqa: ANN401 - JSON
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = visible(str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _line(results: Results, line: LineResult) -> Iterator[str]:
    undemanded = "" if line.demanded else f"   not asked by gate {results.run.gate}"
    yield f"{LINE_SHAPES[line.status]} {line.id}   {line.status}{undemanded}"
    yield f"  {visible(line.text)}"
    yield f"  in    {visible(' / '.join(line.section))}, line {line.number}"
    yield f"  why   {visible(line.why)}"
    checks = {check.id: check for check in results.checks}
    proofs = [checks[identifier] for identifier in line.checks if identifier in checks]
    others = [checks[identifier] for identifier in line.supporting if identifier in checks]
    for check in (*proofs, *(check for check in others if check.outcome is not Outcome.PASS)):
        yield f"  {SHAPES[check.outcome]} check {check.id}   {word(check.outcome)}   {visible(check.title)}"
    if well := sum(check.outcome is Outcome.PASS for check in others):
        yield f"  {SHAPES[Outcome.PASS]} {counted(well, 'supporting check')} passed"
    if line.carried:
        yield f"  by the carried run {line.carried}: gonogo show {line.carried} {line.id}"
    if line.attest:
        yield f"  may be attested by {visible(' or '.join(line.attest))}"
    if line.attested:
        yield from _attested(line.attested)
    lines = {result.id: result for result in results.lines}
    for identifier in line.supports:
        supported = lines.get(identifier)
        if supported:
            yield f"  {LINE_SHAPES[supported.status]} line {supported.id}   {supported.status}   {visible(supported.text)}"


def _attested(attested: Attested) -> Iterator[str]:
    counts = f"; it does not count: {visible(attested.problem)}" if attested.problem else ""
    yield f"  attested by {visible(attested.by)} ({visible(attested.role)}), {attested.at:%Y-%m-%d} until {attested.until:%Y-%m-%d}{counts}"
    yield f"    {visible(attested.note)}"
    place = attested.url or attested.file or "kept elsewhere"
    yield f"    evidence {visible(attested.evidence)} ({visible(place)}), sha256:{attested.sha256}"
    if attested.path:
        yield f"    {visible(attested.path)}"
