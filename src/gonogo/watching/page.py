"""The live page: the state as HTML, whole without JavaScript; and as events, for browsers that stay."""

import hashlib
import json
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from gonogo.base.durations import format_duration
from gonogo.evidence.watch import AlertState
from gonogo.report.day_chart import HEIGHT, WIDTH, chart
from gonogo.report.filters import css
from gonogo.report.pages import content_hash, page_environment, page_source
from gonogo.report.visible import visible
from gonogo.watching.rows import DutyState, LiveState

_SHAPES = {
    AlertState.OK: "✔",
    AlertState.FEW: "○",
    AlertState.PENDING: "◔",
    AlertState.FIRING: "✖",
    AlertState.NO_DATA: "?",
    AlertState.RESOLVED: "✔",
    DutyState.DONE: "✔",
    DutyState.OVERDUE: "✖",
    DutyState.DUE: "▶",
    DutyState.LATER: "○",
    None: "?",
}


def render_page(state: LiveState, body: str, age: float) -> bytes:
    """The whole page; ``age`` is how many seconds ago its newest round was."""
    style, script = _sources()
    page = (
        _environment()
        .get_template("live.html.j2")
        .render(
            state=state,
            body=Markup(body),  # noqa: S704 - of our own templates, which escape
            title=_title(state),
            age=round(age, 3),
            style=style,
            script=script,
            version=_version(),
            reload_seconds=max(1, round(state.every)),
        )
    )
    return page.encode()


def render_body(state: LiveState) -> str:
    """The parts of the page, which browsers replace when they change."""
    return _environment().get_template("_live.j2").render(state=state, when=_moments(state), age=_ages(state))


def render_event(state: LiveState, body: str, age: float) -> bytes:
    """The same for a browser that is there already, as JSON without a line break."""
    event = {
        "age": round(age, 3),
        "patience": state.patience,
        "every": state.every,
        "version": _version(),
        "title": _title(state),
        "body": body,
    }
    return json.dumps(event).encode()


def content_policy() -> str:
    """The page's Content-Security-Policy: our own style and script by their hashes, and events from where it came."""
    style, script = _sources()
    return (
        f"default-src 'none'; style-src 'sha256-{content_hash(style)}'; script-src 'sha256-{content_hash(script)}'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _title(state: LiveState) -> str:
    return visible(f"{state.word} · {state.service} · {state.environment}")


def _sources() -> tuple[Markup, Markup]:
    environment = _environment()
    return page_source(environment, "palette.css", "live.css"), page_source(environment, "live.js")


@cache
def _version() -> str:
    """Of the page's own code: a browser that has another one loads it anew."""
    style, script = _sources()
    return hashlib.sha256(f"{style}{script}".encode()).hexdigest()[:12]


@cache
def _environment() -> jinja2.Environment:
    environment = page_environment("gonogo.watching", "gonogo.report")
    environment.filters.update(css=css, shape=_SHAPES.__getitem__)
    environment.globals.update(chart=chart, width=WIDTH, height=HEIGHT)
    return environment


class _moments:  # noqa: N801 - a function of the template that knows the state
    """Moments in the team's zone, and in UTC where that is another time; with the day where it is not today."""

    def __init__(self, state: LiveState) -> None:
        self._zone, self._now = ZoneInfo(state.zone), state.now

    def __call__(self, moment: datetime) -> Markup:
        there = moment.astimezone(self._zone)
        day = "" if there.date() == self._now.astimezone(self._zone).date() else f"{there:%a %d %b} "
        utc = (
            ""
            if there.utcoffset() == timedelta()
            else Markup(' <span class="utc">({:%H:%M} UTC)</span>').format(moment)
        )
        zone = "UTC" if not utc else ""
        text = f"{day}{there:%H:%M:%S} {zone}".strip()
        return Markup('<time datetime="{}">{}</time>{}').format(f"{moment:%Y-%m-%dT%H:%M:%SZ}", text, utc)


class _ages:  # noqa: N801 - as above
    """How long ago something was."""

    def __init__(self, state: LiveState) -> None:
        self._now = state.now

    def __call__(self, moment: datetime, until: datetime | None = None) -> str:
        return format_duration(timedelta(seconds=max(0, round(((until or self._now) - moment).total_seconds()))))
