"""What somebody bought is nobody else's business."""

import pytest

from smoke.people import Shop


@pytest.mark.check("privacy-orders")
def test_order_is_its_buyers_only(walk: Shop) -> None:
    """Numbers of orders are guessed, and end up in bookmarks and logs.

    Fix: orders.order_of must look for the customer as well.
    """
    owner, other = walk.join("owner"), walk.join("other")
    order = owner.post("/orders", books={"tides": 1}, note=walk.world.mark).document(201).text("id")
    assert owner.get(f"/orders/{order}").document(200).text("id") == order, "the buyer does not see the order"
    other.get(f"/orders/{order}").refuses(403, 404)
    other.get(f"/orders/{order}/receipt").refuses(403, 404)
    walk.keep["owner"], walk.keep["order"] = owner, order


@pytest.mark.check("privacy-sessions")
def test_strangers_have_no_session(walk: Shop) -> None:
    """A token that was never given must be nobody's.

    Fix: accounts.whose must find the digest of the token.
    """
    assert walk.keep["owner"].get("/me").document(200).text("id"), "the owner of a session is nobody"
    walk.stranger.get("/me").refuses(401)
    walk.stranger.send("GET", "/me", {"Authorization": f"Bearer {walk.world.mark}"}).refuses(401)
    walk.stranger.get(f"/orders/{walk.keep['order']}").refuses(401)
    walk.keep["owner"].get("/customers").refuses(401, 403)
