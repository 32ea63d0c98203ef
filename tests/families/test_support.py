"""What is read of GitLab's and GitHub's issues, in the shapes that their owners document."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.imap import Mailbox
from gonogo.environment.model import Environment
from gonogo.evidence.support_channels import SupportTicketsEvidence
from gonogo.families.registry import environment_from
from gonogo.families.support.desk import Message, waiting_since
from gonogo.families.support.desks import issue_desk
from gonogo.families.support.probe import probe_support_tickets, tickets_questions
from gonogo.families.support.section import Support, Tickets
from reference.certificates import issue_internal
from reference.doubles.imap import ImapDouble
from reference.doubles.support import LABEL, PROJECT, SupportDouble, SupportPorts, SupportSettings
from tests.support.doubles import serving
from tests.support.ports import closed_port
from tests.support.provider_doubles import Answer, Replies, web_api

Json = dict[str, Any]
TOKEN = "never-shown-1"
NOW = datetime.now(UTC)
USER, TEAM = (
    {"id": 11, "login": "user", "username": "user", "type": "User"},
    {"id": 7, "login": "paula", "type": "User"},
)


def declared(port: int, **tickets: Any) -> Environment:  # noqa: ANN401 - TOML
    """A service whose tickets are at this port."""
    section = {"api": f"http://127.0.0.1:{port}", "token": "SUPPORT_TOKEN", "answer_within": "4 h", **tickets}
    support = {"addresses": ["help@shop.test"], "tickets": section}
    service = {"name": "Shop", "base_url": "https://shop.test"}
    return environment_from({"service": service, "limits": {"probe": "60 s"}, "support": support})


async def read(port: int, **tickets: Any) -> SupportTicketsEvidence:  # noqa: ANN401 - TOML
    """The evidence."""
    (question,) = tickets_questions(declared(port, **tickets), Secrets({"SUPPORT_TOKEN": TOKEN}))
    assert TOKEN not in repr(question)
    return await probe_support_tickets(question)


def seen(replies: Replies, **tickets: Any) -> SupportTicketsEvidence:  # noqa: ANN401 - TOML
    """The evidence of an API with these replies."""

    async def main() -> SupportTicketsEvidence:
        async with serving(web_api(replies)) as port:
            return await read(port, **tickets)

    evidence = asyncio.run(main())
    adapter = TypeAdapter(SupportTicketsEvidence)
    assert adapter.validate_json(adapter.dump_json(evidence)) == evidence, "a replay must see the same"
    return evidence


def at(hours: float) -> str:
    """A time so many hours ago, as both write it."""
    return f"{NOW - timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def github(issues: list[Json], comments: Mapping[int, list[Json]] | None = None, **repository: Any) -> Replies:  # noqa: ANN401 - JSON
    """A repository with these issues, two on a page."""

    def reply(path: str, query: Mapping[str, list[str]]) -> Answer:
        parts = path.removeprefix("/repos/shop/support").strip("/").split("/")
        if parts == [""]:
            return Answer(document={"full_name": "shop/support", "has_issues": True, "archived": False, **repository})
        if len(parts) == 1:
            state, number = query["state"][0], int(query.get("page", ["1"])[0])
            listed = [issue for issue in issues if state in {"all", issue["state"]}]
            link = f'<https://api.github.com/repositories/1/issues?page={number + 1}>; rel="next", <x>; rel="last"'
            headers = {"Link": link} if len(listed) > 2 * number else {}
            return Answer(document=listed[2 * (number - 1) : 2 * number], headers=headers)
        if len(parts) == 2:
            return Answer(document=next(issue for issue in issues if str(issue["number"]) == parts[1]))
        return Answer(document=(comments or {}).get(int(parts[1]), []))

    return reply


def issue(number: int, hours: float, *, comments: int = 0, state: str = "open", **more: Any) -> Json:  # noqa: ANN401 - JSON
    """An issue of GitHub."""
    return {
        "number": number,
        "title": f"Question {number}",
        "state": state,
        "created_at": at(hours),
        "comments": comments,
        "user": USER,
        **more,
    }


def comment(hours: float, user: Json = TEAM, association: str = "MEMBER") -> Json:
    """A comment of GitHub."""
    return {"created_at": at(hours), "user": user, "author_association": association}


def test_issues_of_github_on_all_pages() -> None:
    """GitHub lists pull requests among issues, and lists issues by their last change."""
    issues = [
        issue(1, 1),
        issue(2, 30),
        issue(3, 2, state="closed"),
        issue(4, 1, pull_request={"url": "x"}),
        issue(5, 9),
    ]
    found = seen(github(issues), github="shop/support")
    assert (found.tracker, found.problem, found.opened, found.open) == ("GitHub shop/support", "", 3, 3)
    assert [ticket.ticket for ticket in found.waiting] == ["#2", "#5"]


@pytest.mark.parametrize(
    ("comments", "waits"),
    [
        ([comment(8)], False),
        ([comment(8), comment(7, USER, "NONE")], True),
        ([comment(8), comment(1, USER, "NONE")], False),
        ([comment(8, {"id": 9, "type": "User"}, "NONE")], True),
        ([comment(8, {"id": 8, "type": "Bot"}, "COLLABORATOR")], True),
        ([comment(8, USER, "OWNER")], True),
    ],
    ids=["support", "asked again", "asked again just now", "another user", "a machine", "the writer"],
)
def test_who_answers_at_github(comments: list[Json], *, waits: bool) -> None:
    """Others who have the same question, and machines, are no answer."""
    found = seen(github([issue(1, 9, comments=len(comments))], {1: comments}), github="shop/support")
    assert bool(found.waiting) is waits


@pytest.mark.parametrize(
    ("repository", "problem"),
    [({"archived": True}, "the repository is archived"), ({"has_issues": False}, "issues are switched off")],
)
def test_a_repository_that_takes_no_issues(repository: Json, problem: str) -> None:
    """By its own word."""
    assert problem in seen(github([], **repository), github="shop/support").problem


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=401, document={"message": "Bad credentials"}), r"refuses the token \(401\)"),
        (
            Answer(status=403, document={"message": "Resource not accessible by personal access token"}),
            "does not let the token read",
        ),
        (
            Answer(status=403, document={"message": "API rate limit exceeded"}, headers={"X-RateLimit-Remaining": "0"}),
            "has asked too often",
        ),
        (
            Answer(status=429, document={"message": "secondary"}, headers={"Retry-After": "3600"}),
            "to be left alone for 1 h",
        ),
        (Answer(status=502, document=b"<html>"), "answered 502"),
        (Answer(document=b"<html>"), "answered no JSON"),
        (Answer(status=404, document=b"<html>"), "not in the words of GitHub"),
    ],
    ids=["token", "scope", "limit", "secondary limit", "502", "no JSON", "another server"],
)
def test_what_is_no_answer_is_no_verdict(answer: Answer, words: str) -> None:
    """Each kind with its own cure."""
    with pytest.raises(Unobserved, match=words):
        seen(lambda _path, _query: answer, github="shop/support")


def test_a_repository_that_nobody_sees_is_gone() -> None:
    """GitHub says the same of a repository that the token may not see, and so does the message."""
    gone = Answer(status=404, document={"message": "Not Found", "documentation_url": "https://docs.github.com/rest"})
    assert seen(lambda _path, _query: gone, github="shop/support").problem == (
        "there is no such repository, or the token may not see it"
    )


def test_one_unreadable_list_takes_its_own_facts_only() -> None:
    """What came in a day is known, though the open ones cannot be listed."""
    healthy = github([issue(1, 1)])

    def reply(path: str, query: Mapping[str, list[str]]) -> Answer:
        return Answer(status=500) if query.get("state") == ["open"] else healthy(path, query)

    found = seen(reply, github="shop/support")
    assert (found.opened, {missing.fact for missing in found.unread}) == (1, {"open", "waiting"})


# -- GitLab -----------------------------------------------------------------------------------------------------------


def gitlab(note: Json) -> Replies:
    """A project with one issue of nine hours ago, and one note on it."""
    question = {"iid": 1, "title": "Question", "created_at": at(9), "user_notes_count": 1, "author": USER}

    def reply(path: str, _query: Mapping[str, list[str]]) -> Answer:
        # The path of the project comes encoded, as GitLab wants it.
        kind = path.removeprefix("/api/v4/projects/shop%2Fsupport").strip("/")
        documents: Mapping[str, Any] = {"": {"path_with_namespace": "shop/support"}, "issues": [question]}
        documents = {**documents, "issues/1": question, "issues/1/notes": [note]}
        return Answer(document=documents[kind])

    return reply


@pytest.mark.parametrize(
    ("changes", "waits"),
    [
        ({}, False),
        ({"system": True}, True),
        ({"internal": True}, True),
        ({"author": USER}, True),
        ({"author": {"id": 3, "username": "project_3_bot_0a1b"}}, True),
    ],
    ids=["support", "a changed label", "an internal note", "the writer", "a machine"],
)
def test_who_answers_at_gitlab(changes: Json, *, waits: bool) -> None:
    """Only what the writer can see is an answer."""
    note = {
        "created_at": at(8),
        "author": {"id": 7, "username": "paula"},
        "system": False,
        "internal": False,
        **changes,
    }
    assert bool(seen(gitlab(note), gitlab="shop/support").waiting) is waits


async def _with_double(settings: SupportSettings, folder: Path, work: Any) -> Any:  # noqa: ANN401 - a coroutine's
    _root, bundle = issue_internal(folder)
    port = closed_port()
    ports = SupportPorts(mail=closed_port(), inbox=closed_port(), tickets=port)
    double = SupportDouble(settings, ports=ports, token=TOKEN, password=TOKEN, chain=bundle.chain, key=bundle.key)
    await double.start()
    try:
        return await work(port)
    finally:
        await double.stop()


def at_double(work: Any, **settings: Any) -> Any:  # noqa: ANN401 - as above
    """What comes of asking the reference's own GitLab."""
    with TemporaryDirectory() as folder:
        return asyncio.run(_with_double(SupportSettings(**settings), Path(folder), work))


def test_the_reference_has_three_questions_of_a_day() -> None:
    """Of the two that are open one is answered, and the other's time is not over."""
    found = at_double(lambda port: read(port, gitlab=PROJECT, label=LABEL))
    assert (found.opened, found.open, found.waiting, found.unread) == (3, 2, (), ())
    late = at_double(lambda port: read(port, gitlab=PROJECT, label=LABEL), waits_hours=30.0)
    assert [ticket.ticket for ticket in late.waiting] == ["#3"]
    all_issues = at_double(lambda port: read(port, gitlab=PROJECT), waits_hours=30.0, answered_by="agent")
    assert [ticket.ticket for ticket in all_issues.waiting] == ["#4"], "what has not the label is a ticket as well"


def test_a_ticket_is_opened_found_and_closed() -> None:
    """And nobody counts it among those of users."""
    mark = "gonogo-20261126t200000z-0a1b2c"

    async def work(port: int) -> tuple[int, int, SupportTicketsEvidence]:
        section = declared(port, gitlab=PROJECT, label=LABEL).require(Support).tickets
        assert section is not None
        desk = issue_desk(section, Secrets({"SUPPORT_TOKEN": TOKEN}), timedelta(seconds=60))
        async with desk.session() as session:
            number = await session.create(f"Launch check {mark}", "words")
            opened = await session.marked(mark)
            counted = await read(port, gitlab=PROJECT, label=LABEL)
            await session.close(number)
            return len(opened), len(await session.marked(mark)), counted

    opened, closed, counted = at_double(work)
    assert (opened, closed, counted.opened, counted.open) == (1, 0, 3, 2)


def test_the_inbox_of_the_reference_is_read_and_emptied() -> None:
    """By the client that a real Dovecot is read with; a message that has not the words stays."""

    async def work() -> tuple[list[str], list[str]]:
        with TemporaryDirectory() as folder:
            root, bundle = issue_internal(Path(folder))
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(bundle.chain, bundle.key)
            port = closed_port()
            double = ImapDouble(port=port, user="help@shop.test", password=TOKEN, tls=tls)
            mailbox = Mailbox(
                host="localhost",
                port=port,
                user="help@shop.test",
                password=TOKEN,
                trust=str(root),
                patience=timedelta(seconds=60),
            )
            await double.start()
            double.receive(b"Subject: gonogo-1 to you\r\nMessage-ID: <1@x>\r\n\r\nHello")
            double.receive(b"Subject: a question\r\nMessage-ID: <2@x>\r\n\r\nHello")
            found = await asyncio.to_thread(mailbox.with_subject, "INBOX", "gonogo-1")
            await asyncio.to_thread(mailbox.remove, "INBOX", [mail.uid for mail in found])
            left = await asyncio.to_thread(mailbox.mails, "INBOX")
            with pytest.raises(Unobserved, match="does not let nobody in"):
                await asyncio.to_thread(replace(mailbox, user="nobody").mails, "INBOX")
            await double.stop()
            return [mail.subject for mail in found], [mail.subject for mail in left]

    assert asyncio.run(work()) == (["gonogo-1 to you"], ["a question"])


# -- the rest ---------------------------------------------------------------------------------------------------------


def test_who_waits_since_when() -> None:
    """Since the first word after the last answer, and not since the last word."""
    asked = Message(at=NOW - timedelta(hours=5), by_support=False)
    answered = Message(at=NOW - timedelta(hours=4), by_support=True)
    again = replace(asked, at=NOW - timedelta(hours=3))
    opened = NOW - timedelta(hours=6)
    assert waiting_since(opened, []) == opened
    assert waiting_since(opened, [asked]) == opened
    assert waiting_since(opened, [asked, answered]) is None
    assert waiting_since(opened, [answered, again, replace(asked, at=NOW)]) == again.at


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({}, "one of gitlab, github and inbox is expected; there is none"),
        ({"gitlab": "a/b", "github": "a/b", "token": "T"}, "there is gitlab and github"),
        ({"github": "support", "token": "T"}, "'support' is no repository"),
        ({"gitlab": "a/b"}, "token is missing"),
        ({"inbox": True, "label": "beta"}, "an inbox has no api, token, label and trial"),
    ],
)
def test_a_system_of_tickets_is_declared_whole(section: Json, words: str) -> None:
    """What is wrong is said with what is expected."""
    with pytest.raises(ValidationError, match=words):
        Tickets(answer_within="4 h", **section)


def test_tickets_of_an_inbox_need_one() -> None:
    """There would be nothing to read."""
    with pytest.raises(ValidationError, match=r"there is no \[support\.inbox\]"):
        Support(addresses=("help@shop.test",), tickets={"inbox": True, "answer_within": "4 h"})
