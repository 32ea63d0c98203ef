"""What can be wrong on purpose: ``python -m shop up --fault NAME``. Those of the servers are made where these start."""

import itertools
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Any

FAULTS: Mapping[str, str] = {
    "another-name": "the certificate is for another name",
    "any-password": "a login takes any password",
    "bucket-public": "the bucket's list of access lets everybody read",
    "bucket-without-keys": "S3 looks at no key and no signature",
    "database-without-password": "PostgreSQL asks its users for no password",
    "fails-under-load": "GET /books answers every third with 500 when many ask",
    "guest-back": "RabbitMQ has its user guest with the password guest",
    "migration-missing": "the newest migration has not run",
    "order-not-stored": "an order is confirmed and not stored",
    "orders-of-others": "everybody may see every order",
    "orders-without-session": "GET /orders shows everybody's orders to everybody",
    "price-off-by-a-cent": "the price list shows a cent less than orders cost",
    "queue-not-durable": "the queue of orders does not outlive a restart",
    "receipts-not-written": "the worker takes orders and writes no receipts",
    "session-of-nobody": "a token that was never given is somebody's",
    "title-missing": "GET /books leaves out the titles that the description promises",
    "worker-stopped": "nobody takes orders from the queue",
}
_MANY, _SECOND = 5, 1.0


def spoil_web(faults: Collection[str]) -> None:
    """Put the faults into the API, in this process."""
    from flask import abort, request  # noqa: PLC0415 - as below
    from shop import accounts, orders, web  # noqa: PLC0415 - they want the shop's variables

    place, books, whose = orders.place, orders.catalogue, accounts.whose
    if "any-password" in faults:
        vars(accounts)["check_password_hash"] = lambda *_: True
    if "fails-under-load" in faults:
        web.app.before_request(_failing(request, abort))
    if "order-not-stored" in faults:
        vars(orders)["place"] = lambda database, *order: (place(database, *order), database.rollback())[0]
    if "orders-of-others" in faults:
        vars(orders)["order_of"] = lambda database, _, order: _row(
            database, "SELECT * FROM orders WHERE id::text = %s", order
        )
    if "price-off-by-a-cent" in faults:
        web.app.view_functions["books"] = lambda: (_a_cent_less(web, books), 200)
    if "title-missing" in faults:
        web.app.view_functions["books"] = lambda: (_without_titles(web, books), 200)
    if "orders-without-session" in faults:
        web.app.view_functions["own_orders"] = lambda: (_everybodys_orders(web), 200)
    if "session-of-nobody" in faults:
        anybody = "SELECT id::text, email, name FROM customers LIMIT 1"
        vars(accounts)["whose"] = lambda database, token: whose(database, token) or _row(database, anybody)


def spoil_worker(faults: Collection[str]) -> None:
    """Put the faults into the worker, in this process."""
    from shop import receipts  # noqa: PLC0415 - as above

    if "receipts-not-written" in faults:
        vars(receipts)["write"] = lambda *_: None


def _failing(request: Any, abort: Any) -> Callable[[], None]:  # noqa: ANN401 - Flask's
    asked: deque[float] = deque(maxlen=_MANY)
    every_third = itertools.cycle((False, False, True))

    def fail() -> None:
        if request.path != "/books":
            return
        asked.append(time.monotonic())
        if len(asked) == _MANY and asked[-1] - asked[0] < _SECOND and next(every_third):
            abort(500)

    return fail


def _row(database: Any, query: str, *values: str) -> Any:  # noqa: ANN401 - psycopg's
    row = database.execute(query, values).fetchone()
    return {name: str(value) if name == "id" else value for name, value in row.items()} if row else None


def _a_cent_less(web: Any, books: Any) -> Any:  # noqa: ANN401 - Flask's
    with web.POOL.connection() as database:
        return web.jsonify([{**book, "price_cents": book["price_cents"] - 1} for book in books(database)])


def _without_titles(web: Any, books: Any) -> Any:  # noqa: ANN401 - Flask's
    with web.POOL.connection() as database:
        return web.jsonify([{"sku": book["sku"], "price_cents": book["price_cents"]} for book in books(database)])


def _everybodys_orders(web: Any) -> Any:  # noqa: ANN401 - Flask's
    with web.POOL.connection() as database:
        return web.jsonify(database.execute("SELECT id::text, total_cents, status FROM orders LIMIT 100").fetchall())
