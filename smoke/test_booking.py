"""A booking from request to completion, seen from both sides."""

from datetime import timedelta

import pytest

from gonogo.base.comparing import equal, so, there
from gonogo.base.durations import format_duration
from smoke.people import WorkMe


@pytest.mark.check("booking-requested")
def test_client_books_a_service(walk: WorkMe) -> None:
    """Bookings are the purpose of the product.

    Fix: read the service's log of POST /api/bookings; the professional must exist and offer the service.
    """
    walk.keep["professional"] = walk.join("professional", "professional")
    walk.keep["client"] = walk.join("client", "client")
    walk.keep["service"] = walk.offer(walk.keep["professional"])
    booking = walk.book(walk.keep["client"], walk.keep["service"]).document(201)
    walk.keep["booking"] = booking.text("id")
    assert equal(booking.text("state"), "requested", "state of a new booking"), (
        f"a new booking is {booking.text('state')}"
    )
    stored = walk.mongodb.stored("bookings", _id=walk.keep["booking"])
    assert there(stored, "booking in MongoDB"), "the booking was confirmed, and is not in MongoDB"


@pytest.mark.check("booking-once")
def test_double_click_books_once(walk: WorkMe) -> None:
    """Fingers are fast and networks are slow: everybody clicks twice on launch day.

    Fix: a unique index on client, service and hour; answer the second request with the first booking.
    """
    client, service = walk.keep["client"], walk.keep["service"]
    later = timedelta(days=9)
    replies = walk.at_once([lambda: walk.book(client, service, ahead=later)] * 2)
    booked = [reply.document(200, 201, 409) for reply in replies]
    ids = {document.text("id") for document in booked if "id" in document.values}
    assert equal(len(ids), 1, "bookings of two clicks at once"), f"two clicks at once made {len(ids)} bookings"


@pytest.mark.check("booking-seen-by-both")
def test_both_parties_see_the_booking(walk: WorkMe) -> None:
    """A professional who does not see the request does not come.

    Fix: GET /api/bookings must list the caller's bookings, as client and as professional.
    """
    for party in ("client", "professional"):
        listed = [booking.text("id") for booking in walk.keep[party].get("/api/bookings").documents(200)]
        assert so(walk.keep["booking"] in listed, f"booking, to the {party}", "shown", "not shown"), (
            f"the {party} does not see the booking"
        )


@pytest.mark.check("booking-mail")
def test_professional_is_told(walk: WorkMe) -> None:
    """Professionals do not look into the app all day.

    Fix: look at the service's connection to the mail relay, and at the relay's queue.
    """
    professional, delivery = walk.keep["professional"], walk.mail.delivery
    mail = walk.until(lambda: walk.mail.received(professional.email, "booking"), delivery)
    assert so(mail, f"mail about the booking, within {format_duration(delivery)}", "arrived", "missing"), walk.waited(
        f"no mail about the booking reached {professional.email}", delivery
    )


@pytest.mark.check("booking-order")
def test_no_step_can_be_skipped(walk: WorkMe) -> None:
    """If a booking can be completed before it was accepted, the service pays for work that nobody did.

    Fix: change a booking only from the states that the step allows, in one conditional update; answer 409.
    """
    path = f"/api/bookings/{walk.keep['booking']}"
    walk.keep["professional"].post(f"{path}/complete").refuses(409, 422)
    walk.keep["client"].post(f"{path}/accept").refuses(403, 404, 409)


@pytest.mark.check("booking-completed")
def test_booking_is_accepted_and_completed(walk: WorkMe) -> None:
    """A booking from request to completion: both sides must see each step.

    Fix: read the service's log of the step that is named here.
    """
    path = f"/api/bookings/{walk.keep['booking']}"
    for step, state in {"accept": "accepted", "start": "in_progress", "complete": "completed"}.items():
        moved = walk.keep["professional"].post(f"{path}/{step}").document(200).text("state")
        assert equal(moved, state, f"state after {step}"), f"after {step} the booking is {moved}"
        shown_to_client = walk.keep["client"].get(path).document(200).text("state")
        assert equal(shown_to_client, state, f"state after {step}, to the client"), (
            f"after {step} the client sees the booking as {shown_to_client}"
        )
    stored = walk.mongodb.stored("bookings", _id=walk.keep["booking"]) or {}
    assert equal(stored.get("state"), "completed", "state in MongoDB"), (
        f"in MongoDB the booking is {stored.get('state')}"
    )
