"""Reads the configuration that an Alertmanager shows of itself: its routes, and which receivers notify anybody."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import mapping, objects, text, texts
from gonogo.evidence.alert_routes import AlertRoute, LabelCondition

_CONDITION = re.compile(r"""\{?\s*"?([^\s"=!~{},]+)"?\s*(=~|!~|!=|=)\s*("?)([^",]*)\3\s*,?\s*\}?""")
_INTEGRATIONS = "_configs"
"""How the keys of a receiver end that say how somebody is notified: ``email_configs``, ``pagerduty_configs``."""


def read_routing(status: Mapping[str, Any]) -> tuple[AlertRoute, tuple[str, ...]]:
    """The routes, and the receivers that notify somebody. Raises Unobserved for what is no configuration."""
    try:
        configuration = mapping(yaml.safe_load(text(mapping(status.get("config")).get("original"))))
    except (yaml.YAMLError, RecursionError):
        configuration = {}
    route = mapping(configuration.get("route"))
    if not text(route.get("receiver")):
        raise Unobserved(
            "this Alertmanager does not show its configuration (/api/v2/status)",
            hint="nobody can tell whom it notifies: look at its page /#/status, and attest the line",
        )
    notifying = {
        text(receiver.get("name"))
        for receiver in objects(configuration.get("receivers"))
        if any(key.endswith(_INTEGRATIONS) and value for key, value in receiver.items())
    }
    return _route(route, ""), tuple(sorted(notifying))


def _route(route: Mapping[str, Any], above: str) -> AlertRoute:
    """A route without a receiver has that of the one above."""
    receiver = text(route.get("receiver")) or above
    return AlertRoute(
        receiver=receiver,
        conditions=tuple(_conditions(route)),
        goes_on=route.get("continue") is True,
        routes=tuple(_route(below, receiver) for below in objects(route.get("routes"))),
    )


def _conditions(route: Mapping[str, Any]) -> Iterator[LabelCondition]:
    for key, operator in (("match", "="), ("match_re", "=~")):
        for label, value in mapping(route.get(key)).items():
            yield LabelCondition(label=label, operator=operator, value=str(value))
    for matcher in texts(route.get("matchers")):
        understood = _CONDITION.fullmatch(matcher.strip())
        label, operator, _, value = understood.groups() if understood else (matcher, "", "", "")
        yield LabelCondition(label=label, operator=operator, value=value)
