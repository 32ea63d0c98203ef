"""A ticket goes through support's system as a user's does.

A journey of gonogo's own: walked where ``[support.tickets]`` permits a trial.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gonogo.journey.walk import Walk


@pytest.mark.check("support-ticket-tried")
def test_ticket_is_opened_found_and_closed(walk: Walk) -> None:
    """A tracker that can be read may take no new ticket: its plan is used up, or a rule hides what is new.

    Fix: open a ticket by hand as a user would, and look for it among the open ones.
    """
    number = walk.support.open_ticket()
    assert walk.support.ticket_found(number), f"ticket #{number} was opened, and is not among the open ones"
    walk.support.close_ticket(number)
    assert walk.support.ticket_gone(number), f"ticket #{number} was closed, and is still among the open ones"
