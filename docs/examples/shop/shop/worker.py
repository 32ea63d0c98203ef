"""The worker: takes orders from the queue one by one, and writes their receipts."""

import logging
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.rows import dict_row

from shop import receipts
from shop.orders import QUEUE, connection_to_queue
from shop.settings import settings

LOG = logging.getLogger("shop.worker")


def main() -> None:
    """Work until somebody ends the process."""
    configured = settings()
    bucket = receipts.Bucket(configured)
    with psycopg.connect(configured.database_url, row_factory=dict_row, autocommit=True) as database:
        channel = connection_to_queue(configured).channel()
        channel.basic_qos(prefetch_count=1)

        def take(taken: Any, method: Any, _: object, body: bytes) -> None:  # noqa: ANN401 - pika's
            order = body.decode("utf-8", "replace")
            try:
                receipts.write(database, bucket, order)
            except (LookupError, ClientError, BotoCoreError):
                LOG.exception("order %s has no receipt", order)
                taken.basic_reject(method.delivery_tag, requeue=False)  # it waits in orders.dead for somebody
            else:
                taken.basic_ack(method.delivery_tag)

        channel.basic_consume(QUEUE, take)
        channel.start_consuming()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
