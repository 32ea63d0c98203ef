"""Which system of tickets an environment file declares."""

from datetime import timedelta

from gonogo.base.secrets import Secrets
from gonogo.families.support.desk import Desk
from gonogo.families.support.github import GITHUB, GitHubDesk
from gonogo.families.support.gitlab import GITLAB, GitLabDesk
from gonogo.families.support.section import Support, Tickets

IssueDesk = GitLabDesk | GitHubDesk


def desk_of(section: Support, secrets: Secrets, patience: timedelta) -> Desk:
    """The one that ``[support.tickets]`` names."""
    tickets = section.tickets
    if tickets is None:
        raise AssertionError("asked for where there is one only")
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
