"""Which system of tickets an environment file declares."""

from datetime import timedelta

from gonogo.base.secrets import Secrets
from gonogo.families.support.desk import Desk
from gonogo.families.support.github import GITHUB, GitHubDesk
from gonogo.families.support.gitlab import GITLAB, GitLabDesk
from gonogo.families.support.inbox import InboxDesk, mailbox_of
from gonogo.families.support.section import Support, Tickets

_SHARE = 0.3
"""Of a probe's time for one look at the mailbox."""
IssueDesk = GitLabDesk | GitHubDesk


def desk_of(section: Support, secrets: Secrets, patience: timedelta) -> Desk:
    """The one that ``[support.tickets]`` names."""
    tickets, inbox = section.tickets, section.inbox
    if tickets is None:
        raise AssertionError("asked for where there is one only")
    if tickets.inbox and inbox is not None:
        return InboxDesk(mailbox=mailbox_of(inbox, secrets, patience * _SHARE), folder=inbox.folder, sent=inbox.sent)
    return issue_desk(tickets, secrets, patience)


def issue_desk(tickets: Tickets, secrets: Secrets, patience: timedelta) -> IssueDesk:
    """The one whose tickets are issues."""
    kind, api = (GitHubDesk, GITHUB) if tickets.github else (GitLabDesk, GITLAB)
    return kind(
        api=tickets.api or api,
        project=tickets.github or tickets.gitlab or "",
        token=secrets[tickets.token or ""],
        label=tickets.label,
        patience=patience,
    )
