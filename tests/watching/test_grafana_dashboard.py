"""The dashboard of ``gonogo rules``, held against Grafana's own schema: its Foundation SDK, generated from what Grafana reads."""

import json
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from gonogo.families.watch.section import Watch
from gonogo.watching.rules_grafana import grafana_dashboard

_COUNTED = {"window": "5 min", "severity": "critical"}
WATCH = Watch.model_validate(
    {
        "thresholds": {
            "errors": {
                "title": "Few answers are errors",
                "line": "alerts.error-rate",
                "signal": {"ratio": ["bad_total", "all_total"]},
                "above": 0.05,
                "unit": "%",
                **_COUNTED,
            },
            "slow": {"signal": {"quantile": 0.95, "of": "s_bucket"}, "above": 1, "unit": "s", **_COUNTED},
            "database": {"signal": {"gauge": "up"}, "below": 1, "severity": "critical"},
        },
        "metrics": {
            "sales": {"signal": {"rate": "sales_total"}, "unit": "/s", "window": "15 min"},
            "size": {"signal": {"gauge": "size_bytes"}, "unit": "B"},
        },
    }
)


def dashboard() -> dict[str, Any]:
    """As it is written."""
    document: dict[str, Any] = json.loads(grafana_dashboard("shop", WATCH))
    return document


def problems(document: Mapping[str, Any]) -> list[str]:
    """What Grafana's schema does not have, or has otherwise."""
    register_default_plugins()
    read = Dashboard.from_json(dict(document))
    return [*_left_out(document, json.loads(JSONEncoder().encode(read)), "dashboard"), *_wrong(read, "dashboard")]


def _left_out(written: object, read: object, where: str) -> Iterator[str]:
    """Keys that Grafana's model does not know are not in what it writes again."""
    if isinstance(written, Mapping) and isinstance(read, Mapping):
        for key, value in written.items():
            if key in read:
                yield from _left_out(value, read[key], f"{where}.{key}")
            elif value is not None:
                yield f"{where}.{key} is unknown"
    elif isinstance(written, list) and isinstance(read, list):
        for place, (one, other) in enumerate(zip(written, read, strict=True)):
            yield from _left_out(one, other, f"{where}.{place}")
    elif written != read:
        yield f"{where} is {read!r}, and not {written!r}"


def _wrong(model: object, where: str) -> Iterator[str]:
    """Values that are not of the type that the model declares."""
    if isinstance(model, list):
        for place, one in enumerate(model):
            yield from _wrong(one, f"{where}.{place}")
    elif type(model).__module__.startswith("grafana_foundation_sdk") and not isinstance(model, Enum):
        for name, kind in typing.get_type_hints(type(model)).items():
            value = getattr(model, name)
            if value is not None and not any(_is(value, option) for option in _options(kind)):
                yield f"{where}.{name} is {value!r}"
            yield from _wrong(value, f"{where}.{name}")


def _options(kind: object) -> tuple[object, ...]:
    is_union = typing.get_origin(kind) in {typing.Union, types.UnionType}
    return typing.get_args(kind) if is_union else (kind,)


def _is(value: object, kind: object) -> bool:
    if typing.get_origin(kind) is not None or not isinstance(kind, type) or kind is type(None):
        return kind is not type(None)  # of lists and mappings, what is in them is looked at
    if issubclass(kind, Enum):
        return value in {option.value for option in kind}
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind)


def test_grafana_knows_every_key_and_value() -> None:
    """Grafana ignores what it does not know: a line that is not drawn would be noticed on launch day."""
    assert problems(dashboard()) == []


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("panels", 0, "fieldConfig", "defaults", "custom", "spanNull"), False, "custom.spanNull is unknown"),
        (("panels", 0, "fieldConfig", "defaults", "custom", "thresholdsStyle", "mode"), "lines", "mode is 'lines'"),
        (("panels", 0, "gridPos", "w"), "12", "w is '12'"),
        (("panels", 0, "options", "legend", "placement"), "below", "placement is 'below'"),
        (("templating", "list", 0, "type"), "source", "type_val is 'source'"),
    ],
)
def test_a_slip_of_the_pen_is_seen(path: tuple[str | int, ...], value: object, problem: str) -> None:
    """The test above asserts something."""
    document: Any = dashboard()
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (told,) = problems(document)
    assert told.endswith(problem)
