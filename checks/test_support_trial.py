"""A mail and a ticket take the way that those of a user take.

A journey of gonogo's own: walked where ``[support.inbox]`` is declared, or ``[support.tickets]`` permits a trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gonogo.journey.walk import Walk


@pytest.mark.check("support-mail-arrives")
def test_mail_to_support_arrives(walk: Walk) -> None:
    """A server that takes mail may still lose it, or put it where nobody looks.

    Fix: write to the address from outside, and look for the mail: in other folders, in spam, at the forwarding.
    """
    refusals = walk.support.send_test_mails()
    assert not refusals, f"{'; '.join(refusals)}"
    missing = walk.support.missing_mails()
    assert not missing, walk.waited(
        f"a test mail to {', '.join(missing)} was taken, and not found in the inbox", walk.support.delivery
    )


@pytest.mark.check("support-ticket-tried")
def test_ticket_is_opened_found_and_closed(walk: Walk) -> None:
    """A tracker that can be read may take no new ticket: its plan is used up, or a rule hides what is new.

    Fix: open a ticket by hand as a user would, and look for it among the open ones.
    """
    number = walk.support.open_ticket()
    assert walk.support.ticket_found(number), f"ticket #{number} was opened, and is not among the open ones"
    walk.support.close_ticket(number)
    assert walk.support.ticket_gone(number), f"ticket #{number} was closed, and is still among the open ones"
