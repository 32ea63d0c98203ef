"""``gonogo rules --format alertmanager``: who is told of what, without a single address: those are secrets."""

from gonogo.base.errors import UsageError
from gonogo.families.watch.promql import span
from gonogo.families.watch.section import Watch
from gonogo.watching.rules_export import as_yaml

_HEAD = """\
# Written by `gonogo rules --env {environment} --format alertmanager` from environments/{environment}.toml: change that.
# Addresses are secrets, so they are not here: add one to each receiver below. Until then its messages fail, and count
# in alertmanager_notifications_failed_total. From Alertmanager 0.26 on, url_file names a file that holds it.
{receivers}"""


def alertmanager_config(environment: str, watch: Watch) -> str:
    """A configuration, in YAML. Who is told is ``watch.tell``; without it, of what is critical all, of warnings the first."""
    channels = list(watch.channels)
    if not channels:
        raise UsageError(
            f"environments/{environment}.toml: watch.channels: is missing; Alertmanager needs a channel to notify, "
            'as in oncall = "ONCALL_URL"'
        )
    document = {
        "route": {
            "receiver": channels[0],
            "group_by": ["environment", "alertname"],
            "group_wait": "10s",
            "group_interval": "1m",
            "routes": _routes(environment, watch),
        },
        "inhibit_rules": [
            {
                "source_matchers": ['alertname="scrape-no-data"'],
                "target_matchers": ['nodata="true"', 'alertname!="scrape-no-data"'],
                "equal": ["environment"],
            }
        ],
        "receivers": [
            {"name": name, "webhook_configs": [{"url": f"https://{name}.invalid/", "send_resolved": True}]}
            for name in channels
        ],
    }
    receivers = "".join(f"# {name}: the secret {secret}\n" for name, secret in watch.channels.items())
    return _HEAD.format(environment=environment, receivers=receivers) + as_yaml(document)


def _routes(environment: str, watch: Watch) -> list[dict[str, object]]:
    """Return one route for each severity and channel that is told of it."""
    channels = list(watch.channels)
    # Alertmanager knows of no acknowledgement, and so tells nobody later: what is critical goes to all at once.
    told = {"critical": watch.tell.critical or channels, "warning": watch.tell.warning or channels[:1]}
    repeated = {"critical": watch.respond.critical, "warning": watch.respond.warning}
    return [
        {
            "receiver": name,
            "matchers": [f'environment="{environment}"', f'severity="{severity}"'],
            "group_wait": "0s" if severity == "critical" else "10s",
            "repeat_interval": span(repeated[severity]),
            "continue": name != names[-1],
        }
        for severity, names in told.items()
        for name in names
    ]
