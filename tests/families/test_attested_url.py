"""Pages that attestations point to, on real sockets: whatever keeps a reader away is an answer."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.attested_url import AttestedUrlEvidence
from gonogo.families.attested_url.probe import UrlQuestion, probe_attested_url, url_questions
from gonogo.families.http.questions import HttpQuestion
from gonogo.families.registry import environment_from
from tests.dead.conftest import swallowing_server
from tests.support.http_doubles import HOST, http_server, observe

ENVIRONMENT = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test:8443"},
        "hosts": {"a.test": {"addresses": ["192.0.2.1"], "https_port": 8443}},
        "tls": {"trust": "root.pem", "issuer": "X"},
    }
)


def test_where_pages_are() -> None:
    """One of the service's own is asked where the service is; others where the world finds them."""
    questions = url_questions({"a.help": "/help?x=1", "b.wiki": "https://wiki.test/page"}, ENVIRONMENT)
    assert questions == [
        UrlQuestion(
            line="a.help", url="https://a.test:8443/help?x=1", address="192.0.2.1", port=8443, trust="root.pem"
        ),
        UrlQuestion(line="b.wiki", url="https://wiki.test/page"),
    ]
    assert [question.scope for question in questions] == [("attestations", "a.help"), ("attestations", "b.wiki")]
    assert questions[1].host == "wiki.test"


def ask(status: int, tmp_path: Path, headers: str = "") -> AttestedUrlEvidence:
    """What is recorded of a page of the service that answers like this."""

    def answer(path: str, _headers: Mapping[str, str]) -> tuple[int, bytes]:
        assert path == "/help?x=1"
        return status, b"page"

    async def probe(asked: HttpQuestion) -> AttestedUrlEvidence:
        question = UrlQuestion(
            line="a.help",
            url=f"https://{HOST}:{asked.port}/help?x=1",
            address=asked.address,
            port=asked.port,
            trust=asked.trust,
        )
        return await probe_attested_url(question)

    seen: AttestedUrlEvidence = observe(probe, http_server(answer, headers), tmp_path)
    return seen


@pytest.mark.parametrize("status", [200, 404, 500])
def test_page_of_the_service(status: int, tmp_path: Path) -> None:
    """Its status, as it came."""
    seen = ask(status, tmp_path)
    assert (seen.status, seen.problem, seen.ended_at) == (status, "", "")


def test_where_a_page_leads_to(tmp_path: Path) -> None:
    """A login page in place of the document is something a reader should see."""
    assert ask(302, tmp_path, "Location: /login\r\n").ended_at.endswith("/login")


@pytest.mark.parametrize("url", ["https://127.0.0.1:1/x", "https://nobody.invalid/x"])
def test_page_that_nobody_can_open(url: str) -> None:
    """No route, no name, nobody there: the attestation rests on nothing."""
    seen = asyncio.run(probe_attested_url(UrlQuestion(line="a", url=url)))
    assert seen.status is None
    assert seen.problem.startswith("ConnectError")


def test_page_that_says_nothing_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silence is not a refusal: a busy minute must not turn into a page that is gone."""
    monkeypatch.setattr("gonogo.families.attested_url.probe.EXCHANGE_SECONDS", 0.3)
    with swallowing_server() as port, pytest.raises(Unobserved, match="no complete answer within"):
        asyncio.run(probe_attested_url(UrlQuestion(line="a", url=f"https://127.0.0.1:{port}/x")))
