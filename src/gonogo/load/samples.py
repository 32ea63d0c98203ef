"""Every reply, as the float that was measured: by second, endpoint and outcome."""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gonogo.load.plan import OUTCOMES, Outcome

Key = tuple[int, int, int]
"""The second in which the request was planned, the endpoint's index, the outcome's index."""
Packed = tuple[int, int, int, bytes]
"""A key, and its samples as native doubles, in seconds."""


@dataclass(slots=True)
class Samples:
    """Merging is exact: nothing is rounded, nothing is summed."""

    by_key: dict[Key, "array[float]"] = field(default_factory=dict)
    """Latencies in seconds, by second, endpoint and outcome."""

    def add(self, second: int, endpoint: int, outcome: Outcome, elapsed: float) -> None:
        """One reply, or the end of waiting for it."""
        key = (second, endpoint, OUTCOMES.index(outcome))
        samples = self.by_key.get(key)
        if samples is None:
            samples = self.by_key[key] = array("d")
        samples.append(elapsed)

    def packed(self) -> Iterator[Packed]:
        """Each second, endpoint and outcome with its samples as bytes, for a message between processes."""
        for (second, endpoint, outcome), samples in self.by_key.items():
            yield second, endpoint, outcome, samples.tobytes()

    def merge(self, packed: Iterable[Packed]) -> None:
        """Add the samples of another process."""
        for second, endpoint, outcome, content in packed:
            self.by_key.setdefault((second, endpoint, outcome), array("d")).frombytes(content)

    def of(self, endpoint: int) -> Mapping[int, Mapping[Outcome, "array[float]"]]:
        """One endpoint's, by second."""
        by_second: dict[int, dict[Outcome, array[float]]] = {}
        for (second, index, outcome), samples in sorted(self.by_key.items()):
            if index == endpoint:
                by_second.setdefault(second, {})[OUTCOMES[outcome]] = samples
        return by_second
