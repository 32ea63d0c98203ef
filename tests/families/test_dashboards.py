"""What a dashboard of Grafana shows, asked as its API is published, and as `gonogo rules` writes one."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.monitoring import DashboardEvidence, DashboardPanel
from gonogo.families.monitoring.grafana import dashboard_questions, probe_dashboard
from gonogo.families.registry import environment_from
from gonogo.watching.rules_grafana import grafana_dashboard
from reference.listener import Listener
from tests.support.doubles import closed_port
from tests.support.http_doubles import http_server
from tests.support.threads import listening
from tests.support.watch_day import watch_of

NOW = datetime.now(UTC).replace(microsecond=0)
SOURCE = {"type": "prometheus", "uid": "P1"}
Json = dict[str, Any]


def frame(*columns: list[Any], kinds: str = "time number") -> Json:
    """As the documentation of /api/ds/query has it."""
    fields = [{"name": kind, "type": kind, "typeInfo": {}} for kind in kinds.split()]
    return {"schema": {"refId": "A", "fields": fields}, "data": {"values": list(columns)}}
