"""The service's own metrics while it is under load, once a second."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import anyio

from gonogo.base.errors import Unobserved
from gonogo.clients.http import AddressClient
from gonogo.evidence.load import ServerSecond
from gonogo.families.http.metrics import labelled, sums
from gonogo.families.load.section import LoadMetrics

_EVERY_SECONDS = 1.0


@dataclass(slots=True)
class ServerSide:
    """Sampled by ``watch`` until it is cancelled."""

    client: AddressClient
    path: str
    token: str = field(repr=False)
    metrics: LoadMetrics
    problem: str = ""
    """Why the last scrape gave nothing."""
    _samples: list[tuple[float, ServerSecond]] = field(default_factory=list)

    async def watch(self) -> None:
        """Scrape for ever. A service that stands still gives no sample, which is no problem of its own."""
        following = anyio.current_time()
        while True:
            await self._scrape()
            following = max(following + _EVERY_SECONDS, anyio.current_time())
            await anyio.sleep_until(following)

    def since(self, epoch: float, until: float) -> Sequence[ServerSecond]:
        """The samples between two moments of the wall clock, their time counted from the first."""
        return [replace(sample, second=round(at - epoch, 3)) for at, sample in self._samples if epoch <= at < until]

    async def _scrape(self) -> None:
        """Read the metrics once. A page that cannot be read is noted as the problem, and gives no sample."""
        at = time.time()
        try:
            body = await self.client.get(self.path, {"Authorization": f"Bearer {self.token}"} if self.token else {})
        except Unobserved as error:  # the next second may tell again
            self.problem = f"{self.path}: {error.reason}"
            return
        samples, problem = labelled(body)
        if problem:
            self.problem = f"{self.path}: {problem}"
            return
        wanted = self.metrics
        names = [
            wanted.memory,
            wanted.cpu,
            wanted.connections,
            wanted.requests,
            *([wanted.queue] if wanted.queue else []),
        ]
        totals = sums([(sample.name, float(sample.value)) for sample in samples], names)
        sample = ServerSecond(
            second=0.0,
            memory=totals.get(wanted.memory),
            cpu=totals.get(wanted.cpu),
            connections=totals.get(wanted.connections),
            queue=totals.get(wanted.queue) if wanted.queue else None,
            requests=totals.get(wanted.requests),
        )
        self._samples.append((at, sample))
