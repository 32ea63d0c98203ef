"""The summary in the terminal, verdict first and, where the cursor stops, once more: what a tired engineer reads at 3 a.m.

It fits a screen of 60 columns. Lists of ids show three; of each kind of trouble the first few are told, and the others
are a number and the page: hundreds of lines would push the first cause off every screen.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from gonogo.base.bundled import ATTACHED
from gonogo.base.durations import format_duration
from gonogo.base.wording import and_more, counted
from gonogo.record.results import CheckResult, Outcome, Results, Verdict, asked_by_name, sum_line
from gonogo.report.blockers import because_of, blockers, stops, undone_lines, waiting_for
from gonogo.report.changes import NO_LONGER_CHECKED, change_counts, change_words, grouped_changes, titles_of
from gonogo.report.meaning import first_meaning, shortened
from gonogo.report.next_steps import INDENT, diff_command, next_steps, wrapped
from gonogo.report.visible import harmless, visible
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
    families,
    fix,
    fix_label,
    further_notes,
    line_sum,
    owner,
    rehearsal_and_faults,
    reproduce,
    verdict_words,
    waiver_terms,
    word,
)
from gonogo.verdict.causes import foremost

_COLOURS = {Verdict.GO: "32", Verdict.GO_WITH_EXCEPTIONS: "33", Verdict.NO_GO: "31", Verdict.INCOMPLETE: "33"}
_TITLES = {
    "BLOCKERS": {Outcome.FAIL},
    "COULD NOT CHECK": {Outcome.ERROR, Outcome.BLOCKED},
    "WAIVED, BUT OTHERS DEPEND ON IT": {Outcome.WAIVED},
}
"""Headings of causes, by the outcome of their first check, in the order of the causes; NOT RUN comes last."""
_NARROWEST = 60
_COMMAND = ": gonogo "
"""How a note ends that says what to type."""
_FEW = 3
"""Ids of a list."""
_MOST = 5
"""Causes, warnings, lines and changes of a kind that are told, each with what belongs to it."""
_LINE = 60
"""Letters of a line's text."""
_WHOLE = {"weakened", "removed"}
"""Kinds of changes that are told one by one, however many: what is asked less than before is news to whoever signs."""
_TOLD = {*_WHOLE, "policy changed", "newly failing", "newly warning", NO_LONGER_CHECKED}
"""Kinds of changes of which some are told; of the others their number."""


def render_summary(results: Results, *, report_path: str, report_digest: str, colour: bool, width: int) -> str:
    """All lines, without a newline at the end."""
    page = _TerminalPage(results, max(width, _NARROWEST), colour=colour)
    return "\n".join(harmless(line) for line in page.lines(report_path, report_digest))


def render_asked(results: Results, report_path: str, width: int) -> str:
    """The answer of a run that was asked for some checks by name: each of them first, then what it was asked with."""
    page = _TerminalPage(results, max(width, _NARROWEST), colour=False)
    return "\n".join(harmless(line) for line in page.asked(report_path))


class _TerminalPage:
    def __init__(self, results: Results, width: int, *, colour: bool) -> None:
        self._results = results
        self._width = width
        self._colour = colour
        self._blockers = blockers(results)

    def lines(self, report_path: str, report_digest: str) -> Iterator[str]:
        results = self._results
        yield from self._verdict()
        yield from self._rehearsal()
        yield from self._meaning()
        yield from self._header()
        told = causes(results)
        for title, outcomes in _TITLES.items():
            yield from self._section(title, [cause for cause in told if cause.check.outcome in outcomes])
        yield from self._not_run("NOT RUN", [cause for cause in told if cause.check.outcome is Outcome.NOT_RUN])
        yield from self._section("WARNINGS", beside_causes(results, [Outcome.WARN]))
        yield from self._section("ALSO FAILED", beside_causes(results, [Outcome.FAIL]))
        yield from self._section("COULD NOT CHECK EITHER", beside_causes(results, [Outcome.ERROR]))
        yield from self._not_run("NOT RUN EITHER", beside_causes(results, [Outcome.NOT_RUN]))
        yield from self._checklist()
        yield from self._exceptions()
        yield from self._findings()
        yield from self._changes()
        yield from self._notes()
        yield from self._families()
        yield from self._wrapped(" ", sum_line(results.counts))
        if results.leaves:
            yield from self._wrapped(" ", f"checklist {line_sum(results)}")
        if results.lines:
            yield from self._wrapped(" ", asked(results))
        digest = f"   sha256:{report_digest[:8]}…" if report_digest else ""
        yield f" report  {report_path}{digest}"
        yield from next_steps(results, self._blockers, self._width)
        yield from self._rehearsal()
        yield from self._verdict(last=True)

    def asked(self, report_path: str) -> Iterator[str]:
        """Yield the lines of an answer to questions about single checks. It is no verdict."""
        results = self._results
        found = asked_by_name(results)
        for check in found:
            observation = foremost(check, results.causes)
            start = f" {SHAPES[check.outcome]} {check.id}   {word(check.outcome)}   "
            yield from self._wrapped(start, visible(observation.message or check.title))
            text = fix(check, observation)
            if text and check.outcome is not Outcome.PASS:
                yield from self._wrapped(f"{INDENT}{fix_label(results)}: ", visible(text))
        for missing in sorted(set(results.run.only) - {check.id for check in found}):
            yield f" ○ {missing}   NOT RUN   gate {results.run.gate} does not demand it; choose another with --gate"
        asked = [check for check in results.checks if check not in found and check.outcome is not Outcome.NOT_RUN]
        for problem in (cause for cause in causes(results) if cause.check in asked):
            yield from self._problem(problem)
        yield from self._header()
        if asked:
            yield f" with what they need: {and_more([check.id for check in asked], _FEW)}"
        yield from self._notes()
        yield from self._rehearsal()
        yield f" report  {report_path}"
        yield " no verdict: only what is named above was asked; the latest whole run is as it was"

    def _header(self) -> Iterator[str]:
        run, release_words = self._results.run, self._results.release_words
        version = ".".join(run.gonogo.split(".")[:2])
        release = f" · release {visible(release_words)}" if release_words else " · no release given"
        where = f"gonogo {version} · {visible(run.service)} · {run.environment} · {run.base_url}"
        yield from self._wrapped("", f"{where}{release}{self._attached()}")
        question = f" · {visible(run.question)}" if run.question else ""
        yield from self._wrapped("", f"gate {run.gate}{question} · {self._results.counts['planned']} planned")

    def _families(self) -> Iterator[str]:
        """Yield a row for each family in which something is not in order, and one for all others."""
        grouped = families(self._results)
        well = [name for name, checks in grouped.items() if {check.outcome for check in checks} == {Outcome.PASS}]
        for family, checks in grouped.items():
            if family not in well:
                yield from self._wrapped(f" {family:<12}", _tally(checks))
        if well:
            passed = sum(len(grouped[name]) for name in well)
            yield from self._wrapped(f" {'all well':<12}", f"{passed:>4} pass  in {and_more(well, _FEW)}")

    def _section(self, title: str, rows: Sequence[Problem]) -> Iterator[str]:
        if rows:
            yield f" {title}"
        for problem in rows[:_MOST]:
            yield from self._problem(problem)
        if left := [problem.check.id for problem in rows[_MOST:]]:
            yield from self._wrapped(INDENT, f"and {len(left)} more, in the report: {and_more(left, _FEW)}")

    def _problem(self, problem: Problem) -> Iterator[str]:
        check, observation = problem.check, problem.observation
        more = f" (and at {problem.elsewhere} more)" if problem.elsewhere else ""
        yield from self._wrapped(f" {SHAPES[check.outcome]} {check.id}   ", visible(observation.message) + more)
        text = problem.fix
        if text:
            yield from self._wrapped(f"{INDENT}{fix_label(self._results)}: ", visible(text))
        if who := owner(self._results, check):
            yield f"{INDENT}{acts_label(self._results)}: {visible(who)}"
        if problem.alike:
            count = counted(len(problem.alike), "other check")
            yield from self._wrapped(f"{INDENT}also shows in {count}: ", and_more(problem.alike, _FEW))
        if problem.consequences:
            count = counted(len(problem.consequences), "other check")
            yield from self._wrapped(f"{INDENT}blocks {count}: ", and_more(problem.consequences, _FEW))
        if lines := waiting_for(problem, self._blockers):
            count = counted(len(lines), "checklist line")
            texts = [f"“{shortened(line.text, _LINE)}”" for line in lines]
            yield from self._wrapped(f"{INDENT}blocks {count}: ", visible(and_more(texts, _FEW)))
        again = f"{label}: " if (label := reproduce(self._results)) else ""
        yield f"{INDENT}→ {again}{command(self._results, check.id)}"

    def _not_run(self, title: str, unreached: Sequence[Problem]) -> Iterator[str]:
        """Forty checks with one reason are one line."""
        reasons: dict[tuple[str, str], list[str]] = {}
        for problem in unreached:
            observation = problem.observation
            ids = reasons.setdefault((observation.message, observation.hint), [])
            ids += [problem.check.id, *problem.alike]
        if reasons:
            yield f" {title}"
        for (message, hint), ids in reasons.items():
            yield from self._wrapped(f" {SHAPES[Outcome.NOT_RUN]} ", f"{and_more(ids, _FEW)}: {visible(message)}")
            if hint:
                yield from self._wrapped(f"{INDENT}fix: ", visible(hint))

    def _checklist(self) -> Iterator[str]:
        """The first lines that keep the gate shut, of which no cause was told first; a fresh list has hundreds."""
        undone = undone_lines(self._results)
        if undone:
            yield " CHECKLIST LINES NOT DONE"
        explained = because_of(self._results)
        for line in undone[:_MOST]:
            because = f"; because of {explained[line.id]}" if line.id in explained else ""
            text = shortened(line.text, _LINE)
            yield from self._wrapped(
                f" {LINE_SHAPES[line.status]} {line.id}   ", visible(f"{text}: {line.why}") + because
            )
        yield from self._left(len(undone))

    def _exceptions(self) -> Iterator[str]:
        if self._results.exceptions:
            yield " WAIVERS"
        for exception in self._results.exceptions:
            terms = f"{waiver_terms(self._results, exception)}, owner {visible(exception.owner)}: {visible(exception.reason)}"
            yield from self._wrapped(f" {SHAPES[Outcome.WAIVED]} {exception.check}   ", terms)

    def _findings(self) -> Iterator[str]:
        if self._results.findings:
            yield " FINDINGS"
        for finding in self._results.findings[:_MOST]:
            where = f" ({visible(finding.path)})" if finding.path else ""
            yield from self._wrapped(f" · {visible(finding.subject)}   ", f"{visible(finding.message)}{where}")
        yield from self._left(len(self._results.findings))

    def _changes(self) -> Iterator[str]:
        """Yield the changes that a signer who knows the last run must look at, the loudest first."""
        changes = self._results.history.changes
        if not changes:
            return
        yield from self._wrapped(
            f" CHANGES since {visible(self._results.history.since)}: ", change_counts(self._results)
        )
        shown, titles = 0, titles_of(self._results)
        for kind, alike in grouped_changes(self._results).items():
            told = (alike if kind in _WHOLE else alike[:_MOST]) if kind in _TOLD else []
            shown += len(told)
            for change in told:
                yield from self._wrapped(" ", change_words(change, titles))
        if len(changes) > shown:
            yield f"{INDENT}→ all {len(changes)}: {diff_command(self._results)}"

    def _notes(self) -> Iterator[str]:
        for note in further_notes(self._results):
            # A command at its end stays whole, as everywhere: it is pasted.
            words, marked, arguments = note.partition(_COMMAND)
            yield from self._wrapped(" note    ", visible(words + marked[:1]))
            if marked:
                yield f"{INDENT}→ {visible(marked[2:] + arguments)}"
        for words in carried_runs(self._results):
            yield from self._wrapped(" carried ", visible(words))
        differences = self._results.provenance.policy_differences
        for difference in differences[:_MOST]:
            yield from self._wrapped(" policy  ", visible(difference.words))
        yield from self._left(len(differences))

    def _left(self, number: int) -> Iterator[str]:
        """Yield how many entries of a list are in the report only."""
        if number > _MOST:
            yield f"{INDENT}and {number - _MOST} more, in the report"

    def _meaning(self) -> Iterator[str]:
        """Yield what the first cause means: the message below is for whoever repairs it."""
        if words := first_meaning(self._results):
            yield from self._wrapped(" ", visible(words))

    def _rehearsal(self) -> Iterator[str]:
        """Yield that the faults were switched on: right beside the verdict, so that nobody is called for them."""
        if words := rehearsal_and_faults(self._results):
            yield from self._wrapped(" ", visible(words))

    def _attached(self) -> str:
        """Said beside the verdict: somebody else's load and data on the same instance are part of it."""
        attached = any(note.startswith(ATTACHED) for note in self._results.provenance.notes)
        return " · on an instance that was up already" if attached else ""

    def _wrapped(self, start: str, text: str) -> Iterator[str]:
        return wrapped(start, text, self._width)

    def _verdict(self, *, last: bool = False) -> Iterator[str]:
        """Yield its line; where the counts do not fit into it they stand beside it, so that the last line is the verdict."""
        decision, run = self._results.decision, self._results.run
        verdict = decision.verdict
        counts = f"   {words}" if (words := stops(self._results).words) else ""
        seconds = format_duration(run.finished_at - run.started_at)
        verdict_text = f" {VERDICT_SHAPES[verdict]} {verdict_words(self._results)}{counts}{self._attached()}"
        beside: list[str] = []
        if counts and len(verdict_text) + len(seconds) >= self._width:
            beside = list(self._wrapped(" ", words))
            verdict_text = f" {VERDICT_SHAPES[verdict]} {verdict_words(self._results)}{self._attached()}"
        line = f"{verdict_text}{seconds:>{max(len(seconds) + 1, min(self._width, 80) - len(verdict_text))}}"
        coloured = f"\033[1;{_COLOURS[verdict]}m{line}\033[0m" if self._colour else line
        yield from [*beside, coloured] if last else [coloured, *beside]


def _tally(checks: Sequence[CheckResult]) -> str:
    counts = Counter(check.outcome for check in checks)
    return "".join(f"{counts[outcome]:>4} {word(outcome):<5}" for outcome in Outcome if counts[outcome]).rstrip()
