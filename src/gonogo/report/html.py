"""``signoff.html``: one page, whole without JavaScript, without a request to anywhere."""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import jinja2
from markupsafe import Markup

from gonogo.durations import format_duration
from gonogo.report.changes import change_line, grouped_changes
from gonogo.report.journeys import journeys
from gonogo.report.lines import STATUS_SHAPES, line_sum, sections, totals, undone
from gonogo.report.load import load_view
from gonogo.report.visible import visible
from gonogo.report.wording import SHAPES, VERDICT_SHAPES, command, families, problems, word
from gonogo.results import Outcome, Results, RoleResult, sum_line, to_bytes

_ROLES = (
    RoleResult(id="technical-lead", title="Technical lead", statements=()),
    RoleResult(id="product-owner", title="Product owner", statements=()),
    RoleResult(id="devops", title="DevOps", statements=()),
)
"""Who signs where no gates.toml says otherwise."""
_FRESH = timedelta(hours=4)
"""How long evidence is thought to hold: what the documentation gives to ``gonogo verify --max-age``."""
_LONGEST_FACT = 600
_MOST_ITEMS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One role's decision, as the sealed page shows it; whoever gives it here has verified it."""

    role: str
    signer: str
    decision: str
    comment: str
    time: datetime
    file: str


def render_signoff(results: Results, signatures: Sequence[Signature] = ()) -> bytes:
    """The page's bytes; the same results, and the same signatures, give the same bytes."""
    style, script = _source("signoff.css"), _source("signoff.js")
    page = (
        _environment()
        .get_template("signoff.html.j2")
        .render(
            results=results,
            style=Markup(style),  # noqa: S704 - our own file, and its hash stands in the policy
            style_hash=_hash(style),
            script=Markup(script),  # noqa: S704 - as above
            script_hash=_hash(script),
            signed={one.role: one for one in signatures},
            **_verdict_view(results),
            **_lists(results),
        )
    )
    return page.encode()


def _verdict_view(results: Results) -> dict[str, Any]:
    """What is read in the first ten seconds."""
    return {
        "sum_line": sum_line(results.counts),
        "line_sum": line_sum(results),
        "seconds": format_duration(results.run.finished_at - results.run.started_at),
        "fresh_until": results.run.finished_at + _FRESH,
        "digest": hashlib.sha256(to_bytes(results)).hexdigest(),
        "change_line": change_line(results),
        "roles": results.roles or _ROLES,
    }


def _lists(results: Results) -> dict[str, Any]:
    """What it rests on."""
    return {
        "families": families(results),
        "journeys": journeys(results),
        "load": load_view(results),
        "failed": problems(results, [Outcome.FAIL]),
        "warned": problems(results, [Outcome.WARN]),
        "gaps": problems(results, [Outcome.ERROR, Outcome.NOT_RUN]),
        "undone": undone(results),
        "sections": sections(results),
        "totals": totals(results),
        "changes": grouped_changes(results),
        "by_id": {line.id: line for line in results.lines},
        "excepted": {one.check: one for one in results.exceptions if one.state == "in force"},
        "outcomes": [(_css(outcome), word(outcome)) for outcome in Outcome if results.counts.get(outcome)],
        "shown_at": _shown_at(results),
    }


def _hash(text: str) -> str:
    """As a Content-Security-Policy wants it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _css(value: object) -> str:
    return str(value).replace(" ", "-").lower()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gonogo.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(
        word=word,
        shape=SHAPES.__getitem__,
        verdict_shape=VERDICT_SHAPES.__getitem__,
        utc=_utc,
        day=lambda moment: f"{moment:%Y-%m-%d}",
        seconds=lambda elapsed: f"{elapsed.total_seconds():.2f} s",
        facts=_facts,
        tally=_tally,
        css=_css,
        box=STATUS_SHAPES.__getitem__,
    )
    environment.globals.update(command=command, same=_same, nothing=timedelta())
    return environment


@cache
def _source(name: str) -> str:
    environment = _environment()
    loader = environment.loader
    if loader is None:
        raise AssertionError(name)
    return loader.get_source(environment, name)[0]


def _finalize(value: Any) -> Any:  # noqa: ANN401 - whatever a template puts out
    """Everything but our own markup is shown with its hidden characters spelled out."""
    if isinstance(value, Markup) or value is None:
        return value
    return visible(str(value))


def _shown_at(results: Results) -> Mapping[str, str]:
    """Where each set of facts is shown in full: at the first check that judged it. The others point there."""
    shown: dict[str, str] = {}
    for check in results.checks:
        for seen in check.observations:
            for value in seen.facts.values():
                shown.setdefault(_same(value), check.id)
    return shown


def _same(value: Any) -> str:  # noqa: ANN401 - JSON
    """Equal for equal facts."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _tally(checks: Sequence[Any]) -> str:
    counts = Counter(check.outcome for check in checks)
    return " · ".join(f"{counts[outcome]} {word(outcome)}" for outcome in Outcome if counts[outcome])


def _facts(value: Any) -> Any:  # noqa: ANN401 - JSON in, text or nested lists out
    """Facts as the page shows them: mappings as pairs, short lists as text, everything bounded."""
    match value:
        case None | "" | [] | ():
            return "none"
        case Mapping():
            shown = {str(key).replace("_", " "): item for key, item in value.items() if key != "scope"}
            return {key: _facts(item) for key, item in islice(shown.items(), _MOST_ITEMS)} | _left_off(len(shown))
        case list() | tuple() if all(not isinstance(item, Mapping | list | tuple) for item in value):
            return ", ".join(
                [_bounded(str(item)) for item in value[:_MOST_ITEMS]] + list(_left_off(len(value)).values())
            )
        case list() | tuple():
            return [_facts(item) for item in value[:_MOST_ITEMS]] + list(_left_off(len(value)).values())
        case bool():
            return "yes" if value else "no"
        case _:
            return _bounded(str(value))


def _left_off(found: int) -> dict[str, str]:
    """What a reader must know about a list that was cut: that it was."""
    return {"…": f"and {found - _MOST_ITEMS} more, in evidence.json"} if found > _MOST_ITEMS else {}


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_FACT else f"{text[:_LONGEST_FACT]}…"
