"""Books, orders, and the queue that they wait in until somebody writes the receipt."""

import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pika
from pika.exceptions import AMQPError
from psycopg import Connection

from shop.settings import Settings

Row = dict[str, Any]
QUEUE = "orders"


class UnknownBook(Exception):
    """Nobody sells it."""


def catalogue(database: Connection[Row]) -> list[Row]:
    """All books, with their prices in cents."""
    return database.execute("SELECT sku, title, price_cents FROM books ORDER BY sku").fetchall()


def place(database: Connection[Row], customer: str, wanted: Mapping[str, int], note: str) -> Row:
    """Store an order; its lines keep the prices of this moment. Raises UnknownBook."""
    prices = {row["sku"]: row["price_cents"] for row in catalogue(database)}
    if not wanted or wanted.keys() - prices.keys():
        raise UnknownBook
    total = sum(prices[sku] * count for sku, count in wanted.items())
    query = "INSERT INTO orders (customer, total_cents, note) VALUES (%s, %s, %s) RETURNING id::text, status"
    row = database.execute(query, (customer, total, note)).fetchone() or {}
    with database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO order_lines (order_id, sku, quantity, price_cents) VALUES (%s, %s, %s, %s)",
            [(row["id"], sku, count, prices[sku]) for sku, count in wanted.items()],
        )
    return {**row, "total_cents": total}


def orders_of(database: Connection[Row], customer: str) -> list[Row]:
    """The newest orders of a customer."""
    query = "SELECT id::text, total_cents, status FROM orders WHERE customer::text = %s ORDER BY id DESC LIMIT 100"
    return database.execute(query, (customer,)).fetchall()


def order_of(database: Connection[Row], customer: str, order: str) -> Row | None:
    """An order, if it is this customer's."""
    query = (
        "SELECT id::text, total_cents, status, note, receipt FROM orders WHERE id::text = %s AND customer::text = %s"
    )
    return database.execute(query, (order, customer)).fetchone()


def connection_to_queue(settings: Settings) -> pika.BlockingConnection:
    """A connection over TLS, which looks at the broker's certificate."""
    parameters = pika.URLParameters(settings.queue_url)
    parameters.ssl_options = pika.SSLOptions(ssl.create_default_context(cafile=settings.authority), parameters.host)
    parameters.heartbeat = 0
    return pika.BlockingConnection(parameters)


class Publisher:
    """Puts orders into the queue, each confirmed by the broker; every thread has a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own = threading.local()

    def publish(self, order: str) -> None:
        """Raises AMQPError when the broker does not take it."""
        try:
            self._send(order)
        except AMQPError:  # it may have gone away since the last order
            self._forget()
            self._send(order)

    def _send(self, order: str) -> None:
        if not hasattr(self._own, "channel"):
            self._own.connection = connection_to_queue(self._settings)
            self._own.channel = self._own.connection.channel()
            self._own.channel.confirm_delivery()
        lasting = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
        self._own.channel.basic_publish("", QUEUE, order.encode(), lasting, mandatory=True)

    def _forget(self) -> None:
        with suppress(AMQPError, AttributeError):
            self._own.connection.close()
        self._own.__dict__.clear()
