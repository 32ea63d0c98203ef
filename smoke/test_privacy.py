"""What belongs to one user is nobody else's: asked for by another user, with a valid token, by its id."""

import pytest

from gonogo.base.comparing import at_most, equal, so
from gonogo.journey.people import Person
from smoke.people import WorkMe

_PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.mark.check("privacy-parties")
def test_two_users_have_things_of_their_own(walk: WorkMe) -> None:
    """This is the control: if users cannot read their own data, a refusal proves nothing.

    Fix: see the journeys of booking and payment; one of their steps fails as well.
    """
    keep = walk.keep
    keep["client"], keep["professional"] = walk.join("client", "client"), walk.join("professional", "professional")
    keep["other"] = walk.join("other", "professional")
    keep["booking"] = walk.book(keep["client"], walk.offer(keep["professional"])).document(201).text("id")
    upload = keep["professional"].upload("/api/documents", f"{walk.world.mark}.pdf", _PDF, "application/pdf")
    keep["document"] = upload.document(201).text("id")
    paid = keep["client"].post("/api/payment/pix", booking_id=keep["booking"]).document(201)
    keep["payment"] = paid.text("id")
    _own(walk, keep["client"], f"/api/bookings/{keep['booking']}")
    _own(walk, keep["professional"], f"/api/documents/{keep['document']}")
    _own(walk, keep["client"], f"/api/payment/{keep['payment']}")


@pytest.mark.check("privacy-bookings")
def test_bookings_are_private(walk: WorkMe) -> None:
    """A booking shows who is at home, where, and when.

    Fix: look bookings up by id and party in one query, and answer 404 otherwise (OWASP API1).
    """
    path = f"/api/bookings/{walk.keep['booking']}"
    walk.keep["other"].get(path).refuses(403, 404)
    walk.keep["other"].post(f"{path}/accept").refuses(403, 404)
    _not_listed(walk, "/api/bookings", walk.keep["booking"])


@pytest.mark.check("privacy-documents")
def test_documents_are_private(walk: WorkMe) -> None:
    """A leak of identity papers ends a beta, and must be reported to the authority within days.

    Fix: look documents up by id and owner in one query, and answer 404 otherwise (OWASP API1).
    """
    walk.keep["other"].get(f"/api/documents/{walk.keep['document']}").refuses(403, 404)
    _not_listed(walk, "/api/documents", walk.keep["document"])


@pytest.mark.check("privacy-payments")
def test_payments_are_private(walk: WorkMe) -> None:
    """Amounts and PIX codes belong to two people only.

    Fix: look payments up by id and party in one query, and answer 404 otherwise (OWASP API1).
    """
    path = f"/api/payment/{walk.keep['payment']}"
    walk.keep["other"].get(path).refuses(403, 404)
    walk.keep["other"].post(f"{path}/refund").refuses(403, 404)


@pytest.mark.check("privacy-admin")
def test_administration_is_for_administrators(walk: WorkMe) -> None:
    """The dashboard shows every tester's address.

    Fix: require the role on every route below /api/beta.
    """
    walk.admin.get("/api/beta/status").answers(200)
    for path in ("/api/beta/status", "/api/beta/users", "/api/beta/feedback"):
        walk.keep["other"].get(path).refuses(403, 404)
        walk.stranger.get(path).refuses(401, 403, 404)


@pytest.mark.check("privacy-beta-limit")
def test_beta_has_as_many_seats_as_declared(walk: WorkMe) -> None:
    """A team can look after fifty testers, not after five thousand.

    Fix: set the limit of the beta in the service's configuration, or correct smoke.beta_limit.
    """
    seats = walk.admin.get("/api/beta/status").document(200)
    limit, declared = seats.number("limit"), walk.settings.beta_limit
    assert equal(limit, declared, "seats of the beta"), f"the beta has {limit} seats; {declared} are declared"
    assert at_most(seats.number("taken"), limit, "seats taken"), f"{seats.number('taken')} of {limit} seats are taken"


def _own(walk: WorkMe, owner: Person, path: str) -> None:
    owner.get(path).answers(200)
    walk.stranger.get(path).refuses(401, 403)


def _not_listed(walk: WorkMe, path: str, identifier: str) -> None:
    listed = [document.text("id") for document in walk.keep["other"].get(path).documents(200)]
    assert so(identifier not in listed, f"list {path}", "nothing of others", "what is somebody else's"), (
        f"{path} lists data of another user"
    )
