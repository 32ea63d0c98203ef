"""A selector that means another thing than its author thinks watches nothing, and is silent."""

import re
import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gonogo.families.watch.selector import Matcher, Selector, parse_selector

NAMES = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,20}", fullmatch=True)
LABELS = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,20}", fullmatch=True).filter(lambda label: label != "__name__")
PLAIN = st.builds(Matcher, LABELS, st.sampled_from(["=", "!="]), st.text(st.characters(exclude_categories=["Cs"])))
REGULAR = st.builds(
    Matcher, LABELS, st.sampled_from(["=~", "!~"]), st.text(string.printable, max_size=20).map(re.escape)
)
SELECTORS = st.builds(Selector, NAMES, st.lists(PLAIN | REGULAR, max_size=4).map(tuple))


@given(SELECTORS)
@example(Selector("x", (Matcher("a", "=", "\\\"'\n\t\x00`"),)))
def test_what_is_written_is_read_again(selector: Selector) -> None:
    """The rules that go to Prometheus are written from what was read."""
    assert parse_selector(str(selector)) == selector


@given(st.text("ab_:{}=!~,'\"`\\. 5\n", max_size=25))
def test_any_text_is_a_selector_or_a_clear_error(text: str) -> None:
    """No traceback for a slip of the pen."""
    try:
        selector = parse_selector(text)
    except ValueError as error:
        assert len(str(error)) > 20  # noqa: PT017 - what it says is told below
    else:
        assert parse_selector(str(selector)) == selector


READ = [
    ("x_total", "x_total"),
    (" x_total { } ", "x_total"),
    ("x{a='b'}", 'x{a="b"}'),
    ("x{a='b',}", 'x{a="b"}'),
    ("x{a = \"it's\" , b!='\"'}", 'x{a="it\'s",b!="\\""}'),
    (r"x{a=~'5\\d\\d'}", r'x{a=~"5\\d\\d"}'),
    (r"x{a=~`5\d\d`}", r'x{a=~"5\\d\\d"}'),
    (r"x{a='\u00e9\x41\101\t'}", 'x{a="éAA\t"}'),
    ("x{a=~'a++'}".replace("++", "[+*]+"), 'x{a=~"a[+*]+"}'),
    (r"x{a=~'\\++'}", r'x{a=~"\\++"}'),
    ("x{a='}',b=','}", 'x{a="}",b=","}'),
    ("a:b:c", "a:b:c"),
]


@pytest.mark.parametrize(("text", "written"), READ)
def test_as_in_prometheus(text: str, written: str) -> None:
    """Quotes, escapes and blanks are PromQL's."""
    assert str(parse_selector(text)) == written


WRONG = [
    ("", "begins with the name of a series, as in"),
    ("{a='b'}", "begins with the name of a series"),
    ("5xx_total", "begins with the name of a series"),
    ("x_total[5m]", "the time stands in window"),
    ("x{a='b'}[5m]", "the time stands in window"),
    ("rate(x_total[5m])", "functions and arithmetic are for promql"),
    ("x_total > 5", "functions and arithmetic are for promql"),
    ("x{a='b'} offset 5m", "functions and arithmetic are for promql"),
    ("x{a=b}", "'a=b' is no condition; write label='value'"),
    ("x{a=='b'}", "is no condition"),
    ("x{'a'='b'}", "is no condition"),
    ("x{a='b' b='c'}", "a comma is missing before \"b='c'\""),
    ("x{__name__='y'}", "leave __name__ out"),
    (r"x{status=~'5\d\d'}", r"\d is no escape in quotes; write \\d with two backslashes"),
    (r"x{a='\ud800'}", "is no character"),
    ("x{a=~'5.('}", "'5.(' is no regular expression"),
    ("x{a=~'(?=5)'}", "looks ahead or behind"),
    ("x{a!~'(?<!5)'}", "looks ahead or behind"),
    (r"x{a=~'(a)\\1'}", r"'\\1' is an escape of some engines only"),
    ("x{a=~'a++'}", "is possessive, or repeats a repetition"),
    (r"x{a=~'\\pL'}", "is an escape of some engines only"),
    ("x{a=~'[[:alpha:]]'}", "is no regular expression"),
    ("x{a=~'a{,5}'}", "has no least number"),
    ("x{a=~'a{2000}'}", "repeats more than 999 times"),
    ("x{a=~'(?x) a'}", "has a flag"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_an_error_says_what_is_wrong_and_how_to_write_it(text: str, message: str) -> None:
    """It is read by somebody who has a launch to do."""
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_selector(text)


ACCEPTED = [
    ("x{status=~'5..'}", {"status": "503"}, True),
    ("x{status=~'5..'}", {"status": "1503"}, False),
    ("x{status=~'5..'}", {"status": "5030"}, False),
    ("x{status=~'500|503'}", {"status": "5003"}, False),
    ("x{status!~'5..'}", {"status": "200"}, True),
    ("x{status!~'5..'}", {}, True),
    ("x{status=''}", {}, True),
    ("x{status!=''}", {}, False),
    ("x{status=~'.*'}", {}, True),
    ("x{status=~'.+'}", {}, False),
    ("x{route='/a',status='200'}", {"route": "/a", "status": "200", "more": "1"}, True),
    ("x{route='/a',status='200'}", {"route": "/a", "status": "500"}, False),
    (r"x{a=~'\\d'}", {"a": "٣"}, False),
    ("x{a=~'.'}", {"a": "\n"}, True),
]


@pytest.mark.parametrize(("text", "labels", "accepted"), ACCEPTED)
def test_conditions_are_prometheus_own(text: str, labels: dict[str, str], accepted: bool) -> None:  # noqa: FBT001 - a literal of the table
    """Anchored at both ends; a label that is not there is an empty text. tests/lab holds them against the real one."""
    assert parse_selector(text).accepts("x", labels) is accepted
    assert not parse_selector(text).accepts("y", labels)


@given(st.text(string.ascii_letters + "()[]{}*+?|.\\^$-:=!<>,0123", max_size=12))
def test_what_is_refused_of_a_pattern_never_escapes_as_an_exception(pattern: str) -> None:
    """Patterns come from a file that somebody writes in a hurry."""
    assume("`" not in pattern)
    try:
        parse_selector(f"x{{a=~`{pattern}`}}")
    except ValueError as error:
        assert "x{a=~" in str(error)  # noqa: PT017 - it names what was written
