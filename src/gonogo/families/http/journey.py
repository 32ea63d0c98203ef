"""Verbs of HTTP for the steps of journeys: the service's own metrics."""

from gonogo.clients.replies import demand
from gonogo.families.http.metrics import labelled
from gonogo.families.http.section import Http
from gonogo.families.verbs import Verbs, undeclared


class HttpVerbs(Verbs[Http]):
    """``walk.http``."""

    model = Http

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a series of the service, over all labels that are not given; fails the step when there is none."""
        path, secret = self.section.metrics, self.section.metrics_token
        if path is None or secret is None:
            raise undeclared("http.metrics with http.metrics_token", "metrics")
        headers = {"Authorization": f"Bearer {self.world.secrets[secret]}"}
        reply = self.walk.speak("GET", path, headers, b"").answers(200)
        samples, problem = labelled(reply.body)
        demand(not problem, f"{reply.request}: {problem}")
        values = [sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items()]
        demand(bool(values), f"{path} has no series {name} {labels or ''}")
        return sum(values)
