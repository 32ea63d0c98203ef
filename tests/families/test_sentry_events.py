"""What is read of Sentry's events and issues, over pages, and what is said where they cannot be read."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.sentry import SentryApi
from gonogo.evidence.sentry import NewIssue, SentryIssuesEvidence
from gonogo.families.sentry.issues import IssuesQuestion, probe_issues
from gonogo.families.sentry.probe import sentry_questions
from reference.doubles.sentry_objects import issue
from tests.support.doubles import serving
from tests.support.provider_doubles import (
    DSN,
    NUMBER,
    ORGANIZATION_PATH,
    Answer,
    Replies,
    asked,
    sentry,
    web_api,
)

Json = dict[str, Any]
Query = Mapping[str, list[str]]
SPANS = {"dataset": ["spans"], "query": ["trace:abc"]}


def traced(replies: Replies) -> bool:
    """Whether a transaction of the trace is found."""

    async def look() -> bool:
        async with serving(web_api(replies)) as port:
            api = SentryApi(
                api=f"http://127.0.0.1:{port}", token="never-shown-1", organization="workme", project="workme-api"
            )
            return await api.has_transaction("abc")

    return asyncio.run(look())


def test_transactions_are_asked_for_as_spans() -> None:
    """Sentry's specification demands a dataset, and transactions are none."""
    rows = [{"id": "1", "transaction": "GET /", "project": "workme-api"}]

    def reply(path: str, query: Query) -> Answer:
        assert path == f"{ORGANIZATION_PATH}/events/"
        assert query.items() >= SPANS.items()
        assert "field" in query
        return Answer(document={"data": rows, "meta": {}})

    assert traced(reply)
    assert not traced(lambda _path, _query: Answer(document={"data": [], "meta": {}}))
    assert not traced(lambda _path, _query: Answer(document={"data": [{"id": "1", "project": "shop"}], "meta": {}}))


def test_an_older_sentry_is_asked_for_transactions() -> None:
    """It knows no dataset of spans, and would look as if nothing had arrived."""

    def reply(_path: str, query: Query) -> Answer:
        if "dataset" in query:
            return Answer(status=400, document={"detail": "dataset must be one of: discover"})
        assert query["query"] == ["trace:abc event.type:transaction"]
        return Answer(document={"data": [{"id": "1"}]})

    assert traced(reply)


def test_looking_for_transactions_needs_a_scope_of_its_own() -> None:
    """A token that reads the project may be refused here."""
    with pytest.raises(Unobserved) as unobserved:
        traced(lambda _path, _query: Answer(status=403, document={"detail": "no permission"}))
    assert "org:read" in unobserved.value.hint
    with pytest.raises(Unobserved, match="gave no list of events"):
        traced(lambda _path, _query: Answer(document={"detail": "maintenance"}))


LAUNCH = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
ISSUES = f"{ORGANIZATION_PATH}/issues/"


def listed(number: int, title: str = "KeyError: city", **changes: Any) -> Json:  # noqa: ANN401 - fields
    """An issue of the project, first seen a minute after T-0."""
    kind, _, words = title.partition(": ")
    event = {"received": "2026-12-01T12:01:00Z", "exception": {"values": [{"type": kind, "value": words}]}}
    return {**issue(number, NUMBER, "workme-api", event), **changes}


def new_issues(
    *pages: Any,  # noqa: ANN401 - a page's list, or an Answer
    environment: str | None = "production",
) -> tuple[SentryIssuesEvidence, list[Query]]:
    """The evidence from these pages of issues, and with which queries they were asked for."""
    queries: list[Query] = []
    project_alone = sentry()

    def reply(path: str, query: Query) -> Answer:
        if path != ISSUES:
            return project_alone(path, query)
        queries.append(query)
        page = pages[len(queries) - 1]
        if isinstance(page, Answer):
            return page
        more = "true" if len(queries) < len(pages) else "false"
        cursor = f"0:{len(queries)}:0"
        link = f'<https://elsewhere.example/?cursor={cursor}>; rel="next"; results="{more}"; cursor="{cursor}"'
        return Answer(document=page, headers={"Link": link})

    async def ask(declared: Any) -> Any:  # noqa: ANN401 - an environment, and evidence
        (known,) = sentry_questions(declared, Secrets({"SENTRY_TOKEN": "t", "SENTRY_DSN": DSN}))
        return await probe_issues(IssuesQuestion(api=known.api, since=LAUNCH, environment=environment))

    return asked(ask, reply), queries


def test_every_page_of_what_is_new_is_read_with_what_qualifies_it() -> None:
    """The first page alone would hide the issue that matters; one of another project, or our own message, is none."""
    seen, queries = new_issues(
        [listed(9, status="resolved"), listed(8, project={"id": "77", "slug": "other"})],
        [listed(7, "TimeoutError: no answer"), listed(6, title="canary of launch verification gonogo-1")],
    )
    first = LAUNCH + timedelta(minutes=1)
    assert seen.issues == (
        NewIssue(id="WORKME-API-9", title="KeyError: city", level="error", status="resolved", first_seen=first),
        NewIssue(
            id="WORKME-API-7", title="TimeoutError: no answer", level="error", status="unresolved", first_seen=first
        ),
    )
    assert queries[0] == {
        "project": [str(NUMBER)],
        "environment": ["production"],
        "query": ["firstSeen:>=2026-12-01T12:00:00Z"],
        "sort": ["new"],
    }
    assert queries[1] == {**queries[0], "cursor": ["0:1:0"]}
    assert "environment" not in new_issues([], environment=None)[1][0]


@pytest.mark.parametrize(
    ("answer", "reason", "hint"),
    [
        (Answer(status=403, document={"detail": "no"}), "does not let the token read", "the token needs event:read"),
        (
            Answer(status=404, document={"detail": "The requested resource does not exist"}),
            "knows no environment production",
            "is sentry.environment what",
        ),
        (
            [listed(9, firstSeen="2026-11-30T12:00:00Z")],
            "gave WORKME-API-9, which it first saw 2026-11-30",
            "is like Sentry",
        ),
        (Answer(document={"data": []}), "gave no list", "is sentry.api right?"),
    ],
)
def test_what_is_new_and_cannot_be_read_is_said(answer: Any, reason: str, hint: str) -> None:  # noqa: ANN401 - as above
    """No list would read as no new error."""
    with pytest.raises(Unobserved, match=reason) as told:
        new_issues(answer)
    assert hint in told.value.hint
