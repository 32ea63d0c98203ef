"""The payments of the webhook's journey: one that an event moved must not fail the steps after it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gonogo.clients.replies import Reply
from smoke import payments
from smoke.payments import OpenPayment, refused, victim_of
from smoke.people import WorkMe


class Book:
    """A service's book of payments, in which every event of a stranger pays."""

    def __init__(self) -> None:
        self.opened: list[OpenPayment] = []
        self.walk = cast("WorkMe", SimpleNamespace(keep={}, stripe=SimpleNamespace(live=False), world=None))

    def open(self, _: WorkMe, day: int) -> OpenPayment:
        """A payment that nobody has paid, of a client who asked for that day."""
        payer = SimpleNamespace(get=lambda _: SimpleNamespace(document=lambda _: self))
        self.opened.append(OpenPayment(self.walk, f"of-day-{day}", cast("Any", payer), cast("Any", None)))
        return self.opened[-1]

    def objects(self, _: str) -> list[Any]:
        """The one state of a payment that waits."""
        return [SimpleNamespace(text=lambda _: "requires_action")]


@pytest.mark.parametrize(("status", "opened"), [(200, 2), (400, 1)])
def test_payment_that_an_event_moved_is_replaced(monkeypatch: pytest.MonkeyPatch, status: int, opened: int) -> None:
    """Eleven failed checks for one missing signature: six of them found a payment that another step had moved."""
    book = Book()
    monkeypatch.setattr(payments, "open_payment", book.open)
    first = book.walk.keep["victim"] = book.open(book.walk, 1)
    reply = cast("Reply", SimpleNamespace(status=status))
    if status == 200:
        with pytest.raises(AssertionError, match="no signature was answered 200"):
            refused(victim_of(book.walk), reply, "no signature", (400,))
    else:
        refused(victim_of(book.walk), reply, "no signature", (400,))
    again = victim_of(book.walk)
    assert (again is first) is (status == 400)
    assert victim_of(book.walk) is again
    assert len(book.opened) == opened
