"""The shop's API, in Flask."""

import hmac
import json
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from flask import Flask, Response, abort, g, jsonify, request
from pika.exceptions import AMQPError
from prometheus_client import CONTENT_TYPE_LATEST, Counter, generate_latest
from psycopg import Connection, Error
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from werkzeug.exceptions import HTTPException

from shop import RELEASE, accounts, orders
from shop.receipts import Bucket
from shop.settings import settings

Row = dict[str, Any]
Answer = tuple[Response, int]
SETTINGS = settings()
POOL: ConnectionPool[Connection[Row]] = ConnectionPool(
    SETTINGS.database_url, min_size=2, max_size=12, kwargs={"row_factory": dict_row}, open=True
)
BUCKET = Bucket(SETTINGS)
GUESSES = accounts.Guesses()
DESCRIPTION = json.loads(Path(__file__).with_name("openapi.json").read_text())
PUBLISHER = orders.Publisher(SETTINGS)
REQUESTS = Counter("shop_requests", "Requests answered, by status.", ["status"])
ORDERS = Counter("shop_orders", "Orders confirmed.")
_MOST_OF_ONE_BOOK = 99

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024


@app.after_request
def finish(response: Response) -> Response:
    """Count it, and let nobody keep it."""
    REQUESTS.labels(response.status_code).inc()
    response.headers["Cache-Control"] = "no-store"
    return response


@app.errorhandler(HTTPException)
def explain(error: HTTPException) -> Answer:
    """Errors are JSON as well."""
    return jsonify(error=error.name), error.code or 500


@app.get("/")
def front() -> Answer:
    """Say what this service is."""
    return jsonify(shop="Lantern Books", release=RELEASE), 200


@app.get("/health")
def health() -> Answer:
    """Whether the process is up."""
    return jsonify(status="ok", release=RELEASE), 200


@app.get("/ready")
def ready() -> Answer:
    """Whether it reaches all that it needs."""
    parts = {"database": _works(_ask_database), "queue": _works(_ask_queue), "bucket": _works(BUCKET.ask)}
    fine = all(state == "ok" for state in parts.values())
    return jsonify(status="ok" if fine else "down", **parts), 200 if fine else 503


@app.get("/openapi.json")
def description() -> Answer:
    """What apps may rely on."""
    return jsonify(DESCRIPTION), 200


@app.get("/metrics")
def metrics() -> Response:
    """Prometheus' text, for whoever has the token."""
    if not _same(_token(), SETTINGS.metrics_token):
        abort(401)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@app.post("/customers")
def register() -> Answer:
    """A new customer, with a session."""
    email, password, name = _texts("email", "password", "name")
    with POOL.connection() as database:
        customer = accounts.register(database, email, password, name)
        if customer is None:
            abort(409)
        return jsonify(id=customer, token=accounts.begin_session(database, customer)), 201


@app.post("/sessions")
def log_in() -> Answer:
    """A session for whoever knows the password."""
    email, password = _texts("email", "password")
    if GUESSES.too_many(email):
        abort(429)
    with POOL.connection() as database:
        customer = accounts.log_in(database, email, password)
        if customer is None:
            GUESSES.count(email)
            abort(401)
        return jsonify(id=customer, token=accounts.begin_session(database, customer)), 201


@app.get("/me")
def me() -> Answer:
    """Who one is."""
    return jsonify(_customer()), 200


@app.get("/books")
def books() -> Answer:
    """List what there is, for everybody."""
    with POOL.connection() as database:
        return jsonify(orders.catalogue(database)), 200


@app.post("/orders")
def order() -> Answer:
    """Store an order and queue it, then confirm it."""
    customer = _customer()
    document = request.get_json()
    wanted, note = document.get("books"), document.get("note", "")
    if not isinstance(note, str) or not isinstance(wanted, dict) or not all(map(_is_count, wanted.values())):
        abort(422)
    with POOL.connection() as database:
        try:
            placed = orders.place(database, customer["id"], wanted, note)
        except orders.UnknownBook:
            abort(422)
    PUBLISHER.publish(placed["id"])
    ORDERS.inc()
    return jsonify(placed), 201


@app.get("/orders")
def own_orders() -> Answer:
    """List one's own orders."""
    customer = _customer()
    with POOL.connection() as database:
        return jsonify(orders.orders_of(database, customer["id"])), 200


@app.get("/orders/<number>")
def one_order(number: str) -> Answer:
    """An order of one's own."""
    return jsonify(_order(number)), 200


@app.get("/orders/<number>/receipt")
def receipt(number: str) -> Response:
    """The receipt of an order of one's own, once it is written."""
    key = _order(number)["receipt"]
    text = BUCKET.text(key) if key else None
    if text is None:
        abort(404)
    return Response(text, content_type="text/plain; charset=utf-8")


@app.get("/customers")
def customers() -> Answer:
    """Customers whose address begins so, for the administrator."""
    _require_administrator()
    query = "SELECT id::text, email FROM customers WHERE starts_with(email, %s) ORDER BY email LIMIT 1000"
    with POOL.connection() as database:
        return jsonify(database.execute(query, (request.args.get("email", ""),)).fetchall()), 200


@app.delete("/customers/<customer>")
def forget(customer: str) -> tuple[str, int]:
    """Remove a customer with orders and receipts, for the administrator."""
    _require_administrator()
    with POOL.connection() as database:
        query = "SELECT id::text FROM orders WHERE customer::text = %s"
        for row in database.execute(query, (customer,)).fetchall():
            BUCKET.remove(f"receipts/{row['id']}.txt")
        database.execute("DELETE FROM customers WHERE id::text = %s", (customer,))
    return "", 204


def _customer() -> Row:
    if "customer" not in g:
        with POOL.connection() as database:
            g.customer = accounts.whose(database, _token())
    if g.customer is None:
        abort(401)
    customer: Row = g.customer
    return customer


def _order(number: str) -> Row:
    customer = _customer()
    with POOL.connection() as database:
        order = orders.order_of(database, customer["id"], number)
    if order is None:
        abort(404)
    return order


def _require_administrator() -> None:
    if not _same(_token(), SETTINGS.admin_token):
        abort(401)


def _token() -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _same(first: str, other: str) -> bool:
    return hmac.compare_digest(first.encode(), other.encode())


def _texts(*names: str) -> list[str]:
    document = request.get_json()
    values = [document.get(name) if isinstance(document, dict) else None for name in names]
    texts = [value for value in values if isinstance(value, str) and value and "\0" not in value]
    if len(texts) < len(names):
        abort(422)
    return texts


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_OF_ONE_BOOK


def _works(ask: Any) -> str:  # noqa: ANN401 - any of three
    try:
        ask()
    except (Error, AMQPError, ClientError, BotoCoreError, OSError):
        return "down"
    return "ok"


def _ask_database() -> None:
    with POOL.connection(timeout=3) as database:
        database.execute("SELECT 1")


def _ask_queue() -> None:
    orders.connection_to_queue(SETTINGS).close()
