"""Observed facts: once, bounded, and short where there would be too many to read."""

import base64

import pytest

from gonogo.record.results import CheckResult, Outcome
from gonogo.record.shown_facts import SHOWN_AT, facts_at
from gonogo.report.facts import page_facts
from gonogo.report.html import render_signoff
from tests.report.conftest import check, results


def test_shown_once() -> None:
    """Eight checks may judge one reply; the reader reads it at the first."""
    facts = page_facts(results([check("tls-a"), check("tls-b")]))
    (first,), (second,) = facts.of[("tls-a", 0)], facts.of[("tls-b", 0)]
    assert first.value == {"version": "TLSv1.3"}
    assert (second.value, second.at) == (None, "tls-a")
    assert not facts.brief


def test_thousands_are_short_but_not_those_that_did_not_pass() -> None:
    """What failed is what is read; what passed has one line, and says that there is more."""
    rows = {"rows": [{"n": 1}, {"n": 2}], "deep": {"a": "b"}, "name": "x" * 500}
    checks = [check(f"tls-{number}", facts={"k": {**rows, "of": number}}) for number in range(3000)]
    failed = check("dns-a", Outcome.FAIL, "broken", facts={"k": {**rows, "of": "dns"}})
    facts = page_facts(results([*checks, failed]))
    assert facts.brief
    (short,) = facts.of[("tls-7", 0)]
    assert short.brief
    assert short.value.startswith("deep: 1 entries · name: xxx")
    assert len(short.value) <= 111
    (whole,) = facts.of[("dns-a", 0)]
    assert whole.value["rows"] == [{"n": "1"}, {"n": "2"}]


def test_the_longest_are_shortened_first() -> None:
    """A page that is only just too large loses as little as may be."""
    small = [check(f"tls-{number}", facts={"k": {"n": number}}) for number in range(500)]
    large = [check(f"dns-{number}", facts={"k": [f"{number} {'y' * 500}"] * 40}) for number in range(100)]
    facts = page_facts(results([*small, *large]))
    assert not any(facts.of[(one.id, 0)][0].brief for one in small)
    assert all(facts.of[(one.id, 0)][0].brief for one in large)


def test_facts_that_the_results_hold_once_are_shown_where_they_are() -> None:
    """A signer who opens the second check must be led to the facts, not to the word that they are elsewhere."""
    shown = {"version": "TLSv1.3"}
    elsewhere = {SHOWN_AT: "tls-a", "target": ["a.test", "192.0.2.1"]}
    checks = [check("tls-a", facts={"tls": shown}), check("tls-b", facts={"tls": elsewhere})]
    (fact,) = page_facts(results(checks)).of["tls-b", 0]
    assert (fact.value, fact.at) == (None, "tls-a")
    assert facts_at(checks, "tls", elsewhere) == shown
    assert facts_at(checks, "tls", {SHOWN_AT: "gone"}) == {SHOWN_AT: "gone"}, "a record that lost it is told as it is"


def walked(identifier: str, image: str) -> CheckResult:
    """A step that failed on this picture."""
    page = {"url": f"https://a.test/{identifier}", "image": image}
    return check(identifier, Outcome.FAIL, "broken", facts={"walk": {"pages": [page]}})


def jpeg(size: int) -> str:
    """Bytes that begin as a JPEG does."""
    return base64.b64encode(b"\xff\xd8\xff" + bytes(size)).decode()


def test_pictures_have_room_for_the_first_ones() -> None:
    """A page that no mail system takes is not read; evidence.json has the others."""
    shown = results([walked(f"walk-{number}", jpeg(150_000 + number)) for number in range(8)])
    facts = page_facts(shown)
    assert [len(facts.of[f"walk-{number}", 0][0].pictures) for number in range(8)] == [1] * 5 + [0] * 3
    assert facts.of["walk-7", 0][0].value["pages"] == [{"url": "https://a.test/walk-7", "image": "150 kB"}]
    assert b"img-src data:;" in render_signoff(shown)


@pytest.mark.parametrize(
    "image", ['"><script>alert(1)</script>', base64.b64encode(b"<svg onload='alert(1)'/>").decode(), "", "%"]
)
def test_what_is_no_picture_is_not_shown_as_one(image: str) -> None:
    """results.json may come from anywhere; and a page without pictures permits none."""
    shown = results([walked("walk-a", image)])
    assert not page_facts(shown).pictures
    assert b"img-src" not in render_signoff(shown)
    assert b"<img" not in render_signoff(shown)
