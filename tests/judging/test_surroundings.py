"""What surrounds a check, and what a check does beside judging, never makes a GO."""

import textwrap
from pathlib import Path

import pytest

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.judging.surroundings import taking_over
from gonogo.record.results import Verdict
from tests.judging.conftest import ONE, TWO, Judging, spoke
from tests.judging.test_outcomes import DOC, check, line

BROKEN = check("assert False, 'broken'")
PASSES_ALL = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return True
"""


def sole(judging: Judging, source: str) -> tuple[str, str]:
    """Outcome and message of the only check."""
    judged = judging(source, line(), spoke(ONE))
    worst = judged.results.checks[0].worst
    assert worst is not None
    assert judged.results.decision.verdict is not Verdict.GO
    return judged.outcomes["b-check"], worst.message


@pytest.mark.parametrize(
    ("decorators", "arguments", "body"),
    [
        ('@pytest.mark.parametrize("x", [1, 2])', "tls, x", "assert x == 2"),
        ('@pytest.mark.parametrize("x", [1, 2])', "tls, x", "assert x == 1"),
        ('@pytest.mark.parametrize("x", ["first", "last"])', "tls, x", 'assert {}["k"] if x == "first" else tls'),
        (
            '@pytest.mark.parametrize("a", [1, 2])\n@pytest.mark.parametrize("b", [1, 2])',
            "tls, a, b",
            "assert a + b == 4",
        ),
    ],
)
def test_parameters_beside_the_subject_are_refused(
    judging: Judging, decorators: str, arguments: str, body: str
) -> None:
    """The last case must not hide the failure of the first."""
    source = check(body, arguments=arguments).replace("@pytest.mark.check", f"{decorators}\n@pytest.mark.check")
    with pytest.raises(UsageError, match=r"is parametrised over .*, which is not its subject"):
        judging(source, line(), spoke(ONE))


def test_parameters_of_a_fixture_are_refused_as_well(judging: Judging) -> None:
    """They multiply a check without its source saying so."""
    fixture = '@pytest.fixture(params=["a", "b"])\ndef n(request):\n    return request.param\n'
    with pytest.raises(UsageError, match="is parametrised over n"):
        judging(fixture + check("assert n == 'b'", arguments="tls, n"), line(), spoke(ONE))


def test_worst_of_several_observations_counts(judging: Judging) -> None:
    """Two addresses, one of them broken: that is a failure in any order."""
    judged = judging(check("assert tls.address == '192.0.2.2'"), line(), spoke(ONE), spoke(TWO))
    assert judged.outcomes == {"b-check": "fail"}


HIDDEN = f'@pytest.mark.check("b-check")\ndef test_hidden(tls):\n    {DOC}\n'
ELSEWHERE = {
    "below an if": "\nif True:\n" + textwrap.indent(HIDDEN, "    "),
    "by the mark of a class": f'\nclass TestX:\n    pytestmark = [pytest.mark.check("b-check")]\n\n    def test_b(self, tls):\n        {DOC}\n',
    "rebound": '\ndef _ok(tls):\n    pass\n\n\ntest_b_check = pytest.mark.check("b-check")(_ok)\n',
}


@pytest.mark.parametrize("way", ELSEWHERE)
def test_function_that_planning_did_not_see_is_refused(judging: Judging, way: str) -> None:
    """Whatever answers for a check must be the function that was reviewed as that check."""
    with pytest.raises(UsageError, match=r"b-check: planned as .*test_some\.py:\d+ test_b_check, and collected from"):
        judging(BROKEN + ELSEWHERE[way], line(), spoke(ONE))


def test_function_in_a_file_of_pytests_other_pattern_is_refused(judging: Judging, tmp_path: Path) -> None:
    """Pytest collects ``*_test.py`` as well; planning does not read it."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "zz_test.py").write_text("import pytest\n\n\n" + HIDDEN)
    with pytest.raises(UsageError, match=r"collected from .*zz_test\.py"):
        judging(BROKEN, line(), spoke(ONE))


@pytest.mark.parametrize("value", ["False", "(False, 'two of three answer')", "tls.handshake == 'nonsense'", "0"])
def test_value_that_is_given_back_asserts_nothing(judging: Judging, value: str) -> None:
    """``return x == y`` in place of ``assert`` is everybody's first mistake."""
    outcome, message = sole(judging, check(f"return {value}"))
    assert outcome == "error"
    assert "it gave back" in message
    assert "write assert" in message


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (BROKEN.replace("def test", "async def test"), "is an async def, which nothing would await"),
        (check("yield 1"), "yields, so its body would never run"),
    ],
)
def test_function_whose_body_would_not_run_is_refused(judging: Judging, source: str, words: str) -> None:
    """A coroutine that nobody awaits passes everything."""
    with pytest.raises(UsageError, match=words):
        judging(source, line(), spoke(ONE))


@pytest.mark.parametrize("options", ["--assert=plain", "--help", "--maxfail=1", "--cov=src", "-k nothing", "-p evil"])
def test_options_of_the_process_are_not_ours(judging: Judging, monkeypatch: pytest.MonkeyPatch, options: str) -> None:
    """PYTEST_ADDOPTS is meant for the team's unit tests."""
    monkeypatch.setenv("PYTEST_ADDOPTS", options)
    monkeypatch.setenv("PYTEST_PLUGINS", "evil")
    assert sole(judging, BROKEN) == ("fail", "broken")


def test_conftest_above_the_checks_is_not_loaded(judging: Judging, tmp_path: Path) -> None:
    """It belongs to the team's own tests, or to a stranger: it may neither pass checks nor break them."""
    (tmp_path / "conftest.py").write_text(PASSES_ALL)
    assert sole(judging, BROKEN) == ("fail", "broken")
    (tmp_path / "conftest.py").write_text("import nobody_has_this\n")
    assert sole(judging, BROKEN) == ("fail", "broken")


def test_conftest_of_the_checks_gives_fixtures(judging: Judging, tmp_path: Path) -> None:
    """A team shares what its checks have in common."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "conftest.py").write_text(
        "import pytest\n\n\n@pytest.fixture\ndef wanted():\n    return 'done'\n"
    )
    judged = judging(check("assert tls.handshake == wanted", arguments="tls, wanted"), line(), spoke(ONE))
    assert judged.outcomes == {"b-check": "pass"}


def test_conftest_that_takes_over_every_call_is_found_out(judging: Judging, tmp_path: Path) -> None:
    """An assertion that must fail is tried first; where it does not fail, no check means anything."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "conftest.py").write_text(PASSES_ALL)
    with pytest.raises(UsageError, match=r"checks/conftest\.py: an assertion that must fail did not fail"):
        judging(BROKEN, line(), spoke(ONE))


PATCHES_ALL = "import pytest\npytest.Function.runtest = lambda self: None\n"


@pytest.mark.parametrize("taken_over", [PASSES_ALL, PATCHES_ALL])
def test_canary_names_who_takes_over_and_not_the_first_folder(tmp_path: Path, taken_over: str) -> None:
    """A hook of one folder works in all: whoever is sent to the bundled checks looks there for hours."""
    bundled, own, harmless = bundled_root() / "checks", tmp_path / "checks", tmp_path / "smoke"
    for folder in (own, harmless):
        folder.mkdir()
    assert taking_over([bundled, own, harmless]) == [own, harmless]
    (harmless / "conftest.py").write_text("import pytest\n")
    (own / "conftest.py").write_text(taken_over)
    found = taking_over([bundled, own, harmless])
    assert own / "conftest.py" in found
    assert (found == [own / "conftest.py"]) is (taken_over is PASSES_ALL)


SELECTIVE = {
    "calls something else": """
@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return True if pyfuncitem.name.startswith("test_b") else None
""",
    "puts something in its place": """
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.name.startswith("test_b"):
            item.obj = lambda **_: None
""",
    "hides how it ended": """
@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtest_makereport(item, call):
    if item.name.startswith("test_b"):
        call.excinfo = None
    return (yield)
""",
}


@pytest.mark.parametrize("way", SELECTIVE)
def test_conftest_that_takes_over_one_call_is_found_out(judging: Judging, tmp_path: Path, way: str) -> None:
    """The canary is left alone, and one check is not called, or not heard."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "conftest.py").write_text("import pytest\n" + SELECTIVE[way])
    outcome, message = sole(judging, BROKEN)
    assert outcome == ("fail" if way == "hides how it ended" else "error"), message


@pytest.mark.parametrize("name", ["tls", "policy", "environment"])
def test_fixture_that_hides_what_was_observed_is_refused(judging: Judging, name: str) -> None:
    """A check would judge what its own module makes up."""
    fixture = f"@pytest.fixture\ndef {name}():\n    return 7\n"
    arguments = "tls" if name == "tls" else f"tls, {name}"
    with pytest.raises(UsageError, match=f"its fixture {name} hides the {name} that this run observed"):
        judging(fixture + check(f"assert {name} == 7", arguments=arguments), line(), spoke(ONE))


@pytest.mark.parametrize("wraps", ["@functools.wraps(function)", ""])
def test_decorator_that_calls_the_check_is_refused(judging: Judging, wraps: str) -> None:
    """What runs is the decorator's function, which may swallow the failure."""
    lenient = f"""
import functools
def lenient(function):
    {wraps}
    def test_b_check(tls):
        try:
            function(tls)
        except AssertionError:
            pass
    return test_b_check
"""
    source = lenient + BROKEN.replace("def test", "@lenient\ndef test")
    with pytest.raises(UsageError, match=r"is wrapped by a decorator|and collected from"):
        judging(source, line(), spoke(ONE))


@pytest.mark.parametrize(
    "asserted",
    ["(False, 'two of three answer')", "(x for x in [False])", "'tls is done'", "f'{tls} is done'", "lambda: False"],
)
def test_assertion_that_is_always_true_is_refused(judging: Judging, asserted: str) -> None:
    """Brackets around condition and message, a generator, a text: something that is there, and proves nothing."""
    with pytest.raises(UsageError, match="which is always true"):
        judging(check(f"assert {asserted}"), line(), spoke(ONE))


@pytest.mark.parametrize("call", ["asked()", "answer = asked()\n    assert answer"])
def test_async_helper_that_nobody_awaits_judges_nothing(judging: Judging, call: str) -> None:
    """Its assertions never run."""
    outcome, message = sole(judging, check(f"async def asked(): assert False\n    {call}"))
    assert outcome == "error"
    assert "was never awaited" in message


def test_conftest_that_breaks_is_the_reason(judging: Judging, tmp_path: Path) -> None:
    """Its file and its error, not "not selected"."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "conftest.py").write_text("import nobody_has_this\n")
    with pytest.raises(UsageError, match=r"conftest\.py: cannot be imported: ModuleNotFoundError"):
        judging(BROKEN, line(), spoke(ONE))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("import socket; socket.socket()", "it opened a socket"),
        ("import socket; socket.getaddrinfo('localhost', 80)", "it looked a name up"),
        ("import subprocess; subprocess.run(['true'])", "it started a program"),
        ("import os; os.system('true')", "it started a program"),
        ("import urllib.request as u; u.urlopen('http://127.0.0.1:9')", "it "),
        (
            "import contextlib, socket\n    with contextlib.suppress(BaseException): socket.socket()\n    assert tls",
            "it opened a socket",
        ),
    ],
)
def test_check_that_asks_by_itself_is_an_error(judging: Judging, body: str, words: str) -> None:
    """A replay, and a verification, would ask the network in its name."""
    outcome, message = sole(judging, check(body))
    assert outcome == "error"
    assert words in message
    assert "a check judges evidence, and sends no requests" in message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("pytest.exit('enough', returncode=0)", "it ended pytest: enough"),
        ("import time; time.sleep(60)", "had not judged after"),
        ("while tls: pass\n    assert not tls", "had not judged after"),
    ],
)
def test_check_that_does_not_come_to_an_end_by_itself(
    judging: Judging, monkeypatch: pytest.MonkeyPatch, body: str, words: str
) -> None:
    """One check must neither end the run nor hold it up: the other one is judged."""
    monkeypatch.setattr("tests.judging.conftest.ENVIRONMENT", _hasty())
    source = check(body) + check("assert tls.handshake == 'done'", "c-check")
    judged = judging(source, line() + line("c-check"), spoke(ONE))
    assert judged.outcomes == {"b-check": "error", "c-check": "pass"}
    worst = judged.results.checks[0].worst
    assert worst is not None
    assert words in worst.message


def test_module_that_ends_the_program_is_a_usage_error(judging: Judging) -> None:
    """``SystemExit`` while a module is imported would otherwise be the exit code of the run."""
    with pytest.raises(UsageError, match="importing it ended the program"):
        judging("raise SystemExit(0)\n" + BROKEN, line(), spoke(ONE))


def test_module_that_does_not_import_hides_no_other(judging: Judging, tmp_path: Path) -> None:
    """One bad file: its own checks have no answer, with the reason; all others are judged."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_other.py").write_text(
        "import pytest\nimport nobody_has_this\n" + check("assert tls", "c-check")
    )
    judged = judging(check("assert tls.handshake == 'done'"), line() + line("c-check"), spoke(ONE))
    assert judged.outcomes == {"b-check": "pass", "c-check": "not run"}
    worst = judged.results.checks[1].worst
    assert worst is not None
    assert "nobody_has_this" in worst.message


def _hasty() -> object:
    from tests.judging.conftest import ENVIRONMENT  # noqa: PLC0415 - before it is replaced

    document = ENVIRONMENT.model_dump(mode="json")
    document["limits"] = {"run": "1 s", "probe": "1 s"}
    return type(ENVIRONMENT).model_validate(document)
