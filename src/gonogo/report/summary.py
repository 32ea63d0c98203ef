"""``summary.md``: the run on one page of Markdown, for the summary of a CI job or a pull request. Never above 64 kB."""

from collections.abc import Iterator, Sequence

from gonogo.base.durations import format_duration
from gonogo.base.wording import and_more, counted
from gonogo.record.history import section_totals
from gonogo.record.results import Outcome, Results, sum_line
from gonogo.report.blockers import because_of, stops, undone_lines
from gonogo.report.changes import before, change_counts, change_words, grouped_changes
from gonogo.report.markdown import inert, quoted
from gonogo.report.meaning import first_meaning
from gonogo.report.wording import (
    LINE_SHAPES,
    SHAPES,
    VERDICT_SHAPES,
    Problem,
    acts_label,
    asked,
    beside_causes,
    carried_runs,
    causes,
    command,
    command_after_repair,
    fix_label,
    further_notes,
    line_sum,
    owner,
    rehearsal_and_faults,
    reproduce,
    run_again,
    waiver_terms,
    word,
)

LARGEST_BYTES = 64_000
"""GitHub cuts off, or refuses, what is longer than it likes; we say what we leave off."""
_AT_MOST = (200, 100, 50, 25, 12, 6, 3, 1, 0)
"""Entries per list: the first number with which the page fits."""
_SHOWN = 5
"""Entries of a list that are open; the others are folded."""
_FEW = 5
_LOUD = (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_RUN)


def render_summary_page(results: Results) -> bytes:
    """The file's bytes."""
    pages = ("\n".join(_SummaryPage(results, most).lines()).encode() + b"\n" for most in _AT_MOST)
    return next(page for page in pages if len(page) <= LARGEST_BYTES)


class _SummaryPage:
    def __init__(self, results: Results, most: int) -> None:
        self._results = results
        self._most = most

    def lines(self) -> Iterator[str]:
        results = self._results
        yield from self._header()
        foremost = causes(results)
        yield from self._list("What keeps it from GO", [self._problem(cause) for cause in foremost])
        yield from self._again(foremost)
        yield from self._list("Lines of the checklist that failed or are open", list(self._open()))
        yield from self._list(
            "Warnings", [self._problem(problem) for problem in beside_causes(results, [Outcome.WARN])]
        )
        unasked = [self._problem(problem) for problem in beside_causes(results, _LOUD)]
        yield from self._list("Failed, could not check, or not run: keeps nothing from GO", unasked)
        yield from self._list("Waivers", list(self._exceptions()))
        yield from self._list(
            "Findings", [f"{inert(finding.subject)}: {quoted(finding.message)}" for finding in results.findings]
        )
        changes = [inert(change_words(change, {})) for alike in grouped_changes(results).values() for change in alike]
        yield from self._list(f"Changes since {inert(results.history.since)}", changes)
        yield from self._sections()

    def _header(self) -> Iterator[str]:
        results, run, decision = self._results, self._results.run, self._results.decision
        yield f"# {VERDICT_SHAPES[decision.verdict]} {decision.verdict}: {inert(run.service)}, {inert(run.environment)}"
        yield ""
        if words := rehearsal_and_faults(results):
            yield from (f"**{inert(words)}.**", "")
        if words := first_meaning(results):
            yield from (f"{inert(words)}.", "")
        yield f"{counts}. {quoted(decision.reason)}" if (counts := stops(results).words) else quoted(decision.reason)
        yield ""
        yield f"- checks: {sum_line(results.counts)}"
        if results.leaves:
            yield f"- checklist: {line_sum(results)}"
        if results.lines:
            yield f"- {asked(results)}"
        release = quoted(results.release_words) if run.release else "no release given"
        yield f"- gate {inert(run.gate)}, release {release}, {quoted(run.base_url)}"
        seconds = format_duration(run.finished_at - run.started_at)
        yield f"- run {inert(run.id)}, {run.started_at:%Y-%m-%d %H:%M:%S} UTC, within {seconds}; the whole of it is in signoff.html"
        counts = f": {words}" if (words := change_counts(results)) else ""
        yield f"- {before(results)}{counts}"
        yield from self._cut([f"- {quoted(words)}" for words in carried_runs(results)], "other runs")
        if run.interrupted:
            yield "- **the run was interrupted**: what it did not reach is NOT RUN"
        differences = [difference.words for difference in results.provenance.policy_differences]
        yield from self._cut([f"- {quoted(note)}" for note in (*further_notes(results), *differences)], "notes")

    def _list(self, title: str, entries: Sequence[str]) -> Iterator[str]:
        if entries:
            yield from ("", f"## {title}", "")
            rows = list(self._cut([f"- {entry}" for entry in entries], "of them"))
            yield from rows[:_SHOWN]
            if folded := rows[_SHOWN:]:
                yield from ("", f"<details><summary>{len(folded)} more</summary>", "", *folded, "", "</details>")

    def _again(self, keeping: Sequence[Problem]) -> Iterator[str]:
        """The commands that ask the first of them again, as this run did."""
        if rows := [
            f"| {inert(problem.check.id)} | {quoted(command(self._results, problem.check.id))} |"
            for problem in keeping[: min(_SHOWN, self._most)]
        ]:
            yield from ("", f"| {reproduce(self._results) or 'to ask it again'} | command |", "| --- | --- |", *rows)
            yield from ("", f"{run_again(self._results)}: {quoted(command_after_repair(self._results))}")

    def _cut(self, entries: Sequence[str], noun: str) -> Iterator[str]:
        yield from entries[: self._most]
        if len(entries) > self._most:
            yield f"- and {len(entries) - self._most} more {noun}, left off here; signoff.html has all"

    def _open(self) -> Iterator[str]:
        explained = because_of(self._results)
        for line in undone_lines(self._results):
            because = f"; because of {inert(explained[line.id])}" if line.id in explained else ""
            yield f"{LINE_SHAPES[line.status]} **{inert(line.id)}** {line.status}, {inert(line.text)}: {quoted(line.why)}{because}"

    def _exceptions(self) -> Iterator[str]:
        for exception in self._results.exceptions:
            yield (
                f"{SHAPES[Outcome.WAIVED]} **{inert(exception.check)}** {waiver_terms(self._results, exception)}, owner "
                f"{inert(exception.owner)}, approved by {inert(exception.approved_by)}: {quoted(exception.reason)}; risk: {quoted(exception.risk)}"
            )

    def _sections(self) -> Iterator[str]:
        totals = section_totals(self._results)
        if not totals:
            return
        yield from ("", "## The checklist by section", "", "| section | done | demanded |", "| --- | ---: | ---: |")
        rows = [f"| {inert(name)} | {done_lines} | {demanded} |" for name, (done_lines, demanded) in totals.items()]
        yield from rows[: self._most]
        if len(rows) > self._most:
            yield f"| and {len(rows) - self._most} more sections, left off here | | |"

    def _problem(self, problem: Problem) -> str:
        check, observation = problem.check, problem.observation
        more = f" (and at {problem.elsewhere} more)" if problem.elsewhere else ""
        fix = f"; {fix_label(self._results)}: {quoted(problem.fix)}" if problem.fix else ""
        acts = f"; {acts_label(self._results)}: {inert(who)}" if (who := owner(self._results, check)) else ""
        alike = f"; shows as well in {inert(and_more(problem.alike, _FEW))}" if problem.alike else ""
        number = counted(len(problem.consequences), "check")
        blocks = f"; blocks {number}" if problem.consequences else ""
        severity = f", {check.severity}" if check.outcome is not Outcome.WARN else ""
        return (
            f"{SHAPES[check.outcome]} **{inert(check.id)}** {word(check.outcome)}{severity}: "
            f"{quoted(observation.message)}{more}{fix}{acts}{alike}{blocks}"
        )
