"""``gonogo rules --format alertmanager``: who is told of what, without a single address: those are secrets."""

from gonogo.base.errors import UsageError
from gonogo.families.watch.promql import span
from gonogo.families.watch.section import Watch
from gonogo.watching.rules_export import as_yaml

_HEAD = """\
# Written by `gonogo rules --env {environment} --format alertmanager` from environments/{environment}.toml: change that.
# Addresses are secrets, and not here: each receiver below needs its own, and until then fails where you see it,
# in alertmanager_notifications_failed_total. From Alertmanager 0.26 on, url_file names a file that holds it.
{receivers}"""


def alertmanager_config(environment: str, watch: Watch) -> str:
    """A configuration, in YAML. Critical alerts go to every channel, warnings to the first one."""
    channels = list(watch.channels)
    if not channels:
        raise UsageError(
            f"environments/{environment}.toml: watch.channels: is missing; Alertmanager needs somebody to tell, "
            'as in oncall = "ONCALL_URL"'
        )
    here = f'environment="{environment}"'
    critical = [
        {
            "receiver": name,
            "matchers": [here, 'severity="critical"'],
            "group_wait": "0s",
            "repeat_interval": span(watch.respond.critical),
            "continue": name != channels[-1],
        }
        for name in channels
    ]
    warning = {
        "receiver": channels[0],
        "matchers": [here, 'severity="warning"'],
        "repeat_interval": span(watch.respond.warning),
    }
    document = {
        "route": {
            "receiver": channels[0],
            "group_by": ["environment", "alertname"],
            "group_wait": "10s",
            "group_interval": "1m",
            "routes": [*critical, warning],
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
