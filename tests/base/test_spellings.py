"""However a program spells a secret, it is found; whatever else it writes, stays."""

import base64
import json
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gonogo.base.redaction import Redactor
from tests.base.spelling import ANY_SECRETS, ODD_SECRETS, PLAIN_SECRETS, SPELLINGS

LABEL = "[KEY redacted]"
BEFORE = st.sampled_from(
    ["", " ", "key=", '"token":"', '\\"token\\":\\"', "Bearer ", "https://h/a?x=1&k=", "\\n", "a\tb ", "100% ", "é…"]
)
AFTER = st.sampled_from(["", " ", "&next=1", '","b":2', '\\"}', "\n", "\\n", "\r\n", "<br>", " 100%", "…", ") at x:1"])
SEEDS = st.integers(0, 2**32)


def repeatable(examples: int = 20) -> settings:
    """The same examples every time, however busy the machine is."""
    quiet = [HealthCheck.too_slow]
    return settings(derandomize=True, deadline=None, database=None, max_examples=examples, suppress_health_check=quiet)


def left_over(redacted: str, before: str, after: str) -> str:
    """What is left of the spelling between what stood before it and after it, beside the label."""
    assert redacted.startswith(before), (redacted, before)
    assert redacted.endswith(after), (redacted, after)
    return redacted[len(before) : len(redacted) - len(after)].replace(LABEL, "")


@pytest.mark.parametrize("name", SPELLINGS)
@repeatable()
@given(secret=ODD_SECRETS | PLAIN_SECRETS, seed=SEEDS, before=BEFORE, after=AFTER)
def test_every_spelling_is_found(name: str, secret: str, seed: int, before: str, after: str) -> None:
    """A log of any framework, a header, an error, a page: each has a way of its own, and all of them end in a report."""
    spelled = SPELLINGS[name](secret, random.Random(seed))  # noqa: S311 - repeatable
    redactor = Redactor({"KEY": secret})
    redacted = redactor.text(before + spelled + after)
    assert LABEL in redacted
    # What was put beside the secret into its base64, and the padding, may stay.
    rest = left_over(redacted, before, after)
    assert len(rest) <= {"base64": 16, "base32": 28, "ascii85, marked": 36, "mime": 16, "indented": 16}.get(name, 0), (
        rest
    )
    assert redactor.names_in(before + spelled + after) == {"KEY"}


@repeatable(100)
@given(
    secret=ODD_SECRETS | PLAIN_SECRETS,
    beside=st.text("abc", max_size=5),
    outer=st.sampled_from(["as it is", "json", "percent, all"]),
)
def test_base85_and_ascii85_are_found(secret: str, beside: str, outer: str) -> None:
    """Git's patches, PDF and PostScript; at any alignment, of which three bytes at each end are shared with others."""
    for encode in (base64.b85encode, base64.a85encode):
        spelled = SPELLINGS[outer](encode((beside + secret + beside).encode()).decode(), random.Random(0))  # noqa: S311
        redacted = Redactor({"KEY": secret}).text(f"x {spelled} y")
        assert LABEL in redacted, spelled
        rest = left_over(redacted, "x ", " y")
        assert len(rest) <= 3 * 20
        assert Redactor({"KEY": secret}).text(encode(secret.encode()).decode()) == LABEL


@repeatable()
@given(secret=PLAIN_SECRETS, wrap=st.sampled_from([list, lambda numbers: {"type": "Buffer", "data": numbers}]))
def test_bytes_as_numbers_of_a_document_are_found(secret: str, wrap: Callable[[list[int]], object]) -> None:
    """Evidence is JSON, and so is a buffer that somebody printed; other lists of small numbers stay as they are."""
    counts = [3, 14, 15, 92, 65, 35, 89, 79, 32, 38]
    redacted = Redactor({"KEY": secret}).json({"a": wrap(list(secret.encode())), "counts": counts, "few": [1, 2]})
    assert redacted["counts"] == counts
    assert redacted["few"] == [1, 2]
    assert f"[{LABEL}]" in json.dumps(redacted["a"])


@repeatable(200)
@given(
    secret=ODD_SECRETS | PLAIN_SECRETS,
    names=st.lists(st.sampled_from(sorted(SPELLINGS)), min_size=2, max_size=4),
    seed=SEEDS,
    before=BEFORE,
    after=AFTER,
)
def test_spellings_of_spellings_are_found(secret: str, names: list[str], seed: int, before: str, after: str) -> None:
    """A redirect within a redirect; a request, logged as JSON, in base64, in a page."""
    # "+" for the blanks of an indentation can be told from a plus by nobody.
    assume(not ("quote_plus" in names and {"wrapped", "indented"} & {*names[: names.index("quote_plus")]}))
    # A mixture spells some characters twice: of the levels of backslashes below it, one part then runs ahead of the other.
    assume("mixture" not in names or not any(name[0] == "\\" for name in names[: names.index("mixture")]))
    dice = random.Random(seed)  # noqa: S311 - repeatable
    spelled = secret
    for name in names:
        spelled = SPELLINGS[name](spelled, dice)
    redacted = Redactor({"KEY": secret}).text(before + spelled + after)
    assert LABEL in redacted, spelled
    assert secret not in redacted


@repeatable()
@given(secret=ODD_SECRETS | PLAIN_SECRETS, name=st.sampled_from(sorted(SPELLINGS)), seed=SEEDS)
def test_a_backslash_before_a_secret_does_not_hide_it(secret: str, name: str, seed: int) -> None:
    """A backslash and ``new`` hold no line break, and what decoders make of it is not the secret any more."""
    spelled = SPELLINGS[name](secret, random.Random(seed))  # noqa: S311 - repeatable
    assert LABEL in Redactor({"KEY": secret}).text(f"C:\\{spelled}")


@pytest.mark.parametrize("name", SPELLINGS)
@repeatable()
@given(secret=ANY_SECRETS, seed=SEEDS)
def test_secrets_that_look_like_a_spelling_are_found(name: str, secret: str, seed: int) -> None:
    """A password may hold a percent sign, a backslash or an ampersand, and then digits."""
    spelled = SPELLINGS[name](secret, random.Random(seed))  # noqa: S311 - repeatable
    assert LABEL in Redactor({"KEY": secret}).text(f"x={spelled} y"), spelled


@repeatable(150)
@given(secret=ODD_SECRETS, text=st.text(max_size=400))
def test_innocent_text_stays_as_it_is(secret: str, text: str) -> None:
    """A report full of black bars is read by nobody, and evidence with holes judges nothing."""
    redactor = Redactor({"KEY": secret, "URL": f"https://u:{'x' + secret[:9]}@h/"})
    assert redactor.text(text) == text
    assert redactor.json({"a": [text, 1, None]}) == {"a": [text, 1, None]}


@repeatable(100)
@given(
    secret=ODD_SECRETS, names=st.lists(st.sampled_from(sorted(SPELLINGS)), max_size=3), seed=SEEDS, other=ODD_SECRETS
)
def test_spellings_of_something_else_stay_as_they_are(secret: str, names: list[str], seed: int, other: str) -> None:
    """Base64 and hex are not secret by themselves: certificates, digests and bodies are evidence."""
    assume(secret[:8] not in other)
    dice = random.Random(seed)  # noqa: S311 - repeatable
    for name in names:
        other = SPELLINGS[name](other, dice)
    text = f"<{other}> [{secret[:5]}]"
    assert Redactor({"KEY": secret}).text(text) == text


@repeatable()
@given(secret=PLAIN_SECRETS, at=st.integers(8, 11), mark=st.sampled_from(["", "…", "..."]), before=BEFORE)
def test_the_beginning_of_a_secret_at_the_end_of_a_text_is_found(secret: str, at: int, mark: str, before: str) -> None:
    """Whoever cuts a message at 200 characters may cut a secret, and half of it is worth a lot."""
    redacted = Redactor({"KEY": secret}).json([before + secret[:at] + mark, "next"])
    assert redacted == [f"{before}{LABEL}{mark}", "next"]


@repeatable()
@given(secret=PLAIN_SECRETS, at=st.integers(8, 11))
def test_what_only_begins_like_a_secret_stays(secret: str, at: int) -> None:
    """Keys of one maker begin alike; the other one is no secret of ours."""
    text = f"{secret[:at]}#and something else"
    assert Redactor({"KEY": secret}).text(text) == text
    assert Redactor({"KEY": "sk_test_" + secret}).text("a key begins with sk_test_") == "a key begins with sk_test_"


@repeatable()
@given(
    lines=st.lists(PLAIN_SECRETS, min_size=2, max_size=6),
    ends=st.sampled_from(["\n", "\r\n", "\r", "\\n", "\\r\\n"]),
    seed=SEEDS,
)
def test_a_key_of_several_lines_is_found_whole_and_in_lines(lines: list[str], ends: str, seed: int) -> None:
    """Everybody strips, loggers write line by line, HTTP and mail have line ends of their own."""
    begin, end = "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"
    redactor = Redactor({"KEY": "\n".join((begin, *lines, end)) + "\n"})
    whole = ends.join((begin, *lines, end))
    for text in (whole, whole + ends):
        redacted = redactor.text(f"a {text} b")
        assert LABEL in redacted
        assert not [line for line in lines if line in redacted]
    for name in ("as it is", "json", "percent, all", "base64", "hex"):
        for line in lines:
            assert LABEL in redactor.text(f"| {SPELLINGS[name](line, random.Random(seed))} |")  # noqa: S311 - repeatable
    assert redactor.text(f"a PEM key starts with {begin}.") == f"a PEM key starts with {begin}."


@repeatable()
@given(secret=ODD_SECRETS, seed=SEEDS, names=st.lists(st.sampled_from(sorted(SPELLINGS)), max_size=2))
def test_documents_are_redacted_as_texts_are(secret: str, seed: int, names: list[str]) -> None:
    """Evidence is JSON: a string among others, a key, a list in a list."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    spelled = secret
    for name in names:
        spelled = SPELLINGS[name](spelled, dice)
    redactor = Redactor({"KEY": secret})
    document = {"a": [spelled, "x", {"b": f"c {spelled} d"}], f"k {spelled}": 1.5, "t": True, "n": None}
    redacted = redactor.json(document)
    assert redacted == {
        "a": [redactor.text(spelled), "x", {"b": redactor.text(f"c {spelled} d")}],
        redactor.text(f"k {spelled}"): 1.5,
        "t": True,
        "n": None,
    }
    assert redactor.text(redactor.text(spelled)) == redactor.text(spelled)


@pytest.mark.parametrize(
    "template", ["{}", "https://h/?payment_intent_client_secret={}", '{{"client_secret": "{}"}}', "a={}\n"]
)
@pytest.mark.parametrize(
    "kind", ["pi_3MtwBwLkdIwHu7ix28a3tqPa", "seti_1Mm8s8LkdIwHu7ix0OXBfTRG", "cs_test_a11YYufWQzNY63zpQ6"]
)
def test_client_secrets_are_known_by_their_shape(template: str, kind: str) -> None:
    """Whoever has one completes, or reads, a customer's payment; each is new, so no file can name it."""
    spelled = template.format(f"{kind}_secret_YrKJUKribcBjcG8HVhfZluoGH")
    redacted = Redactor({}).text(spelled)
    assert redacted == template.format(f"{kind}_secret_[client secret redacted]")
    assert Redactor({}).text(spelled.replace("_", "%5F")).count("redacted") == 1
    for innocent in ("my_client_secret_value", "pi_…_secret_…", "the pi_3MtwBwLkdIwHu7ix is no secret_thing"):
        assert Redactor({}).text(innocent) == innocent


@pytest.mark.parametrize(
    "value",
    [
        "https://[::1",
        "mongodb://a:b:c@d@e/",
        "://",
        "redis://:p4ssw0rd-x@[",
        "\ud800\udfff-lone-half",
        "a\x00b\x00c\x00dddd",
        "",
    ],
)
def test_no_value_breaks_the_redactor(value: str) -> None:
    """An error in the redactor ends a run, or prints the value in a traceback."""
    redactor = Redactor({"KEY": value})
    assert redactor.text("nothing of it") == "nothing of it"
    assert redactor.text("\ud800 alone") == "\ud800 alone"


def test_numbers_are_texts_too() -> None:
    """A PIN of eight digits, or a numeric id that opens something, is a JSON number as often as a string."""
    assert Redactor({"PIN": "4815162342"}).json([4815162342, 4815162343, True]) == ["[PIN redacted]", 4815162343, True]


def test_passwords_in_urls_and_queries() -> None:
    """Drivers print host, user and password apart; so do those that read options from the query."""
    redactor = Redactor({"DB": "rediss://h:1/0?username=app&password=p%40ss-w0rd%2F1&ssl=x"})
    for leak in ("p@ss-w0rd/1", "p%40ss-w0rd%2F1"):
        assert redactor.text(f"login with {leak} failed") == "login with [DB redacted] failed"
    assert redactor.text("username=app ssl=x") == "username=app ssl=x"
    assert re.fullmatch(r"\[DB redacted\]", Redactor({"DB": "mongodb://a:p4ss@w0rd/x@h/d"}).text("p4ss@w0rd/x"))
