"""Receipts: one text in the bucket for each order."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from psycopg import Connection

from shop.settings import Settings

Row = dict[str, Any]


class Bucket:
    """Where receipts are kept."""

    def __init__(self, settings: Settings) -> None:
        self._name = settings.bucket
        self._s3: Any = boto3.client(
            "s3",
            endpoint_url=settings.bucket_endpoint,
            region_name="us-east-1",
            aws_access_key_id=settings.bucket_key_id,
            aws_secret_access_key=settings.bucket_secret_key,
            verify=settings.authority,
            config=Config(s3={"addressing_style": "path"}, connect_timeout=3, read_timeout=5, proxies={}),
        )

    def keep(self, key: str, text: str) -> None:
        """Store one."""
        self._s3.put_object(Bucket=self._name, Key=key, Body=text.encode(), ContentType="text/plain; charset=utf-8")

    def text(self, key: str) -> str | None:
        """One of them; None without it."""
        try:
            return bytes(self._s3.get_object(Bucket=self._name, Key=key)["Body"].read()).decode()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise

    def remove(self, key: str) -> None:
        """Remove one, if it is there."""
        self._s3.delete_object(Bucket=self._name, Key=key)

    def ask(self) -> None:
        """Raise an error of botocore unless the bucket answers."""
        self._s3.list_objects_v2(Bucket=self._name, MaxKeys=1)


def write(database: Connection[Row], bucket: Bucket, order: str) -> None:
    """Write an order's receipt, then note where it is. Raises LookupError for an order that is not there."""
    query = (
        "SELECT title, quantity, order_lines.price_cents FROM order_lines JOIN books USING (sku) "
        "WHERE order_id::text = %s ORDER BY title"
    )
    lines = database.execute(query, (order,)).fetchall()
    if not lines:
        raise LookupError(order)
    key = f"receipts/{order}.txt"
    bucket.keep(key, text_of(order, lines))
    database.execute("UPDATE orders SET status = 'receipted', receipt = %s WHERE id::text = %s", (key, order))


def text_of(order: str, lines: list[Row]) -> str:
    """Write the receipt as the customer reads it."""
    rows = [f"{line['quantity']} x {line['title']}: {euros(line['price_cents'] * line['quantity'])}" for line in lines]
    total = sum(line["price_cents"] * line["quantity"] for line in lines)
    return "\n".join([f"Order {order}", *rows, f"Total: {euros(total)}", ""])


def euros(cents: int) -> str:
    """As in ``12.50 EUR``."""
    return f"{cents // 100}.{cents % 100:02} EUR"
