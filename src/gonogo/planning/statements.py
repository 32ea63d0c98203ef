"""The statements of a piece of source: assertions and imports are found without a look into every expression."""

import ast
from collections.abc import Iterator

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def statements(*nodes: ast.AST) -> Iterator[ast.AST]:
    """The nodes and every statement within them, of functions and classes as well, in no order."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        for name in _BLOCKS:
            block = getattr(node, name, None)
            if isinstance(block, list):  # the body of a lambda is an expression
                waiting += block
