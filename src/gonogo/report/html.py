"""``signoff.html``: one page, whole without JavaScript, without a request to anywhere."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from gonogo.base.durations import format_duration
from gonogo.record.declared import RoleResult
from gonogo.record.results import DONE, Outcome, Results, sum_line
from gonogo.record.run_folder import SIGNOFF_WHOLE
from gonogo.report import drawing
from gonogo.report.bar_rows import HEIGHT as BAR_HEIGHT
from gonogo.report.bar_rows import coverage, coverage_key, verdict_history
from gonogo.report.blockers import Blockers, alike_words, blockers, stops, waiting_for
from gonogo.report.cause_graph import cause_graph
from gonogo.report.certificates import lifetimes
from gonogo.report.changes import (
    CHANGE_SHAPES,
    LOUD_CHANGES,
    before,
    change_counts,
    change_details,
    grouped_changes,
    rules_words,
    since,
    titles_of,
)
from gonogo.report.day_chart import HEIGHT, WIDTH
from gonogo.report.deciding import sign_command, verify_command
from gonogo.report.facts import page_facts
from gonogo.report.filters import bar, css, day, groupwise, safe_url, seconds, tally, utc
from gonogo.report.journeys import journeys
from gonogo.report.lines import STATUS_SHAPES, sections, supported, totals
from gonogo.report.load import UnreadableLoad, load_view
from gonogo.report.meaning import fact, line_fact, meaning, shortened
from gonogo.report.measured import earlier_outcomes, measured
from gonogo.report.pages import content_hash, page_environment, page_source
from gonogo.report.visible import visible
from gonogo.report.wording import (
    VERDICT_SHAPES,
    acts_label,
    asked,
    carried_runs,
    command,
    command_after_repair,
    families,
    fix_label,
    further_notes,
    line_counts,
    line_sum,
    owner,
    rehearsal,
    rehearsal_and_faults,
    reproduce,
    run_again,
    standing,
    waiver_note,
    word,
)
from gonogo.verdict.approval import go_refusal
from gonogo.verdict.endings import validity

_ROLES = (
    RoleResult(id="technical-lead", title="Technical lead", statements=()),
    RoleResult(id="product-owner", title="Product owner", statements=()),
    RoleResult(id="devops", title="DevOps", statements=()),
)
"""Roles that sign where no gates.toml says otherwise."""
_SEPARATOR = "\x1e"
"""Before each folded part at the end of the page: text of targets never has it (``visible``)."""
_MANY = 1000
"""Checks beyond which those that passed are shown with what was observed alone, so that the page stays light."""
_MOST_CARDS = 25
"""Causes that are not folded."""
_MOST_TOLD = 4
"""Causes on the first screen, of which the first has all of it there."""
_MOST_CHANGES = 25
"""Changes of a loud kind that are not folded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSignature:
    """One role's decision, as the sealed page shows it; whoever gives it here has verified it."""

    role: str
    signer: str
    decision: str
    comment: str
    time: datetime
    file: str


def render_signoff(results: Results, signatures: Sequence[ShownSignature] = (), *, whole: bool = False) -> bytes:
    """The page's bytes; the same results, and the same signatures, give the same bytes.

    What is folded waits as text until it is opened; the ``whole`` page has all of it, for readers without JavaScript
    and for paper.
    """
    environment = _environment()
    style = page_source(environment, "palette.css", "signoff.css", "drawing.css") + _sheets(results)
    script = page_source(environment, "signoff.js")
    page = environment.get_template("signoff.html.j2").render(
        results=results,
        whole=whole,
        beside="" if whole else SIGNOFF_WHOLE,
        chunks=[],
        separator=Markup(_SEPARATOR),  # noqa: S704 - our own
        many=len(results.checks) > _MANY,
        most_cards=_MOST_CARDS,
        most_told=_MOST_TOLD,
        most_changes=_MOST_CHANGES,
        loud_changes=LOUD_CHANGES,
        style=style,
        style_hash=content_hash(style),
        script=script,
        script_hash=content_hash(script),
        signed={signature.role: signature for signature in signatures},
        **_verdict_view(results),
        **_lists(results),
    )
    return page.encode()


def linked_here(folded: Markup) -> Markup:
    """What is folded, with links that stay in its page: it is opened by a script, which finds all the rest of it there."""
    return Markup(str(folded).replace(f'href="{SIGNOFF_WHOLE}#', 'href="#'))  # noqa: S704 - escaped already


def _sheets(results: Results) -> Markup:
    """What every sheet of paper says at its foot: whoever signs the last one signs this run."""
    foot = f"{results.decision.verdict} · {results.run.id} · results.json sha256:{results.digest}"
    text = "".join(
        letter if letter.isascii() and letter.isalnum() else f"\\{ord(letter):06x}" for letter in visible(foot)
    )
    boxes = f'@bottom-left {{ content: "{text}"; width: 88%; }} @bottom-right {{ content: counter(page) " of " counter(pages); }}'
    return Markup(f"@page {{ font: 7pt monospace; {boxes} }}\n")  # noqa: S704 - escaped for a string of CSS


def _verdict_view(results: Results) -> dict[str, Any]:
    """Values for the first card of the page, which is read in ten seconds."""
    counts = results.counts
    return {
        "sum_line": sum_line(counts),
        "unaccounted": counts["planned"] - sum(counts.get(outcome, 0) for outcome in Outcome),
        "line_sum": line_sum(results),
        "lines_unaccounted": len(results.leaves) - sum(line_counts(results).values()),
        "asked": f"{asked(results)}.",
        "check_bar": bar({outcome: counts.get(outcome, 0) for outcome in Outcome}),
        "line_bar": bar(line_counts(results)),
        "line_done": sum(line.status in DONE for line in results.leaves),
        "seconds": format_duration(results.run.finished_at - results.run.started_at),
        "stops": stops(results),
        "rehearsal": rehearsal(results),
        "rehearsal_and_faults": rehearsal_and_faults(results),
        "fix_label": fix_label(results).capitalize(),
        "acts_label": acts_label(results).capitalize(),
        "further_notes": further_notes(results),
        "reproduce": reproduce(results).capitalize(),
        "after_repair": command_after_repair(results),
        "run_again": run_again(results).capitalize(),
        "validity": validity(results),
        "digest": results.digest,
        "before": before(results),
        "change_counts": change_counts(results),
        "rules_words": rules_words(results),
        "changes": grouped_changes(results),
        "change_shapes": CHANGE_SHAPES,
        "titles": titles_of(results),
        "since": since(results),
        "roles": results.roles or _ROLES,
    }


def _lists(results: Results) -> dict[str, Any]:
    """Values for the lists below: everything that the verdict rests on."""
    remaining = blockers(results)
    place = f"reports/{results.run.environment}/{results.run.id}"
    return {
        "contents": _contents(results, remaining),
        "folder": shlex.quote(place),
        "place": place,
        "newest": f"reports/{results.run.environment}/latest",
        "verify_command": verify_command(results, place),
        "blockers": remaining,
        "means": meaning(results, remaining.causes[0]) if remaining.causes else "",
        "families": families(results),
        "journeys": journeys(results),
        **_load(results),
        **_pictures(results),
        "totals": totals(results),
        "by_id": {line.id: line for line in results.lines},
        "outcomes": {check.id: check.outcome for check in results.checks},
        "by_check": {check.id: check for check in results.checks},
        "observed": {check.id: check.observed for check in results.checks},
        "waivers": {exception.check: exception for exception in results.exceptions if exception.state == "in force"},
        "shown_outcomes": [(css(outcome), word(outcome)) for outcome in Outcome if results.counts.get(outcome)],
        "facts": page_facts(results),
        "wide": drawing.WIDTH,
        "day_width": WIDTH,
        "day_height": HEIGHT,
        "carried": list(zip(results.carried, carried_runs(results), strict=True)),
    }


def _pictures(results: Results) -> dict[str, Any]:
    """Values for the pictures that stand beside the numbers."""
    parts = sections(results)
    rows = coverage(parts)
    return {
        "sections": parts,
        "coverage": rows,
        "coverage_key": coverage_key(rows),
        "verdict_history": verdict_history(results),
        "lifetimes": lifetimes(results),
        "bar_height": BAR_HEIGHT,
    }


def _load(results: Results) -> dict[str, Any]:
    """The load, and whether one was part of this run that this version cannot read: that is not the same as none."""
    try:
        return {"load": load_view(results), "load_unreadable": False}
    except UnreadableLoad:
        return {"load": None, "load_unreadable": True}


def _contents(results: Results, all_blockers: Blockers) -> list[tuple[str, str, int]]:
    """Anchor, name, and how much there is to read; the verdict stands above them."""
    return [
        ("blockers", "What blocks GO", len(all_blockers.causes) + len(all_blockers.unexplained)),
        ("waivers", "Waivers", len(results.exceptions)),
        ("signatures", "Sign-off", 0),
        ("sections", "Sections", 0),
        ("load", "Load", 0),
        ("since", "Changes", len(results.history.changes)),
        ("checklist", "Checklist", len(results.leaves)),
        ("provenance", "Provenance", 0),
        ("verify", "Verify", 0),
    ]


@cache
def _environment() -> jinja2.Environment:
    environment = page_environment("gonogo.report")
    environment.filters.update(
        {function.__name__: function for function in (utc, day, seconds, css, tally, safe_url, groupwise)}
    )
    environment.filters.update(
        word=word,
        verdict_shape=VERDICT_SHAPES.__getitem__,
        box=STATUS_SHAPES.__getitem__,
        change_details=change_details,
        linked_here=linked_here,
        shell=shlex.quote,
    )
    environment.globals.update(
        measured=measured,
        earlier_outcomes=earlier_outcomes,
        cause_graph=cause_graph,
        alike_words=alike_words,
        waiting_for=waiting_for,
    )
    environment.globals.update(
        command=command,
        fact=fact,
        line_fact=line_fact,
        shortened=shortened,
        owner=owner,
        standing=standing,
        nothing=timedelta(),
        supported=supported,
        go_refusal=go_refusal,
        sign_command=sign_command,
        waiver_note=waiver_note,
    )
    return environment
