"""What a plain FastHttpUser does, for comparison: ``python -m tests.bench.plain_locust PORT USERS SECONDS``.

One line out: requests, and the processor seconds that this process used for them.
"""

import locust  # noqa: F401, I001 - first: it makes sockets cooperative

import json
import sys
import time

import gevent
from locust import FastHttpUser, task
from locust.env import Environment


class Plain(FastHttpUser):
    """As Locust's documentation has it."""

    @task
    def ask(self) -> None:
        """One request after another."""
        self.client.get("/", name="GET /")


def main(port: int, users: int, seconds: float) -> None:
    """After one second, in which connections are made."""
    environment = Environment(user_classes=[Plain], host=f"https://127.0.0.1:{port}")
    runner = environment.create_local_runner()
    runner.start(users, spawn_rate=users)
    gevent.sleep(1.0)
    before, used = runner.stats.total.num_requests, time.process_time()
    gevent.sleep(seconds)
    requests, used = runner.stats.total.num_requests - before, time.process_time() - used
    runner.quit()
    print(json.dumps({"requests": requests, "cpu": used, "failed": runner.stats.total.num_failures}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
