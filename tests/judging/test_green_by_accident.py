"""Checks that cannot fail, whatever was seen: slips of the pen, and what stands between a check and its evidence."""

import textwrap
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.record.results import Verdict
from tests.judging.conftest import ONE, Judging, spoke
from tests.judging.test_outcomes import check, line

QUIET = """
import functools

def quiet(function):
    @functools.wraps(function)
    def call(*arguments, **named):
        try:
            return function(*arguments, **named)
        except AssertionError:
            return None
    return call
"""
FIXTURE = "\n@pytest.fixture\ndef {}():\n    return 'made up'\n"
HELPER = "\ndef _demand(tls):\n    assert (tls is None, 'broken')\n"


def decorated(*, outside: bool) -> str:
    """A check that fails, and a decorator that does not let it."""
    lines = check("assert False").strip().splitlines()
    lines.insert(0 if outside else 1, "@quiet")
    return QUIET + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (check("assert (tls is None, 'broken')"), "which is true whatever it holds"),
        (HELPER + check("_demand(tls)"), "which is true whatever it holds"),
        (check("try:\n        assert False\n    finally:\n        return"), "returns in a finally"),
        (decorated(outside=False), "is wrapped by"),
        (decorated(outside=True), "is wrapped by"),
        (FIXTURE.format("tls") + check("assert tls"), "its fixture tls hides"),
        (FIXTURE.format("policy") + check("assert policy", arguments="tls, policy"), "its fixture policy hides"),
        (
            FIXTURE.format("environment") + check("assert environment", arguments="tls, environment"),
            "its fixture environment hides",
        ),
    ],
)
def test_check_that_cannot_fail_is_refused(judging: Judging, source: str, words: str) -> None:
    """Its line would be ticked for ever, and nobody would look at it again."""
    with pytest.raises(UsageError, match=words) as refused:
        judging(source, line(), spoke(ONE))
    assert "test_some.py:" in str(refused.value)


def test_fixture_of_a_conftest_is_no_evidence(judging: Judging, tmp_path: Path) -> None:
    """`redis` and `http` are common names in the tests of a team."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "conftest.py").write_text("import pytest\n" + FIXTURE.format("tls"))
    with pytest.raises(UsageError, match=r"conftest\.py:\d+: its fixture tls hides"):
        judging(check("assert tls"), line(), spoke(ONE))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import threading; threading.Thread(target=exit).start()", "it started a thread"),
        (
            """
            import socket
            from concurrent.futures import ThreadPoolExecutor
            with ThreadPoolExecutor() as pool:
                pool.submit(socket.socket).result().close()
            """,
            "it started a thread",
        ),
        ("import os; os.forkpty()", "it started a process"),
        ("import multiprocessing as m; m.get_context('fork').Process(target=exit).start()", "it started a process"),
        ("import os; os.spawnv(os.P_WAIT, '/bin/true', ['true'])", "it started a process"),
        ("raise StopIteration", "StopIteration"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("return NotImplemented", "gave back NotImplemented"),
    ],
)
def test_what_a_check_does_elsewhere_is_an_error(judging: Judging, body: str, words: str) -> None:
    """An assertion that fails in a thread fails nowhere; a socket in a thread asks the network."""
    judged = judging(check(textwrap.indent(textwrap.dedent(body), "    ").strip()), line(), spoke(ONE))
    worst = judged.results.checks[0].worst
    assert worst is not None
    assert (judged.outcomes, words in worst.message) == ({"b-check": "error"}, True), worst.message
    assert judged.results.decision.verdict is Verdict.INCOMPLETE
