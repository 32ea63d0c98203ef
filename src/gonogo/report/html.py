"""``signoff.html``: one page, whole without JavaScript, without a request to anywhere."""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import jinja2
from markupsafe import Markup

from gonogo.durations import format_duration
from gonogo.report.journeys import journeys
from gonogo.report.load import load_view
from gonogo.report.visible import visible
from gonogo.report.wording import SHAPES, VERDICT_SHAPES, command, families, problems, word
from gonogo.results import Outcome, Results, sum_line

ROLES = ("Technical lead", "Product owner", "DevOps")
_LONGEST_FACT = 600
_MOST_ITEMS = 40


def render_signoff(results: Results) -> bytes:
    """The page's bytes; the same results give the same bytes."""
    environment = _environment()
    style = _source("signoff.css")
    page = environment.get_template("signoff.html.j2").render(
        results=results,
        style=Markup(style),  # noqa: S704 - our own file, and its hash stands in the policy
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        families=families(results),
        journeys=journeys(results),
        load=load_view(results),
        failed=problems(results, [Outcome.FAIL]),
        warned=problems(results, [Outcome.WARN]),
        gaps=problems(results, [Outcome.ERROR, Outcome.NOT_RUN]),
        sum_line=sum_line(results.counts),
        seconds=format_duration(results.run.finished_at - results.run.started_at),
        roles=ROLES,
        shown_at=_shown_at(results),
    )
    return page.encode()


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
        seconds=lambda elapsed: f"{elapsed.total_seconds():.2f} s",
        facts=_facts,
        tally=_tally,
        css=lambda outcome: str(outcome).replace(" ", "-").lower(),
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
