"""Holds what pytest collected against what planning saw: what is planned is what runs, and nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
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
    resolved = cache(_resolved)  # a check has an item for each of its targets
    for item in items:
        identifier = identifier_of(item)
        if identifier is None:
            yield f'{item.nodeid} has no id: mark it @pytest.mark.check("…") and give it a catalogue line'
            continue
        declaration = suite.declarations.get(identifier) or suite.templates.get(identifier)
        if declaration is None or not is_function_of(item, declaration, resolved):
            yield _elsewhere(identifier, item, declaration)
            continue
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        subjects = {check.subject for check in planned.get(identifier, ())}
        if foreign := sorted(set(parameters) - subjects):
            yield (
                f"{declaration.path}:{declaration.line}: {declaration.function} is parametrised over {foreign[0]}, "
                "which is not its subject: of several cases only the targets count; write a check for each"
            )


def hiding(items: Sequence[pytest.Item], provided: AbstractSet[str]) -> Iterator[str]:
    """Every fixture of a project that takes the place of one that the run gives: checks would judge what it makes up."""
    for item in items:
        fixture_info = getattr(item, "_fixtureinfo", None)
        for name in provided & (fixture_info.name2fixturedefs.keys() if fixture_info else set()):
            *given_by_run, last = fixture_info.name2fixturedefs[name]  # type: ignore[union-attr]  # there is one, or no name
            if given_by_run:
                code = last.func.__code__
                yield (
                    f"{code.co_filename}:{code.co_firstlineno}: its fixture {name} hides the {name} that this run "
                    "observed; give it another name"
                )


def _resolved(path: str | Path) -> Path:
    return Path(path).resolve()


def is_function_of(
    item: pytest.Item, declaration: Declaration, resolved: Callable[[str | Path], Path] = _resolved
) -> bool:
    """Whether an item calls the very function that planning read."""
    code = _code(item)
    if code is None or item.name.partition("[")[0] != declaration.function:
        return False
    return resolved(code.co_filename) == resolved(declaration.path) and code.co_firstlineno == declaration.line


def _code(item: pytest.Item) -> Any:  # noqa: ANN401 - a code object, if it has one
    # Not unwrapped: a decorator that runs in the place of a check decides whether its assertions count.
    function: Any = getattr(item, "obj", lambda: None)
    return getattr(getattr(function, "__func__", function), "__code__", None)


def _elsewhere(identifier: str, item: pytest.Item, declaration: Declaration | None) -> str:
    """Say where an item was collected from that is not what was planned, and what to write instead."""
    code = _code(item)
    place = f"{code.co_filename}:{code.co_firstlineno}" if code else str(item.path)
    if declaration is not None and hasattr(getattr(item, "obj", None), "__wrapped__"):
        return (
            f"{declaration.path}:{declaration.line}: {declaration.function} is wrapped by a decorator ({place}), which "
            "would run in its place and may swallow its failure; call a helper in the function instead"
        )
    planned = (
        f"planned as {declaration.path}:{declaration.line} {declaration.function}" if declaration else "not planned"
    )
    return (
        f"{identifier}: {planned}, and collected from {place} {item.name.partition('[')[0]} as well; write each check "
        "once, as a plain function of a test_*.py module"
    )
