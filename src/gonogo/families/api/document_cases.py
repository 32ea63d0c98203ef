"""What a case of Schemathesis is about: the constraint that it violates, or a shape that no schema speaks of."""

from typing import Any

import schemathesis
from schemathesis.generation.meta import CONTENT_TYPE_PROBES, REQUEST_SHAPE_PROBES, CoverageScenario

_ODD_METHODS = {"OPTIONS", "PATCH", "POST", "PUT", "QUERY"}
SHAPE = "its shape"
Case = schemathesis.Case[Any]


def place_of(case: Case) -> tuple[str, ...]:
    """What a case is about: the constraint that it violates, or the method that nobody declared."""
    data = case.meta.phase.data if case.meta else None
    parts = (case.method, *(getattr(data, name, None) for name in ("parameter_location", "parameter", "location")))
    # All that may be missing stands in one list of the schema.
    return (*map(str, parts), str(data.description) if str(parts[-1]).endswith("/required") and data else "")


def seldom(case: Case) -> bool:
    """Whether it is a request of a shape that few would send."""
    shape = getattr(case.meta.phase.data, "scenario", None) if case.meta else None
    odd = shape is CoverageScenario.UNSPECIFIED_HTTP_METHOD and case.method.upper() in _ODD_METHODS
    return odd or shape in CONTENT_TYPE_PROBES


def violation_of(case: Case) -> str:
    """The constraint of the schema that a case violates, in words; empty for one that is as it should be.

    A wrong method or content type violates no schema.
    """
    if case.meta is None or not case.meta.generation.mode.is_negative:
        return ""
    data = case.meta.phase.data
    if getattr(data, "scenario", None) in REQUEST_SHAPE_PROBES:
        return SHAPE
    where = f" in {data.parameter_location.value}" if data.parameter_location else ""
    named = data.parameter if data.parameter and "/" not in data.parameter else ""
    return f"{f'{named}: ' if named else ''}{data.description or 'an invalid value'}{where}"
