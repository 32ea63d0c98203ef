"""Which mails in an inbox are questions, and which one is the test mail that was sent."""

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.clients import imap
from gonogo.families.support.journey import SupportVerbs


@pytest.mark.parametrize(
    ("headers", "by_machine"),
    [
        ("Precedence: list", False),
        ("Auto-Submitted: auto-generated", False),
        ("Auto-Submitted: auto-replied (vacation)", True),
        ("Return-Path: <>", True),
        ("Precedence: bulk", True),
    ],
)
def test_what_a_form_or_a_list_sends_on_is_a_question(headers: str, *, by_machine: bool) -> None:
    """A bounce waits for no answer; whoever wrote to a list, or into a form, does."""
    described = b'1 (UID 7 FLAGS () INTERNALDATE "26-Nov-2026 20:00:00 +0000" BODY[HEADER] {9}'
    assert imap.mail_of((described, f"Subject: Help\r\n{headers}\r\n\r\n".encode())).by_machine is by_machine


class Shelf:
    """A mailbox of these subjects."""

    def __init__(self, *subjects: str) -> None:
        self.subjects = subjects

    def with_subject(self, folder: str, words: str) -> list[SimpleNamespace]:
        """As a server does: the words anywhere in the subject."""
        del folder
        return [SimpleNamespace(subject=one, identifier="<x>") for one in self.subjects if words in one]


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("gonogo-1 to help@shop.test", True),
        ("Undeliverable: gonogo-1 to help@shop.test", False),
        ("Automatic reply: gonogo-1 to help@shop.test", False),
        ("gonogo-1 to help@shop.test.br", False),
    ],
)
def test_only_the_mail_itself_has_arrived(monkeypatch: pytest.MonkeyPatch, subject: str, *, found: bool) -> None:
    """A bounce quotes its subject, and the address of another one may begin alike."""
    monkeypatch.setattr(SupportVerbs, "_mailbox", Shelf(subject))
    monkeypatch.setattr(SupportVerbs, "_inbox", SimpleNamespace(folder="INBOX"))
    walk = SimpleNamespace(keep={}, looked=lambda _what, look: look(), world=SimpleNamespace(mark="gonogo-1"))
    verbs: Any = SupportVerbs.__new__(SupportVerbs)
    vars(verbs).update(walk=walk, world=walk.world)
    assert verbs.arrived("help@shop.test") is found
