"""Which checks a folder declares, read from its source: planning needs no import, and no pytest."""

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.planning.failing import can_fail
from gonogo.planning.statements import statements

_SUSPECT = re.compile(
    r"\bassert\s*(?:[(\[]|lambda\b|[A-Za-z]{0,2}['\"]|\S.*\bor\s+(?:True\b|\d|['\"])|([\w.]+)\s*(?:==|is)\s*\1\b)"
)

_SLIPS = re.compile(r"\b(?:yield|finally)\b")
"""Words without which ``_never_fails`` finds nothing: to look into every expression takes longer than to parse it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One function marked ``@pytest.mark.check("id")``."""

    id: str
    entry: str = ""
    """The entry of the environment file that this check is; empty for all that are functions of their own."""
    family: str
    path: Path
    function: str
    line: int
    """The first line of the function, its decorators with it."""
    arguments: Sequence[str]
    why: str
    """Why it matters at launch: the docstring up to ``Fix:``."""
    fix: str
    """What to do about it: the docstring's last paragraph."""

    @property
    def marked(self) -> str:
        """The id as the function is marked: ``request-*`` for ``request-catalog-is-public``."""
        return f"{self.id.removesuffix(self.entry)}*" if self.entry else self.id


def read_declarations(folder: Path) -> Sequence[Declaration]:
    """All checks under ``folder``, in the order of files and lines. Raises UsageError on what cannot be read."""
    return [declaration for path in sorted(folder.rglob("test_*.py")) for declaration in _in_file(path)]


def _in_file(path: Path) -> Sequence[Declaration]:
    try:
        return _in_source(path, path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not readable as Python ({error})") from None


@lru_cache(maxsize=256)
def _in_source(path: Path, source: str) -> Sequence[Declaration]:
    """The declarations of one text: a process that judges many times, as ``make faults`` does, parses it once."""
    tree = ast.parse(source, filename=str(path))
    if _SUSPECT.search(source):  # to walk the whole tree takes ten times as long
        _refuse_always_true(path, tree)
    slips = [number for number, row in enumerate(source.split("\n"), 1) if _SLIPS.search(row)]
    return tuple(_declared(path, tree, slips))


def _declared(path: Path, tree: ast.Module, slips: Sequence[int]) -> Iterator[Declaration]:
    """The checks of one module, by its syntax tree: nothing of it is executed before it is planned.

    ``slips``: the rows where a function may be one that never fails for a slip of the pen.
    """
    # Where pytest finds tests: in the module, and in its classes. To walk the whole tree takes ten times as long.
    functions = [inner for node in tree.body for inner in (node.body if isinstance(node, ast.ClassDef) else [node])]
    family = _family(path, tree)
    for node in functions:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node in tree.body and node.name.startswith("test_") and not node.decorator_list:
                raise UsageError(
                    f'{path}:{node.lineno}: {node.name} has no id: mark it @pytest.mark.check("…") and give it a '
                    "catalogue line, or keep it elsewhere"
                )
            for identifier in _marked(node, path):
                suspect = any(node.lineno <= row <= (node.end_lineno or row) for row in slips)
                declaration = _declaration(node, identifier, path, family, slips=suspect)
                if not can_fail(node, tree):
                    raise UsageError(
                        f"{path}:{node.lineno}: {node.name} cannot fail: it asserts nothing, nor does a function that it calls; "
                        "write assert CONDITION, MESSAGE"
                    )
                yield declaration


def _family(path: Path, tree: ast.Module) -> str:
    """``FAMILY`` of a module, which a family in several files needs; else what the file is called.

    Raises UsageError for one that is no literal, since planning could not read it.
    """
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["FAMILY"]:
            if not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) and node.value.value):
                raise UsageError(f'{path}:{node.lineno}: FAMILY is {ast.unparse(node.value)}; write FAMILY = "name"')
            return node.value.value
    return path.stem.removeprefix("test_")


def _marked(node: ast.FunctionDef | ast.AsyncFunctionDef, path: Path) -> Iterator[str]:
    """Ids in a function's marks. Raises UsageError for an id that is no literal, since planning could not read it."""
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and _is_mark(decorator.func):
            match decorator.args:
                case [ast.Constant(value=str(identifier))] if not decorator.keywords:
                    yield identifier
                case _:
                    raise UsageError(
                        f'{path}:{node.lineno}: {node.name} is marked {ast.unparse(decorator)}; write mark.check("id")'
                    )


def _is_mark(called: ast.expr) -> bool:
    return isinstance(called, ast.Attribute) and called.attr == "check" and ast.unparse(called).endswith("mark.check")


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Everything in a function but what stands in functions within it, in no order."""
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        child = waiting.pop()
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(child)


def _never_fails(node: ast.FunctionDef) -> str:
    """Why no evidence could make it fail, where that is a slip of the pen; empty if something could."""
    for inner in _own_nodes(node):
        if isinstance(inner, ast.Yield | ast.YieldFrom):
            return "yields, so its body would never run; use assert"
        if isinstance(inner, ast.Try) and any(isinstance(part, ast.Return) for part in inner.finalbody):
            return f"returns in a finally (line {inner.finalbody[0].lineno}), which swallows every failed assertion"
    return ""


def _refuse_always_true(path: Path, tree: ast.Module) -> None:
    """Assertions that are always true, in helpers as well. Raises UsageError."""
    for node in statements(tree):
        if isinstance(node, ast.Assert) and _is_always_true(node.test):
            raise UsageError(
                f"{path}:{node.lineno}: this asserts {ast.unparse(node.test):.60}, which is always true; "
                "write assert CONDITION, MESSAGE without brackets around both, and all(…) around a generator"
            )


def _is_always_true(test: ast.expr) -> bool:
    """Whether a condition is something that is there, and not something that may be so."""
    if isinstance(test, ast.Tuple | ast.List):
        return any(not isinstance(part, ast.Starred) for part in test.elts)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(_is_always_true(part) or (isinstance(part, ast.Constant) and part.value) for part in test.values)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq | ast.Is) and len(test.ops) == 1:
        called = any(isinstance(part, ast.Call) for part in ast.walk(test.left))
        return not called and ast.unparse(test.left) == ast.unparse(test.comparators[0])
    text = isinstance(test, ast.Constant) and isinstance(test.value, str | bytes) and bool(test.value)
    return text or isinstance(test, ast.GeneratorExp | ast.Lambda | ast.JoinedStr)


def _declaration(
    node: ast.FunctionDef | ast.AsyncFunctionDef, identifier: str, path: Path, family: str, *, slips: bool
) -> Declaration:
    """Read a check from its source. Raises UsageError for a function that would never fail, or has no fix."""
    if isinstance(node, ast.AsyncFunctionDef):
        raise UsageError(f"{path}:{node.lineno}: {node.name} is an async def, which nothing would await; write def")
    if slips and (problem := _never_fails(node)):
        raise UsageError(f"{path}:{node.lineno}: {node.name} {problem}")
    why, _, fix = inspect.cleandoc(ast.get_docstring(node) or "").partition("Fix:")
    if not why.strip() or not fix.strip():
        raise UsageError(f"{path}:{node.lineno}: {node.name} needs a docstring: why it matters, then 'Fix: …'")
    return Declaration(
        id=identifier,
        family=family,
        path=path,
        function=node.name,
        line=min(node.lineno, *(decorator.lineno for decorator in node.decorator_list)),
        arguments=[argument.arg for argument in node.args.args],
        why=" ".join(why.split()),
        fix=" ".join(fix.split()),
    )
