"""Whether a check can fail at all, read from its source: one that judges nothing would tick its line for ever."""

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import takewhile
from typing import TypeAlias

from gonogo.planning.statements import statements

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_READING = frozenset(
    name for kind in (str, bytes, int, float, dict, list, tuple, set, datetime, timedelta) for name in dir(kind)
)
"""Methods of plain values: whoever calls them reads."""
_THRESHOLDS = frozenset({"number", "duration"})
_RUNNING = frozenset({"exec", "eval", "compile", "exit", "quit"})
"""Builtins of which nobody can tell what they do, and those that end the program."""
_HARMLESS = re.compile(
    "base64|collections|contextlib|copy|datetime|decimal|fractions|functools|hashlib|ipaddress|itertools|json|logging|"
    "math|operator|pprint|random|re|statistics|string|textwrap|typing|warnings"
)
"""Modules of the standard library that compute and print. Others may end or hang a check, which is told as such."""
_SWALLOWING = frozenset({"AssertionError", "Exception", "BaseException"})


def can_fail(check: _Function, module: ast.Module) -> bool:
    """Whether anything in the check, or in functions of its module that it calls, may end it otherwise than well.

    Whatever comes from elsewhere (a helper of another module, a method of the evidence, a fixture) may; methods of plain
    values, printing, and what nobody reaches do not.
    """
    return _Reading(module, check).fails(check) or any(  # what it gives back is told when it judges
        isinstance(node, ast.Return) and node.value is not None for node in ast.walk(check)
    )


class _Reading:
    def __init__(self, module: ast.Module, check: _Function) -> None:
        self._module = module
        self._check = check
        self._functions: Mapping[str, _Function] = {
            node.name: node for node in module.body if isinstance(node, _Function)
        }
        self._visited: set[_Function] = set()

    @cached_property
    def _harmless(self) -> frozenset[str]:
        """Most checks assert in plain sight, and need it not."""
        return frozenset(_harmless([*self._module.body, *statements(self._check)]))

    def fails(self, function: _Function) -> bool:
        """Whether it may fail. A function that was visited already tells nothing new: it calls itself."""
        if function in self._visited:
            return False
        self._visited.add(function)
        return self._any(list(_reached(function.body)))

    def _any(self, statements: Sequence[ast.AST]) -> bool:
        # Most checks assert in plain sight, which is seen before anything is looked into.
        return any(isinstance(node, ast.Assert | ast.Raise) for node in statements) or any(map(self._one, statements))

    def _one(self, node: ast.AST) -> bool:
        match node:
            case ast.While(test=ast.Constant(value=True)):
                return True  # what does not come to an end is told as such
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._functions = {**self._functions, node.name: node}  # it counts where it is called
                return False
            case ast.Call() if self._judges(node.func):
                return True
        return self._any(_run_of(node))

    def _judges(self, called: ast.expr) -> bool:
        match called:
            case ast.Name(id=name) if name in self._functions:
                return self.fails(self._functions[name])
            case ast.Name(id=name):
                return name not in self._harmless and (name in _RUNNING or not hasattr(builtins, name))
            case ast.Attribute(attr=attribute):
                root = _root(called)
                if root == "policy" and attribute in _THRESHOLDS:
                    return False
                return root not in self._harmless and (root == "walk" or attribute not in _READING)
        return True


def _reached(block: object) -> Iterator[ast.AST]:
    """Return what stands before the first way out of a block; a node by itself is a block of one."""
    nodes = block if isinstance(block, list) else [block]
    yield from takewhile(lambda node: not isinstance(node, ast.Return), _nodes(nodes))


def _nodes(parts: Iterable[object]) -> Iterator[ast.AST]:
    return (part for part in parts if isinstance(part, ast.AST))


def _harmless(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that come from modules which compute and print."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _HARMLESS.fullmatch(alias.name.partition(".")[0]):
                    yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and _HARMLESS.fullmatch((node.module or "").partition(".")[0]):
            yield from (alias.asname or alias.name for alias in node.names)


def _run_of(node: ast.AST) -> Sequence[ast.AST]:
    """The parts of a node that are run, and whose failures get out of it."""
    match node:
        case ast.With() if any(_suppresses(item.context_expr) for item in node.items):
            return []
        case ast.Try() if any(_takes_failures(handler.type) for handler in node.handlers):
            return [*node.handlers, *_reached(node.orelse), *_reached(node.finalbody)]
        case ast.If(test=ast.Constant(value=constant)) | ast.While(test=ast.Constant(value=constant)) if not constant:
            return list(_reached(node.orelse))
    return [part for _, block in ast.iter_fields(node) for part in _reached(block)]


def _takes_failures(caught: ast.expr | None) -> bool:
    """Whether an except clause takes a failed assertion, too."""
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ast.unparse(name).rpartition(".")[2] in _SWALLOWING for name in names)


def _suppresses(context: ast.expr) -> bool:
    """Whether a with statement lets failed assertions vanish."""
    return (
        isinstance(context, ast.Call)
        and ast.unparse(context.func).rpartition(".")[2] == "suppress"
        and any(_takes_failures(argument) for argument in context.args)
    )


def _root(node: ast.expr) -> str:
    """The name that a chain of attributes, subscripts and calls begins with; empty if it begins otherwise."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
