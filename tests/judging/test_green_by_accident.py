"""Checks that cannot fail, whatever was seen: slips of the pen, and what stands between a check and its evidence."""

import textwrap
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.planning.declarations import read_declarations
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


JUDGES_NOTHING = (
    "pass",
    "...",
    "'a second docstring'",
    "print(tls)",
    "tls.version",
    "tls.version == 'TLSv1.3'",
    "seen = [name.lower() for name in sorted(tls.names.items())]",
    "import logging; logging.error('%s is mute', tls)",
    "if False:\n        assert tls",
    "return\n    assert tls",
    "def judge():\n        assert tls",
    "try:\n        assert not tls\n    except AssertionError:\n        print('known')",
    "try:\n        assert not tls\n    except (ValueError, Exception):\n        pass",
    "import contextlib\n    with contextlib.suppress(AssertionError):\n        assert not tls",
    "policy.number('most')",
    "_look(tls)",
    "test_b_check(tls)",
)
"""Bodies of checks that end well whatever was seen."""
JUDGES = (
    "assert tls",
    "assert tls.version or tls.names",
    "_demand_it(tls)",
    "_ask_somebody_else(tls)",
    "tls.require('version')",
    "judge = lambda: _demand_it(tls)\n    judge()",
    "def judge():\n        assert tls\n    judge()",
    "if not tls:\n        return\n    else:\n        _demand_it(tls)",
    "if not tls:\n        pytest.fail('mute')",
    "if not tls:\n        raise AssertionError('mute')",
    "try:\n        assert tls\n    except ValueError:\n        print('odd')",
    "try:\n        int('1')\n    except Exception:\n        raise AssertionError('mute')",
    "with pytest.raises(ZeroDivisionError):\n        1 / 0",
    "for name in [tls]:\n        assert name",
)
"""Bodies of checks that may end otherwise."""
HELPERS = """
from gonogo.base.ranks import nearest_rank as _ask_somebody_else

def _look(seen):
    print(seen)
    _look_again(seen)

def _look_again(seen):
    if seen is None:
        _look(seen)

def _demand_it(seen):
    _demand_once_more(seen)

def _demand_once_more(seen):
    assert seen
"""


def decorated(*, outside: bool) -> str:
    """A check that fails, and a decorator that does not let it."""
    lines = check("assert False").strip().splitlines()
    lines.insert(0 if outside else 1, "@quiet")
    return QUIET + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (check("assert (tls is None, 'broken')"), "which is always true"),
        (HELPER + check("_demand(tls)"), "which is always true"),
        (check("try:\n        assert False\n    finally:\n        return"), "returns in a finally"),
        (decorated(outside=False), "is wrapped by"),
        (decorated(outside=True), "is wrapped by"),
        (check("assert tls.version == 'TLSv1.0' or True"), "which is always true"),
        (check("assert tls.version == tls.version, 'odd'"), "which is always true"),
        (check("print(tls)"), "cannot fail"),
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


@pytest.mark.parametrize("body", JUDGES_NOTHING)
def test_check_that_judges_nothing_is_refused(tmp_path: Path, body: str) -> None:
    """A stub that somebody meant to fill in, an assertion that nobody reaches, one that is swallowed."""
    (tmp_path / "test_some.py").write_text("import pytest\n" + HELPERS + check(body, arguments="tls, policy"))
    with pytest.raises(UsageError, match=r"test_some\.py:\d+: test_b_check cannot fail: it asserts nothing"):
        read_declarations(tmp_path)


def test_function_without_an_id_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    """A test of something else was put beside the checks: nobody would account for it."""
    source = f"import pytest\n{HELPERS}{check('assert tls.version', arguments='tls')}\n\ndef test_rounding():\n    assert 1\n"
    (tmp_path / "test_some.py").write_text(source)
    with pytest.raises(UsageError, match=r"test_some\.py:\d+: test_rounding has no id: mark it"):
        read_declarations(tmp_path)


@pytest.mark.parametrize("body", JUDGES)
def test_check_that_may_fail_is_taken(tmp_path: Path, body: str) -> None:
    """A helper may assert for it, here or elsewhere."""
    (tmp_path / "test_some.py").write_text("import pytest\n" + HELPERS + check(body, arguments="tls, policy"))
    assert [one.id for one in read_declarations(tmp_path)] == ["b-check"]


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
