"""The address of support and its tickets, judged on literals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.base import Unread
from gonogo.evidence.dns_zone import MailServer
from gonogo.evidence.support_channels import (
    MailExchanger,
    SupportAddressEvidence,
    SupportTicketsEvidence,
    WaitingTicket,
)
from tests.checks.conftest import Judge
from tests.support.dns_literals import ABSENT, ANSWER, AT, ENVIRONMENT, NXDOMAIN, SERVFAIL, SILENT

MAIL = MailServer(
    name="mail.workme.test",
    preference=10,
    a=replace(ANSWER, records=("192.0.2.25",)),
    aaaa=replace(ABSENT, rdtype="AAAA"),
)
TAKES = MailExchanger(
    name="mail.workme.test",
    address="192.0.2.25",
    encrypted=True,
    recipient="accepted",
    recipient_answer="250 2.1.5 Ok",
    made_up="refused",
    made_up_answer="550 5.1.1 User unknown",
)
ADDRESS = SupportAddressEvidence(
    scope=("support", "help@workme.test"),
    taken_at=AT,
    address="help@workme.test",
    domain="workme.test",
    mx=replace(ANSWER, rdtype="MX", records=("10 mail.workme.test.",)),
    servers=(MAIL,),
    implicit=False,
    exchangers=(TAKES,),
)
TICKETS = SupportTicketsEvidence(
    scope=("support",), taken_at=AT, tracker="GitLab shop/support", answer_within=timedelta(hours=4), opened=3, open=2
)
HOURS = timedelta(hours=1)
Changes = dict[str, Any]


def judged(judge: Judge, check: str, **changes: Any) -> str | None:  # noqa: ANN401 - fields
    """What a check says of evidence that differs by this."""
    if check in {"support-tracker", "support-answered"}:
        return judge(check, support_tickets=replace(TICKETS, **changes))
    return judge(check, support_address=replace(ADDRESS, **changes), environment=ENVIRONMENT)


def exchanger(**changes: Any) -> Changes:  # noqa: ANN401 - fields
    """The only mail server, but for this."""
    return {"exchangers": (replace(TAKES, **changes),)}


def server(**changes: Any) -> Changes:  # noqa: ANN401 - fields
    """The only target of MX, but for this."""
    return {"servers": (replace(MAIL, **changes),)}


def waiting(hours: float) -> Changes:
    """One who waits for so long."""
    return {"waiting": (WaitingTicket(ticket="#3", since=AT - hours * HOURS),)}


NO_MX: Changes = {"mx": replace(ABSENT, rdtype="MX"), "implicit": True}
REFUSED: Changes = {"recipient": "refused", "recipient_answer": "550 5.1.1 User unknown"}
DOWN: Changes = {"recipient": "not tried", "encrypted": False, "problem": "the port refuses connections"}
UNHEARD: Changes = {"recipient": "not tried", "encrypted": False, "silence": "192.0.2.25:25 did not answer"}
RED: list[tuple[str, Changes, str]] = [
    ("support-mx", {"mx": replace(NXDOMAIN, rdtype="MX"), "servers": ()}, "workme.test does not exist"),
    ("support-mx", server(name="", preference=0), "says that it accepts no mail (MX 0 ., RFC 7505)"),
    ("support-mx", server(a=NXDOMAIN), "MX 10 mail.workme.test does not exist"),
    ("support-mx", server(a=ABSENT), "MX 10 mail.workme.test has no address"),
    ("support-mx", server(a=replace(MAIL.a, aliases=("mx.example.",))), "is an alias of mx.example."),
    ("support-mx", NO_MX | server(name="workme.test", a=ABSENT), "has neither MX nor an address of its own"),
    ("support-recipient", exchanger(**REFUSED), "help@workme.test bounces: mail.workme.test (192.0.2.25) answers 550"),
    ("support-recipient", {"exchangers": (TAKES, replace(TAKES, **REFUSED))}, "bounces"),
    ("support-recipient", exchanger(**DOWN), "no server accepts its mail: mail.workme.test: the port refuses"),
    ("support-recipient-checked", exchanger(made_up="accepted", made_up_answer="250 Ok"), "proves nothing"),
    ("support-mail-encrypted", exchanger(encrypted=False, tls_problem="it offers no STARTTLS"), "in the clear"),
    ("support-tracker", {"problem": "issues are switched off"}, "GitLab shop/support: issues are switched off"),
    ("support-answered", waiting(5), "1 of 2 open tickets wait for an answer longer than 4 h: #3 for 5 h"),
    ("support-answered", waiting(5) | {"omitted_waiting": 7}, "8 of 2 open tickets"),
]


@pytest.mark.parametrize(("check", "changes", "words"), RED)
def test_faults_are_said(judge: Judge, check: str, changes: Changes, words: str) -> None:
    """Each in words by which somebody finds it."""
    assert words in (judged(judge, check, **changes) or "")


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        *((check, {}) for check in dict.fromkeys(check for check, _, _ in RED)),
        ("support-mx", NO_MX | server(name="workme.test")),
        ("support-recipient", {"exchangers": (replace(TAKES, **DOWN), TAKES)}),
        ("support-recipient", {"exchangers": (replace(TAKES, **UNHEARD), TAKES)}),
        ("support-answered", waiting(4)),
    ],
)
def test_what_is_in_order_passes(judge: Judge, check: str, changes: Changes) -> None:
    """A domain without MX takes mail at its own address (RFC 5321, 5.1), and a second server stands in for the first."""
    assert judged(judge, check, **changes) is None


@pytest.mark.parametrize(
    ("check", "changes", "words"),
    [
        ("support-mx", {"mx": replace(SILENT, rdtype="MX"), "servers": ()}, "workme.test MX"),
        ("support-mx", {"mx": replace(SERVFAIL, rdtype="MX"), "servers": ()}, "workme.test MX: SERVFAIL"),
        ("support-mx", server(a=SILENT), "resolvers do not answer"),
        ("support-recipient", exchanger(recipient="put off", recipient_answer="450 4.2.0 Greylisted"), "is put off"),
        ("support-recipient", exchanger(recipient="withheld", recipient_answer="554 5.7.1"), "is about the sender"),
        ("support-recipient", exchanger(**UNHEARD), "could not be asked: 192.0.2.25:25 did not answer"),
        ("support-recipient", {"exchangers": ()}, "there is no mail server"),
        (
            "support-recipient-checked",
            exchanger(made_up="put off", made_up_answer="450 4.2.0"),
            "it is not known whether the made-up address is refused",
        ),
        ("support-mail-encrypted", exchanger(**UNHEARD), "could not be asked"),
        ("support-tracker", {"unread": (Unread(fact="opened", reason="502"),)}, "502"),
        ("support-answered", {"unread": (Unread(fact="waiting", reason="403"),)}, "403"),
    ],
)
def test_what_nobody_knows_is_no_verdict(judge: Judge, check: str, changes: Changes, words: str) -> None:
    """Neither a bounce nor a proof."""
    with pytest.raises(Unobserved, match=words):
        judged(judge, check, **changes)
