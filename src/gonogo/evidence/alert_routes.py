"""How an Alertmanager routes alerts: from the labels of an alert to the receivers that may get it.

https://prometheus.io/docs/alerting/latest/configuration/#route
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCondition:
    """One condition of a route."""

    label: str
    operator: str
    """``=``, ``!=``, ``=~`` or ``!~``; empty for a condition that is not understood."""
    value: str

    def holds(self, labels: Mapping[str, str]) -> bool | None:
        """Whether an alert with these labels fulfils it; None if that cannot be told, as of a label that it may get yet."""
        own = labels.get(self.label)
        if own is None or "{{" in own or not self.operator:
            return None
        try:
            same = re.fullmatch(self.value, own) is not None if "~" in self.operator else own == self.value
        except re.error:
            return None
        return same != self.operator.startswith("!")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRoute:
    """A route, with those below it."""

    receiver: str
    conditions: tuple[LabelCondition, ...] = ()
    goes_on: bool = False
    """Whether its later siblings are tried as well (``continue``)."""
    routes: tuple["AlertRoute", ...] = ()

    def takes(self, labels: Mapping[str, str]) -> bool | None:
        """Whether an alert with these labels comes here; None if that cannot be told."""
        answers = [condition.holds(labels) for condition in self.conditions]
        if False in answers:
            return False
        return None if None in answers else True

    def receivers(self, labels: Mapping[str, str]) -> frozenset[str]:
        """Every receiver that may get an alert that has come here; what cannot be told may be so."""
        found, settled = frozenset[str](), False
        for route in self.routes:
            taken = route.takes(labels)
            if taken is False:
                continue
            found |= route.receivers(labels)
            settled = settled or taken is True
            if taken and not route.goes_on:
                break
        return found if settled else found | {self.receiver}
