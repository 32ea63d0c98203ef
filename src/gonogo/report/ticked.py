"""``checklist.md``: the team's own list, ticked, each tick beside what it stands on. The thing that people sign."""

from collections.abc import Mapping
from urllib.parse import quote

from gonogo.policy.checklist import surveyed
from gonogo.policy.list_text import ticked
from gonogo.record.results import DONE, CheckResult, LineResult, LineStatus, Outcome, Results
from gonogo.report.markdown import inert
from gonogo.report.wording import asked

_MOST_LINKS = 3


def render_checklist(results: Results) -> bytes:
    """The file's bytes: those of the list as it was read, but for the boxes, and a note per line."""
    # A statement is ticked by nobody but its role, whose signature lies beside this file and not in it.
    # What the gate did not ask is ticked by nobody either: of staging's deployment a production run saw production's.
    done_lines = frozenset(
        line.id
        for line in results.lines
        if line.status in DONE - {LineStatus.SUPPORTED} and (line.demanded or line.carried)
    )
    checklist, _, _ = surveyed(results.checklist, "checklist.md")
    text = ticked(checklist, done_lines, dict(line_notes(results)))
    return f"{text}{_postscript(results, text)}".encode()


def _postscript(results: Results, text: str) -> str:
    """Say below the list how much of it was asked: a list with few ticks may be whole, and one with many may not."""
    words = asked(results)
    if not words:
        return ""
    line_end = "\r\n" if "\r\n" in text else "\n"
    ended = "" if text.endswith(("\n", "\r")) else line_end
    return f"{ended}{line_end}→ gate {inert(results.run.gate)}: {words}{line_end}"


def line_notes(results: Results) -> Mapping[str, str]:
    """Return what a leaf's tick stands on, or why it has none, by the leaf's id."""
    checks = {check.id: check for check in results.checks}
    return {line.id: f"→ {_note(line, checks, results.run.gate)}" for line in results.lines if line.leaf}


def _note(line: LineResult, checks: Mapping[str, CheckResult], gate: str) -> str:
    links = _links(line, checks)
    if line.status in DONE and line.carried:
        return f"{line.status} by the carried run {inert(line.carried)}"
    if not line.demanded:
        return f"not asked by gate {inert(gate)}"
    if line.status in DONE:
        return ", ".join(filter(None, (links, _attested(line)))) or inert(line.why)
    # What a target said stands on the page: here is where, and what became of it.
    bad = [check for check in line.checks if check in checks and checks[check].outcome not in _FINE]
    return f"**{line.status}**: {_links(line, checks, only=bad) if bad else inert(line.why)}"


_FINE = {Outcome.PASS, Outcome.WARN, Outcome.WAIVED}


def _links(line: LineResult, checks: Mapping[str, CheckResult], only: list[str] | None = None) -> str:
    shown = list(line.checks if only is None else only)
    written = [_link(identifier, checks) for identifier in shown[:_MOST_LINKS]]
    if len(shown) > _MOST_LINKS:
        written.append(f"and {len(shown) - _MOST_LINKS} more")
    return ", ".join(written)


def _link(identifier: str, checks: Mapping[str, CheckResult]) -> str:
    check = checks.get(identifier)
    outcome = f" ({check.outcome.words})" if check and check.outcome is not Outcome.PASS else ""
    return f"[{inert(identifier)}](signoff.html#{quote(identifier, safe='')}){outcome}"


def _attested(line: LineResult) -> str:
    attestation = line.attested
    if attestation is None or attestation.problem:
        return ""
    return f"attested by {inert(attestation.by)} ({inert(attestation.role)}) until {attestation.until:%Y-%m-%d}"
