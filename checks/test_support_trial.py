"""A mail and a ticket take the way that those of a user take.

A journey of gonogo's own: walked where ``[support.inbox]`` is declared, or ``[support.tickets]`` permits a trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gonogo.base.comparing import nothing, so
from gonogo.base.durations import format_duration

if TYPE_CHECKING:
    from gonogo.journey.walk import Walk


@pytest.mark.check("support-mail-arrives")
def test_mail_to_support_arrives(walk: Walk) -> None:
    """A server that accepts mail may still lose it, or put it where nobody looks.

    Fix: write to the address from outside, and look for the mail: in other folders, in spam, at the forwarding.
    """
    refusals = walk.support.send_test_mails()
    assert nothing(refusals, "refusals of test mails"), f"{'; '.join(refusals)}"
    missing = walk.support.missing_mails()
    assert nothing(missing, f"test mails not found within {format_duration(walk.support.delivery)}"), walk.waited(
        f"a test mail to {', '.join(missing)} was accepted, but not found in the inbox", walk.support.delivery
    )


@pytest.mark.check("support-ticket-tried")
def test_ticket_is_opened_found_and_closed(walk: Walk) -> None:
    """A tracker that can be read may still refuse new tickets: its plan is used up, or a rule hides them.

    Fix: open a ticket by hand as a user would, and look for it among the open ones.
    """
    number = walk.support.open_ticket()
    assert so(walk.support.ticket_found(number), "ticket that was opened", "found", "not found"), (
        f"ticket #{number} was opened, but is not among the open ones"
    )
    walk.support.close_ticket(number)
    assert so(walk.support.ticket_gone(number), "ticket that was closed", "gone", "still open"), (
        f"ticket #{number} was closed, but is still among the open ones"
    )
