"""The faults that the gate tells: so few that each check is red under one of them, and each line of ``lies.toml`` untrue.

``seen.json`` holds which checks were red under which fault when ``make faults`` told all of them last. A fault that does not
stand there, or under which nothing was red, is always told.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tests.faults.lies import lines_of

_SEEN = Path(__file__).with_name("seen.json")


def chosen(known: Sequence[str], prices: Mapping[str, float]) -> list[str]:
    """Those of the known faults, in their order; ``prices``: how much of a run each takes."""
    seen: Mapping[str, Sequence[str]] = json.loads(_SEEN.read_text(encoding="utf-8"))
    shown = {fault: _shown(fault, seen.get(fault, ())) for fault in known}
    told = {fault for fault in known if not seen.get(fault)}
    left = set[str]().union(*shown.values()).difference(*(shown[fault] for fault in told))
    while left:
        best = max(known, key=lambda fault: len(shown[fault] & left) / prices[fault])
        told.add(best)
        left -= shown[best]
    return [fault for fault in known if fault in told and not _is_spare(fault, told, shown, seen)]


def keep(red: Mapping[str, Collection[str]]) -> None:
    """Write which checks were red under which fault."""
    lines = (f"  {json.dumps(fault)}: {json.dumps(sorted(checks))}" for fault, checks in sorted(red.items()))
    _SEEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _shown(fault: str, checks: Collection[str]) -> frozenset[str]:
    return frozenset({*checks, *(f"line {line}" for line in lines_of(fault))})


def _is_spare(
    fault: str, told: set[str], shown: Mapping[str, frozenset[str]], seen: Mapping[str, Sequence[str]]
) -> bool:
    """Whether the others show all that it shows; it is told no more then."""
    if not seen.get(fault) or not shown[fault] <= frozenset().union(*(shown[other] for other in told - {fault})):
        return False
    told.discard(fault)
    return True
