"""Somebody buys two books, and gets a receipt."""

import pytest

from smoke.people import Shop

WANTED = {"atlas": 1, "knots": 2}


@pytest.mark.check("buying-registers")
def test_customer_registers(walk: Shop) -> None:
    """Who cannot register cannot buy.

    Fix: read the shop's log of POST /customers.
    """
    walk.keep["buyer"] = walk.join("buyer")
    me = walk.keep["buyer"].get("/me").document(200)
    assert me.text("id") == walk.keep["buyer"].id, "GET /me names another customer than the one who registered"


@pytest.mark.check("buying-login")
def test_password_opens_the_account(walk: Shop) -> None:
    """The right one does, and no other.

    Fix: accounts.log_in compares the digest of the password that was sent.
    """
    buyer = walk.keep["buyer"]
    session = walk.stranger.post("/sessions", email=buyer.email, password=buyer.password).document(201)
    assert session.text("id") == buyer.id, "the login named another customer"
    walk.stranger.post("/sessions", email=buyer.email, password=f"{buyer.password}x").refuses(401)


@pytest.mark.check("buying-order-stored")
def test_order_is_stored(walk: Shop) -> None:
    """An order that is confirmed and not kept is a customer lost.

    Fix: orders.place must be committed before the order is queued and confirmed.
    """
    buyer = walk.keep["buyer"]
    placed = buyer.post("/orders", books=WANTED, note=walk.world.mark).document(201)
    walk.keep["order"], walk.keep["total"] = placed.text("id"), placed.number("total_cents")
    row = walk.postgresql.stored("orders", id=walk.keep["order"])
    assert row, f"order {walk.keep['order']} was confirmed, and PostgreSQL has no such row"
    assert row["note"] == walk.world.mark, "the order's note is not the one that was sent"


@pytest.mark.check("buying-price")
def test_price_is_the_one_that_was_shown(walk: Shop) -> None:
    """Whoever pays another price than the list's complains, and is right.

    Fix: GET /books and orders.place must read the same prices.
    """
    prices = {book.text("sku"): book.number("price_cents") for book in walk.stranger.get("/books").documents(200)}
    shown = sum(prices[sku] * count for sku, count in WANTED.items())
    assert walk.keep["total"] == shown, f"the order costs {walk.keep['total']} cents; the list says {shown}"


@pytest.mark.check("buying-queue-drains")
def test_somebody_takes_the_order(walk: Shop) -> None:
    """An order that nobody takes has no receipt.

    Fix: start the worker; look at orders.dead for what it could not do.
    """
    limit = walk.settings.receipt_within
    empty = walk.until(lambda: walk.rabbitmq.waiting("orders") == 0 or None, limit)
    assert empty, walk.waited("an empty queue of orders", limit)


@pytest.mark.check("buying-receipt-stored")
def test_receipt_is_in_the_bucket(walk: Shop) -> None:
    """The tax office wants it, years later.

    Fix: read the worker's log.
    """
    key, limit = f"receipts/{walk.keep['order']}.txt", walk.settings.receipt_within
    text = walk.until(lambda: walk.s3.stored(walk.settings.bucket, key), limit)
    assert text, walk.waited(f"the receipt {key} in the bucket", limit)
    total = walk.keep["total"]
    euros = f"Total: {total // 100}.{total % 100:02} EUR"
    assert euros in text, f"the receipt does not say {euros!r}"
    walk.keep["receipt"] = text


@pytest.mark.check("buying-receipt-shown")
def test_buyer_reads_the_receipt(walk: Shop) -> None:
    """Buyers want to see what they paid.

    Fix: read the shop's log of GET /orders/ID/receipt.
    """
    path = f"/orders/{walk.keep['order']}/receipt"
    shown = walk.until(lambda: _text(walk, path), walk.settings.receipt_within)
    assert shown == walk.keep["receipt"], "what the buyer is shown is not what lies in the bucket"


def _text(walk: Shop, path: str) -> str | None:
    reply = walk.keep["buyer"].get(path)
    return None if reply.status == 404 else reply.answers(200).body.text  # noqa: PLR2004 - not yet
