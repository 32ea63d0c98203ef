"""A secret in a report is a secret in a mailbox."""

import base64
import html
import json
from urllib.parse import quote

import pytest

from gonogo.base.redaction import Redactor

SECRET = "pl4nted/s3cret+value&<\"'"
URL = "mongodb://app:p%40ss%2Fword%21@db.example/x"


@pytest.mark.parametrize(
    "leak",
    [
        SECRET,
        quote(SECRET, safe=""),
        json.dumps({"x": SECRET}),
        html.escape(SECRET),
        repr(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"user:" + SECRET.encode()).decode(),
        base64.b64encode(b"longer user:" + SECRET.encode() + b" and more").decode(),
        base64.urlsafe_b64encode(b"x" + SECRET.encode()).decode(),
    ],
)
def test_secret_is_found_in_every_encoding(leak: str) -> None:
    """Headers, JSON, HTML, URLs and basic authentication all carry it differently."""
    redactor = Redactor({"KEY": SECRET})
    clean = redactor.text(f"before {leak} after")
    assert "[KEY redacted]" in clean
    assert SECRET not in clean
    assert redactor.names_in(leak) == {"KEY"}


@pytest.mark.parametrize("leak", [URL, "p%40ss%2Fword%21", "p@ss/word!", base64.b64encode(b"app:p@ss/word!").decode()])
def test_password_inside_of_a_url_is_a_secret_too(leak: str) -> None:
    """Drivers print host and password apart."""
    assert "p@ss" not in Redactor({"DB": URL}).text(leak)
    assert "redacted" in Redactor({"DB": URL}).text(leak)


def test_json_keeps_its_shape() -> None:
    """Evidence stays evidence."""
    redactor = Redactor({"KEY": SECRET})
    assert redactor.json({"a": [1, None, SECRET], SECRET: True}) == {
        "a": [1, None, "[KEY redacted]"],
        "[KEY redacted]": True,
    }


def test_innocent_text_is_untouched() -> None:
    """A report full of black bars is read by nobody."""
    text = "the service answers 200 at 127.0.0.1"
    assert Redactor({"KEY": SECRET, "DB": URL}).text(text) == text
    assert Redactor({}).text(SECRET) == SECRET


def test_secret_that_a_line_break_went_through() -> None:
    """A log, or a terminal, wraps where it suits it; half a secret on each line is a whole one."""
    redactor = Redactor({"TOKEN": "s3cret-value-0001"})
    for broken in ("s3cret-\nvalue-0001", "s3cret-\r\n    value-0001", "s\n3cret-value-000\n\t1"):
        assert redactor.text(f"a {broken} b\n") == "a [TOKEN redacted] b\n"
    innocent = "s3cret\n\nvalue and\nmore"
    assert redactor.text(innocent) == innocent
