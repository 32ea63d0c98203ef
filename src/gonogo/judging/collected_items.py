"""Holds what pytest collected against what planning saw: what is planned is what runs, and nothing else."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gonogo.planning.declarations import Declaration
from gonogo.planning.plan import PlannedCheck
from gonogo.planning.suite import Suite


def identifier_of(node: pytest.Item | pytest.Collector | Any) -> str | None:  # noqa: ANN401 - FunctionDefinition is private
    """The id by which a function is marked as a check."""
    marker = node.get_closest_marker("check")
    return marker.args[0] if marker else None


def unplanned(
    items: Sequence[pytest.Item], suite: Suite, planned: Mapping[str, Sequence[PlannedCheck]]
) -> Iterator[str]:
    """Every item that planning did not see as it is: without an id, of another function, parametrised over more."""
    for item in items:
        identifier = identifier_of(item)
        if identifier is None:
            yield f'{item.nodeid} has no id: mark it @pytest.mark.check("…") and give it a catalogue line'
            continue
        declaration = suite.declarations.get(identifier) or suite.templates.get(identifier)
        if declaration is None or not _is_function_of(item, declaration):
            yield _elsewhere(identifier, item, declaration)
            continue
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        subjects = {check.subject for check in planned.get(identifier, ())}
        if foreign := sorted(set(parameters) - subjects):
            yield (
                f"{declaration.path}:{declaration.line}: {declaration.function} is parametrised over {foreign[0]}, "
                "which is not its subject: of several cases only the targets count; write a check for each"
            )


def _is_function_of(item: pytest.Item, declaration: Declaration) -> bool:
    code = _code(item)
    if code is None or item.name.partition("[")[0] != declaration.function:
        return False
    return Path(code.co_filename).resolve() == declaration.path.resolve() and code.co_firstlineno == declaration.line


def _code(item: pytest.Item) -> Any:  # noqa: ANN401 - a code object, if it has one
    function: Any = inspect.unwrap(getattr(item, "obj", lambda: None))
    return getattr(getattr(function, "__func__", function), "__code__", None)


def _elsewhere(identifier: str, item: pytest.Item, declaration: Declaration | None) -> str:
    code = _code(item)
    place = f"{item.path}:{code.co_firstlineno}" if code else str(item.path)
    planned = (
        f"planned as {declaration.path}:{declaration.line} {declaration.function}" if declaration else "not planned"
    )
    return (
        f"{identifier}: {planned}, and collected from {place} {item.name.partition('[')[0]} as well; write each check "
        "once, as a plain function of a test_*.py module"
    )
