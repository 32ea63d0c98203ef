"""Whom DigitalOcean tells when a machine runs full."""

import pytest

from gonogo.base.comparing import at_most, nothing, so
from gonogo.evidence.providers import AlertPolicy, DropletEvidence
from gonogo.policy.catalogue import Policy

FAMILY = "digitalocean"

_NEEDED = ("cpu", "memory_utilization_percent", "disk_utilization_percent")


@pytest.mark.check("droplet-alerts")
def test_somebody_is_told_when_it_runs_full(droplet: DropletEvidence, policy: Policy) -> None:
    """Memory and disks fill up slowly, and often at night.

    Fix: Monitoring → Create Alert Policy: CPU, memory and disk utilization of this droplet above 90 %, with a mail or a
    channel. To see policies by tag, the token needs the scope tag:read. The agent that measures:
    systemctl status do-agent, or https://docs.digitalocean.com/products/monitoring/how-to/install-metrics-agent/.
    """
    droplet.require("alerts")
    least, most = policy.number("least_percent"), policy.number("most_percent")
    faults = {
        kind: [_alert_fault(alert, least, most) for alert in droplet.alerts if alert.kind == kind] for kind in _NEEDED
    }
    missing = [kind for kind, kind_faults in faults.items() if all(kind_faults)]
    for alert in droplet.alerts:
        if alert.kind in _NEEDED and alert.threshold is not None and not _alert_fault(alert, least, most):
            at_most(alert.threshold, most, f"alert on {alert.kind} above", "%", kind="alert")
    if missing:
        droplet.require("alerts_by_tag")
    problems = "; ".join(f"{kind} ({', '.join(faults[kind]) or 'no policy is about this droplet'})" for kind in missing)
    untagged = (
        "" if droplet.tagged else ". It has no tag, or the token lacks tag:read, and does not see policies by tag"
    )
    assert nothing(missing, f"of {len(_NEEDED)} figures, without an alert at {most:g} % or below"), (
        f"{droplet.name}: nobody is notified about {problems}{untagged}"
    )
    droplet.require("measured")
    assert so(droplet.measured is not False, "metrics agent", "measures", "no value"), (
        f"{droplet.name}: DigitalOcean has received no value of its memory for 15 minutes: without the metrics agent "
        "(do-agent) no policy about memory or disk ever fires"
    )


def _alert_fault(alert: AlertPolicy, least: float, most: float) -> str:
    """Why a policy tells nobody in time; empty if it does."""
    if not alert.enabled:
        return "the policy is disabled"
    if not alert.recipients:
        return "the policy has no recipient"
    if alert.threshold is None:
        return "the policy has no threshold"
    if alert.compare != "GreaterThan" or alert.threshold > most:
        return f"the policy fires at {alert.compare} {alert.threshold:g}; at most GreaterThan {most:g} is expected"
    if alert.threshold < least:
        return f"the policy fires above {alert.threshold:g} %, which is always: it notifies once, and never again"
    return ""
