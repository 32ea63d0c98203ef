"""Sentry's objects, with the fields that its specification requires of what gonogo reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LONG_AGO = "2026-01-02T03:04:05.678901Z"
_OWN_MONITOR, _FOREIGN_MONITOR = "71", "72"
_OFF = [
    "dataScrubber",
    "dataScrubberDefaults",
    "enableAutoReleaseCreation",
    "firstTransactionEvent",
    "hasFeedbacks",
    "hasFlags",
    "hasInsightsAgentMonitoring",
    "hasInsightsAppStart",
    "hasInsightsAssets",
    "hasInsightsCaches",
    "hasInsightsDb",
    "hasInsightsHttp",
    "hasInsightsMCP",
    "hasInsightsQueues",
    "hasInsightsScreenLoad",
    "hasInsightsVitals",
    "hasLogs",
    "hasMinifiedStackTrace",
    "hasMonitors",
    "hasNewFeedbacks",
    "hasProfiles",
    "hasReplays",
    "hasSessions",
    "hasTraceMetrics",
    "isBookmarked",
    "isDynamicallySampled",
    "isInternal",
    "isPublic",
    "scmSourceContextEnabled",
    "scrapeJavaScript",
    "scrubIPAddresses",
    "seerScannerAutomation",
    "tempestFetchScreenshots",
    "verifySSL",
]
_NONE = [
    "debugFilesRole",
    "defaultEnvironment",
    "dynamicSamplingBiases",
    "latestRelease",
    "relayPiiConfig",
    "secondaryGroupingConfig",
    "securityTokenHeader",
    "seerNightshiftTweaks",
    "storeCrashReports",
]
_NOTHING = [
    "autofixAutomationTuning",
    "color",
    "derivedGroupingEnhancements",
    "fingerprintingRules",
    "groupingConfig",
    "groupingEnhancements",
    "securityToken",
    "subjectPrefix",
    "subjectTemplate",
    "symbolSources",
]
_NOBODY = [
    "allowedDomains",
    "builtinSymbolSources",
    "features",
    "highlightTags",
    "platforms",
    "safeFields",
    "sensitiveFields",
    "teams",
]
_ZERO = ["digestsMaxDelay", "digestsMinDelay", "processingIssues", "resolveAge", "secondaryGroupingExpiry"]
_ORGANIZATION = {
    "id": "1",
    "slug": "workme",
    "name": "WorkMe",
    "status": {"id": "active", "name": "active"},
    "dateCreated": _LONG_AGO,
    "avatar": {"avatarType": "letter_avatar", "avatarUuid": None},
    "links": {"organizationUrl": "https://workme.sentry.io", "regionUrl": "https://us.sentry.io"},
    **dict.fromkeys(
        (
            "isEarlyAdopter",
            "require2FA",
            "hasAuthProvider",
            "allowMemberInvite",
            "allowMemberProjectCreation",
            "allowSuperuserAccess",
        ),
        False,
    ),
}
SCOPES = frozenset({"project:read", "org:read", "alerts:read", "event:read"})
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentrySettings:
    """One project, and the organisation that it is in. The defaults are healthy."""

    slug: str = "workme-api"
    project_id: int = 4501
    """The project's number in the service's DSN."""
    running: bool = True
    scopes: frozenset[str] = SCOPES
    """What the token may do."""
    drops_events: bool = False
    """Ingest says 200, and keeps nothing: a quota that is used up, or an inbound filter."""
    drops_transactions: bool = False
    project_exists: bool = True
    renamed_to: str = ""
    """The project's slug of today; requests for the old one are led there."""
    key_is_another: bool = False
    """The DSN's key is none of the project's."""
    number: int | None = None
    """The project's number, where it is not the one in the service's DSN."""
    key_limit: tuple[int, int] | None = None
    """How many events the key takes in how many seconds."""
    workflows: bool = True
    """Otherwise only the older rules are offered."""
    alerts: bool = True
    alerts_enabled: bool = True
    alerts_have_recipient: bool = True
    alerts_connected: bool = True
    """Whether the alert's monitor is one of this project."""
    alerts_environment: str | None = None
    alerts_tag: tuple[str, str] | None = None
    """A tag, and the only value of it whose issues the alert's action is for."""
    alerts_triggers: tuple[str, ...] = ("new_high_priority_issue", "existing_high_priority_issue")
    """As of the alert that Sentry makes with a project."""
    alerts_events: int = 0
    """How many events of an error there must be in an hour before its action is taken; 0 for any."""
    alerts_frequency: int = 30
    """How many minutes it is silent about an issue that it has told of."""
    action_status: str = "active"
    owners_only: bool = False
    """Whether a mail goes to the owners of an issue, and to nobody where there are none."""


def project(number: int, slug: str) -> Json:
    """A project: what says which it is, and all that its specification requires beside it."""
    return {
        **dict.fromkeys(_OFF, False),
        **dict.fromkeys(_NONE),
        **dict.fromkeys(_NOTHING, ""),
        **dict.fromkeys(_ZERO, 0),
        **{name: [] for name in _NOBODY},
        "id": str(number),
        "slug": slug,
        "name": slug,
        "platform": "python",
        "dateCreated": _LONG_AGO,
        "status": "active",
        "access": ["project:read"],
        "hasAccess": True,
        "isMember": True,
        "firstEvent": _LONG_AGO,
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None},
        "highlightContext": {},
        "highlightPreset": {"tags": [], "context": {}},
        "options": {},
        "organization": _ORGANIZATION,
    }


def _key_addresses(number: int, public: str, dsn: str) -> Json:
    """The addresses that a client key is sent to, one for each kind of event."""
    scheme, _, place = dsn.partition("://")
    host = place.rpartition("@")[2].partition("/")[0]
    api = f"{scheme}://{host}/api/{number}"
    return {
        "public": dsn,
        "secret": dsn,
        "csp": f"{api}/csp-report/?sentry_key={public}",
        "security": f"{api}/security/?sentry_key={public}",
        "minidump": f"{api}/minidump/?sentry_key={public}",
        "nel": f"{api}/nel/?sentry_key={public}",
        "unreal": f"{api}/unreal/{public}/",
        "crons": f"{api}/cron/___MONITOR_SLUG___/{public}/",
        "cdn": f"{scheme}://{host}/js-sdk-loader/{public}.min.js",
        "playstation": f"{api}/playstation/?sentry_key={public}",
        "integration": f"{api}/integration/",
        "otlp_traces": f"{api}/integration/otlp/v1/traces",
        "otlp_logs": f"{api}/integration/otlp/v1/logs",
    }


def client_key(settings: SentrySettings, number: int, public: str, dsn: str) -> Json:
    """A client key with all its addresses."""
    limit = settings.key_limit
    return {
        "id": public,
        "name": "Default",
        "label": "Default",
        "public": public,
        "secret": "",
        "projectId": number,
        "isActive": True,
        "rateLimit": {"count": limit[0], "window": limit[1]} if limit else None,
        "dsn": _key_addresses(number, public, dsn),
        "browserSdkVersion": "9.x",
        "browserSdk": {"choices": [["latest", "latest"]]},
        "dateCreated": _LONG_AGO,
        "dynamicSdkLoaderOptions": {
            "hasReplay": False,
            "hasPerformance": False,
            "hasDebug": False,
            "hasFeedback": False,
            "hasLogsAndMetrics": False,
        },
    }


def workflow(settings: SentrySettings) -> Json:
    """An alert, as it is called today."""
    conditions = [
        {"id": f"1{place}", "type": kind, "comparison": True, "conditionResult": True}
        for place, kind in enumerate(settings.alerts_triggers)
    ]
    group: Json = {"id": "2", "organizationId": "1", "logicType": "any-short", "conditions": conditions, "actions": []}
    actions = [_action(settings)] if settings.alerts_have_recipient else []
    key, value = settings.alerts_tag or ("", "")
    tagged = {"id": "4", "type": "tagged_event", "comparison": {"key": key, "match": "eq", "value": value}}
    rate = {"interval": "1h", "value": settings.alerts_events}
    often = {"id": "5", "type": "event_frequency_count", "comparison": rate}
    filters = [
        {**condition, "conditionResult": True}
        for condition, wanted in ((tagged, settings.alerts_tag), (often, settings.alerts_events))
        if wanted
    ]
    return {
        "id": "1",
        "name": "Errors",
        "organizationId": "1",
        "createdBy": "1",
        "dateCreated": _LONG_AGO,
        "dateUpdated": _LONG_AGO,
        "triggers": group,
        "actionFilters": [{**group, "id": "3", "logicType": "all", "conditions": filters, "actions": actions}],
        "environment": settings.alerts_environment,
        "config": {"frequency": settings.alerts_frequency},
        "detectorIds": [_OWN_MONITOR if settings.alerts_connected else _FOREIGN_MONITOR],
        "enabled": settings.alerts_enabled,
        "lastTriggered": None,
        "owner": None,
    }


def detector(number: int) -> Json:
    """The project's monitor of errors."""
    return {
        "id": _OWN_MONITOR,
        "projectId": str(number),
        "name": "Error Monitor",
        "description": None,
        "type": "error",
        "workflowIds": ["1"],
        "owner": None,
        "createdBy": None,
        "dateCreated": _LONG_AGO,
        "dateUpdated": _LONG_AGO,
        "dataSources": None,
        "conditionGroup": None,
        "config": {},
        "enabled": True,
        "latestGroup": None,
    }


def rule(settings: SentrySettings) -> Json:
    """An alert of the older kind."""
    mail = {"id": "sentry.mail.actions.NotifyEmailAction", "targetType": "Team", "targetIdentifier": 1}
    first_seen = {"id": "sentry.rules.conditions.first_seen_event.FirstSeenEventCondition"}
    return {
        "id": "1",
        "name": "Errors",
        "status": "active" if settings.alerts_enabled else "disabled",
        "environment": settings.alerts_environment,
        "conditions": [first_seen],
        "filters": [],
        "actions": [mail] if settings.alerts_have_recipient else [],
        "actionMatch": "any",
        "filterMatch": "all",
        "frequency": settings.alerts_frequency,
        "snooze": False,
        "projects": [settings.slug],
        "owner": None,
        "dateCreated": _LONG_AGO,
        "createdBy": None,
    }


def stored_event(event: Mapping[str, Any], number: int, received_at: str) -> Json:
    """An event, as it was stored."""
    return {
        "id": event["event_id"],
        "eventID": event["event_id"],
        "groupID": "1",
        "projectID": str(number),
        "type": event["type"],
        "title": _title(event),
        "message": str(event.get("message") or ""),
        "platform": event.get("platform", "python"),
        "dateReceived": received_at,
        "release": event.get("release"),
        "tags": [{"key": key, "value": value} for key, value in (event.get("tags") or {}).items()],
        "contexts": event.get("contexts") or {},
        "entries": [],
        "errors": [],
        "metadata": {},
        "packages": {},
        "_meta": {},
        "occurrence": None,
        "location": None,
        "user": None,
        "size": None,
        "dist": None,
        "sdk": event.get("sdk"),
        "context": {},
        "nextEventID": None,
        "previousEventID": None,
        "resolvedWith": [],
        "sdkUpdates": [],
        "userReport": None,
    }


def _action(settings: SentrySettings) -> Json:
    target = "issue_owners" if settings.owners_only else "team"
    return {
        "id": "4",
        "type": "email",
        "integrationId": None,
        "data": {"fallthroughType": "NoOne"} if settings.owners_only else {},
        "config": {
            "targetType": target,
            "targetDisplay": None,
            "targetIdentifier": None if settings.owners_only else "1",
        },
        "status": settings.action_status,
    }


def _title(event: Mapping[str, Any]) -> str:
    values = (event.get("exception") or {}).get("values") or []
    if values:
        return f"{values[-1].get('type')}: {values[-1].get('value')}"
    return str(event.get("message") or event.get("transaction") or "")


_NULL_IN_AN_ISSUE = (
    *("assignedTo", "logger", "priorityLockedAt", "seerAutofixLastTriggered", "seerExplorerAutofixLastTriggered"),
    *("seerFixabilityScore", "shareId", "subscriptionDetails"),
)


def issue(number: int, project_number: int, slug: str, event: Json) -> Json:
    """An issue that this event was the first of. Its moments are ``received``."""
    thrown = (event.get("exception") or {}).get("values") or [{}]
    kind, words = thrown[-1].get("type"), thrown[-1].get("value") or ""
    message = event.get("message") or (event.get("logentry") or {}).get("message") or ""
    return {
        **dict.fromkeys(_NULL_IN_AN_ISSUE),
        **dict.fromkeys(("hasSeen", "isBookmarked", "isPublic", "isSubscribed"), False),
        "annotations": [],
        "count": "1",
        "culprit": event.get("transaction"),
        "firstSeen": event["received"],
        "id": str(number),
        "isUnhandled": bool(kind),
        "issueCategory": "error",
        "issueType": "error",
        "lastSeen": event["received"],
        "level": event.get("level", "error"),
        "metadata": {"type": kind, "value": words} if kind else {"title": message},
        "numComments": 0,
        "permalink": f"https://workme.sentry.io/issues/{number}/",
        "platform": event.get("platform"),
        "priority": "high",
        "project": {"id": str(project_number), "name": slug, "slug": slug, "platform": "python"},
        "shortId": f"{slug.upper()}-{number}",
        "status": "unresolved",
        "statusDetails": {},
        "substatus": "new",
        "title": f"{kind}: {words}" if kind else message,
        "type": "error" if kind else "default",
        "userCount": 0,
    }
