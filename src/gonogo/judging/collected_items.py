"""Holds what pytest collected against what planning saw: what is planned is what runs, and nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
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
    resolved = cache(lambda name: Path(name).resolve())  # a check has an item for each of its targets
    for item in items:
        identifier = identifier_of(item)
        if identifier is None:
            yield f'{item.nodeid} has no id: mark it @pytest.mark.check("…") and give it a catalogue line'
            continue
        declaration = suite.declarations.get(identifier) or suite.templates.get(identifier)
        if declaration is None or not _is_function_of(item, declaration, resolved):
            yield _elsewhere(identifier, item, declaration)
            continue
        if own := _own_fixture(item, declaration):
            yield own
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        subjects = {check.subject for check in planned.get(identifier, ())}
        if foreign := sorted(set(parameters) - subjects):
            yield (
                f"{declaration.path}:{declaration.line}: {declaration.function} is parametrised over {foreign[0]}, "
                "which is not its subject: of several cases only the targets count; write a check for each"
            )


def _is_function_of(item: pytest.Item, declaration: Declaration, resolved: Callable[[str | Path], Path]) -> bool:
    code = _code(item)
    if code is None or item.name.partition("[")[0] != declaration.function:
        return False
    return resolved(code.co_filename) == resolved(declaration.path) and code.co_firstlineno == declaration.line


def _code(item: pytest.Item) -> Any:  # noqa: ANN401 - a code object, if it has one
    # Not unwrapped: a decorator that runs in the place of a check decides whether its assertions count.
    function: Any = getattr(item, "obj", lambda: None)
    return getattr(getattr(function, "__func__", function), "__code__", None)


def _own_fixture(item: pytest.Item, declaration: Declaration) -> str:
    """An argument that a fixture of the checks gives in the place of recorded evidence; empty if there is none."""
    fixtures: Mapping[str, Sequence[Any]] = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - private
    for name in declaration.arguments:
        definitions = fixtures.get(name, ())
        if len(definitions) > 1 and Path(definitions[0].func.__code__.co_filename).parent == Path(__file__).parent:
            code = definitions[-1].func.__code__
            return (
                f"{code.co_filename}:{code.co_firstlineno}: a fixture is named {name}, so that "
                f"{declaration.function} would judge what it makes up, and not what was seen; give it another name"
            )
    return ""


def _elsewhere(identifier: str, item: pytest.Item, declaration: Declaration | None) -> str:
    code = _code(item)
    place = f"{code.co_filename}:{code.co_firstlineno}" if code else str(item.path)
    if declaration is not None and hasattr(getattr(item, "obj", None), "__wrapped__"):
        return (
            f"{declaration.path}:{declaration.line}: {declaration.function} is wrapped by {place}, which would decide "
            "whether its assertions count; write it as a plain function"
        )
    planned = (
        f"planned as {declaration.path}:{declaration.line} {declaration.function}" if declaration else "not planned"
    )
    return (
        f"{identifier}: {planned}, and collected from {place} {item.name.partition('[')[0]} as well; write each check "
        "once, as a plain function of a test_*.py module"
    )
