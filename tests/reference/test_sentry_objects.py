"""The double of Sentry is held against the fields that Sentry's own specification requires, and not against gonogo.

getsentry/sentry-api-schema, openapi-derefed.json, of 2026-08-16 (commit a589a26); rules, which it left out when they became
workflows, of 2024-09-13 (commit c838254). A name is required; behind it stands its type, with "?" where it may be null.
"""

from typing import Any

import pytest

from reference.doubles.sentry_objects import SentrySettings, client_key, detector, issue, rule, workflow

SETTINGS = SentrySettings()
REQUIRED = {
    "workflow": (
        workflow(SETTINGS),
        """actionFilters:list? config:dict createdBy:str? dateCreated:str dateUpdated:str detectorIds:list? enabled:bool
        environment:str? id:str lastTriggered:str? name:str organizationId:str owner:str? triggers:dict?""",
        "",
    ),
    "detector": (
        detector(4501),
        """conditionGroup:dict? config:dict dataSources:list? dateCreated:str dateUpdated:str enabled:bool id:str name:str
        projectId:str? type:str workflowIds:list?""",
        "createdBy:str? description:str? latestGroup:dict? owner:dict?",
    ),
    "client key": (
        client_key(SETTINGS, 4501, "k" * 32, "https://k@o1.ingest.sentry.example/4501"),
        """browserSdk:dict browserSdkVersion:str dateCreated:str? dsn:dict dynamicSdkLoaderOptions:dict id:str isActive:bool
        label:str name:str projectId:int public:str? rateLimit:dict? secret:str?""",
        "useCase:str",
    ),
    "issue": (
        issue(3, 4501, "workme-api", {"received": "2026-12-01T12:00:00Z", "transaction": "/x", "platform": "python"}),
        """annotations:list assignedTo:dict? count:str culprit:str? firstSeen:str? hasSeen:bool id:str isBookmarked:bool
        isPublic:bool isSubscribed:bool isUnhandled:bool issueCategory:str issueType:str lastSeen:str? level:str logger:str?
        metadata:dict numComments:int permalink:str platform:str? priority:str? priorityLockedAt:str? project:dict
        seerAutofixLastTriggered:str? seerExplorerAutofixLastTriggered:str? seerFixabilityScore:float? shareId:str?
        shortId:str status:str statusDetails:dict subscriptionDetails:dict? substatus:str? title:str type:str
        userCount:int""",
        "",
    ),
    "rule": (
        rule(SETTINGS),
        """actionMatch:str actions:list conditions:list dateCreated:str filterMatch:str filters:list frequency:int id:str
        name:str projects:list snooze:bool status:str""",
        "createdBy:dict? environment:str? lastTriggered:str? owner:str? snoozeCreatedBy:str? snoozeForEveryone:bool?",
    ),
}
TYPES = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}


def fields(text: str) -> dict[str, str]:
    """Name to type."""
    return dict(part.split(":") for part in text.split())


@pytest.mark.parametrize("name", REQUIRED)
def test_objects_are_as_sentry_specifies_them(name: str) -> None:
    """A field that the real Sentry does not send, or sends otherwise, would prove checks against nothing."""
    document, required, optional = REQUIRED[name]
    declared = {**fields(required), **fields(optional)}
    assert fields(required).keys() <= document.keys() <= declared.keys()
    assert [key for key, value in document.items() if not fits(value, declared[key])] == []


def fits(value: Any, kind: str) -> bool:  # noqa: ANN401 - JSON
    """Whether a value is of a type."""
    return kind.endswith("?") if value is None else type(value) is TYPES[kind.removesuffix("?")]
