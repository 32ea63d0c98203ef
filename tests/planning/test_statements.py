"""An assertion that is always true is refused wherever it stands, and an import counts wherever it stands."""

import ast

from gonogo.planning.statements import statements

_SOURCE = """
async def one():
    async with a: assert 1
    async for b in c: assert 2
    else: assert 3
class Two:
    def three(self):
        try: assert 4
        except* OSError: assert 5
        else: assert 6
        finally: assert 7
        match d:
            case [e]: assert 8
        if f: assert 9
        elif g: assert 10
        else:
            def four(): assert 11
    while h: assert 12
    else: assert 13
    with i: import json
five = lambda: (yield)
"""


def test_every_statement_is_found() -> None:
    """As walking the whole tree does: what is not found is not refused."""
    tree = ast.parse(_SOURCE)
    everything = {node for node in ast.walk(tree) if isinstance(node, ast.stmt)}
    assert {node for node in statements(tree) if isinstance(node, ast.stmt)} == everything
    assert sum(isinstance(node, ast.Assert) for node in everything) == 13
