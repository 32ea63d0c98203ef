"""Reads the service's own metrics, at the first address of its host: several of one process would count twice."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from gonogo.base.errors import UsageError
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.families.http.asking import asker
from gonogo.families.http.exposition import Scrape
from gonogo.families.http.metrics import read_scrape
from gonogo.families.http.questions import HttpQuestion, metrics_questions


@dataclass(frozen=True, slots=True)
class Scraped:
    """One scrape: samples, or why there are none."""

    samples: Scrape | None
    failure: str = ""


class Scraper:
    """Asks for ``http.metrics`` over a new connection each time, as a Prometheus that was just started would."""

    def __init__(self, environment: Environment, secrets: Secrets, *, patience: timedelta) -> None:
        """Raise UsageError if the environment has no metrics to read."""
        questions = metrics_questions(environment, secrets)
        if not questions:
            raise UsageError(
                "http.metrics: is missing, and [watch] has signals of the service's own series; declare where its metrics "
                "are, or watch.prometheus"
            )
        self._question: HttpQuestion = replace(questions[0], patience=min(patience, environment.limits.probe))

    def scrape(self) -> Scraped:
        """The samples as they are now. Never raises for what the service does."""
        return asyncio.run(self._scrape())

    async def _scrape(self) -> Scraped:
        question, seconds = self._question, self._question.patience.total_seconds()
        expected = question.expected
        headers = {}
        if expected.metrics_token:
            headers["Authorization"] = f"Bearer {question.secrets[expected.metrics_token]}"
        try:
            async with asyncio.timeout(seconds):
                deadline = asyncio.get_running_loop().time() + seconds
                async with asker(question, deadline, largest_body_bytes=expected.largest_body) as asking:
                    scrape, problem = read_scrape(await asking.get(expected.metrics or "/", headers))
        except TimeoutError:
            return Scraped(None, f"the metrics did not come within {seconds:g} s")
        return Scraped(None, f"the metrics cannot be read: {problem}") if problem else Scraped(scrape)
