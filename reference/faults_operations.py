"""Faults of what the service runs on, and of who watches over it: machines, their provider, monitoring, people on call."""

from collections.abc import Mapping
from typing import Any

from reference.changes import Change, misdeclared, part
from reference.doubles.atlas import READ
from reference.doubles.digitalocean import SCOPES as DROPLET_SCOPES
from reference.doubles.grafana import GrafanaSettings
from reference.doubles.oncall import SCOPES as ONCALL_SCOPES


def _grafana(**changes: Any) -> Change:  # noqa: ANN401 - fields of its settings
    return part("monitoring", grafana=GrafanaSettings(**changes))


def _stopped(name: str) -> Change:
    return part("host", stopped=frozenset({name}))


OPERATIONS: Mapping[str, Mapping[str, tuple[str, Change]]] = {
    "digitalocean": {
        "droplet-api-down": ("DigitalOcean's API answers 503", part("ocean", running=False)),
        "droplet-of-production": ("the droplet that is declared is production's", misdeclared("droplet")),
        "droplet-gone": ("the droplet was destroyed", part("ocean", exists=False)),
        "droplet-off": ("the droplet is powered off", part("ocean", status="off")),
        "droplet-small": ("a smaller droplet was ordered", part("ocean", memory=1024)),
        "droplet-other-image": ("it was built from another image", part("ocean", image="debian-12-x64")),
        "droplet-no-keys": ("the account has no SSH key", part("ocean", keys=0)),
        "droplet-no-firewall": ("the droplet is behind no cloud firewall", part("ocean", firewall=False)),
        "droplet-firewall-open": ("a rule lets everybody in everywhere", part("ocean", inbound=("22", "0"))),
        "droplet-no-disk-alert": ("nobody is notified when the disk fills", part("ocean", alerts=("cpu",))),
        "droplet-alert-reaches-nobody": ("the alerts have no recipient", part("ocean", recipients=False)),
        "droplet-agent-silent": ("the agent that measures memory and disk is not running", part("ocean", agent=False)),
        "droplet-token-narrow": (
            "the token may not read firewalls",
            part("ocean", scopes=DROPLET_SCOPES - {"firewall:read"}),
        ),
        "droplet-locked": ("the droplet is locked", part("ocean", locked=True)),
        "droplet-image-retired": ("its image is not offered any more", part("ocean", image=None)),
        "droplet-elsewhere": ("the hosts lead to another machine", part("ocean", address="203.0.113.99")),
        "droplet-firewall-failed": (
            "the firewall's rules never reached it",
            part("ocean", firewall_status="failed"),
        ),
        "droplet-firewall-removed": (
            "it is being taken out of the firewall",
            part("ocean", firewall_status="waiting", firewall_removing=True),
        ),
        "droplet-firewall-halves": (
            "both halves of the internet reach the database",
            part("ocean", inbound_halves=("27017",)),
        ),
        "droplet-firewall-closed": ("the firewall lets nobody in", part("ocean", inbound=())),
        "droplet-firewall-udp": ("SSH's port is open for UDP", part("ocean", inbound_udp=("22",))),
        "droplet-alerts-never-fire": (
            "the alerts fire when nothing is used",
            part("ocean", alerts_compare="LessThan"),
        ),
        "droplet-alerts-always-fire": ("the alerts fire above 2 %: always", part("ocean", alerts_percent=2)),
        "droplet-volume-lost": ("nobody took a snapshot of its volume", part("ocean", volume=True)),
        "droplet-snapshot-late": (
            "the snapshot was taken after the release had begun",
            part("ocean", snapshot_hours=0.0),
        ),
        "droplet-snapshot-old": ("the newest snapshot is two days old", part("ocean", snapshot_hours=48.0)),
    },
    "atlas": {
        "atlas-api-down": ("the API of Atlas answers 503", part("atlas", running=False)),
        "atlas-cluster-of-production": ("the cluster that is declared is production's", misdeclared("cluster")),
        "atlas-small": ("the cluster is a free one", part("atlas", size="M0")),
        "atlas-other-region": ("the cluster is in Virginia", part("atlas", region="US_EAST_1")),
        "atlas-repairing": ("the cluster is being repaired", part("atlas", state="REPAIRING")),
        "atlas-paused": ("the cluster is paused", part("atlas", paused=True)),
        "atlas-one-node": ("the cluster has one node", part("atlas", nodes=1)),
        "atlas-other-cluster": (
            "the service is connected to another cluster",
            part("atlas", host="other.workme.test"),
        ),
        "atlas-unprotected": ("anybody may terminate it", part("atlas", protected=False)),
        "atlas-token-narrow": ("the service account may not read restores", part("atlas", roles=frozenset({READ}))),
        "atlas-admin-user": ("the service's user may do everything", part("atlas", role="atlasAdmin@admin")),
        "atlas-reader": ("the service's user may read everything", part("atlas", role="readAnyDatabase@admin")),
        "atlas-second-writer": (
            "staging's user may write as well",
            part("atlas", others=(("staging", "readWrite@workme"),)),
        ),
        "atlas-other-service": (
            "another service's user may log in",
            part("atlas", others=(("shop", "readWrite@shop"),)),
        ),
        "atlas-open-to-all": ("the whole internet may connect", part("atlas", access=("0.0.0.0/0",))),
        "atlas-stranger-allowed": (
            "somebody's home may connect",
            part("atlas", access=("127.0.0.1/32", "127.0.0.2/32", "198.51.100.7/32")),
        ),
        "atlas-access-ends": ("access ends in two hours", part("atlas", access_hours=2.0)),
        "atlas-backup-unscheduled": ("no snapshot is taken by itself", part("atlas", schedule=())),
        "atlas-backup-brief": ("snapshots are kept for half an hour", part("atlas", snapshot_days=0.02)),
        "atlas-no-point-in-time": ("continuous backup is off", part("atlas", point_in_time=False)),
        "atlas-backup-off": ("backup is off", part("atlas", backup=False)),
        "atlas-snapshot-fails": ("the last snapshot failed", part("atlas", snapshot_status="failed")),
        "atlas-snapshot-by-hand": (
            "the schedule's snapshots fail, and somebody took one by hand",
            part("atlas", snapshot_by_hand=True),
        ),
        "atlas-restore-old": ("nobody tried a restore for a year", part("atlas", restore_days=365.0)),
        "atlas-restore-failed": ("the last restore failed", part("atlas", restore_failed=True)),
        "atlas-restore-downloaded": (
            "a backup was downloaded, and restored nowhere",
            part("atlas", restore_delivery="download"),
        ),
        "atlas-alert-of-card": (
            "the only alert is about a credit card",
            part("atlas", alerts=("CREDIT_CARD_ABOUT_TO_EXPIRE",)),
        ),
        "atlas-alert-elsewhere": ("the alerts are about another cluster", part("atlas", alerts_about="analytics")),
        "atlas-alert-muted": ("mail of the alerts is off", part("atlas", alerts_mail=False)),
        "atlas-alerts-off": ("all alerts are switched off", part("atlas", alerts_on=False)),
    },
    "monitoring": {
        "prometheus-down": ("Prometheus answers 503", part("monitoring", prometheus=False)),
        "alertmanager-down": ("the Alertmanager answers 503", part("monitoring", alertmanager=False)),
        "prometheus-alert-fires": (
            "an alert about errors fires, and no message of it arrived at the Alertmanager",
            part("monitoring", firing=("Watchdog", "HighErrorRate")),
        ),
        "alertmanager-alert-stands": (
            "an alert about errors stands at the Alertmanager, from another Prometheus",
            part("monitoring", arrived=("Watchdog", "HighErrorRate")),
        ),
        "alertmanager-alert-silenced": (
            "the alert about errors was silenced until after the launch",
            part("monitoring", arrived=("Watchdog", "HighErrorRate"), silenced=("HighErrorRate",)),
        ),
        "alertmanager-hears-nothing": ("no alert arrives at the Alertmanager", part("monitoring", arrived=())),
        "alertmanager-watchdog-silenced": (
            "an alert that always fires was silenced",
            part("monitoring", silenced=("Watchdog",)),
        ),
        "prometheus-no-rules": ("Prometheus read no rules", part("monitoring", rules=())),
        "prometheus-rule-broken": (
            "the alert about errors cannot be evaluated",
            part("monitoring", broken_rule="HighErrorRate"),
        ),
        "prometheus-rules-late": ("no rule was evaluated for ten minutes", part("monitoring", evaluated_minutes=10.0)),
        "prometheus-target-down": ("the service refuses Prometheus' token", part("monitoring", health="down")),
        "prometheus-target-late": ("Prometheus last scraped ten minutes ago", part("monitoring", scraped_minutes=10.0)),
        "prometheus-target-of-node": (
            "what Prometheus scrapes at this address is its machine, not the service",
            part("monitoring", target="node"),
        ),
        "prometheus-target-dropped": ("the service is no target of Prometheus", part("monitoring", target="none")),
        "prometheus-no-payment-rule": (
            "no alert uses the series of payments",
            part("monitoring", rules=("Watchdog", "HighErrorRate")),
        ),
        "prometheus-payment-rule-broken": (
            "the alert on payments cannot be evaluated",
            part("monitoring", broken_rule="PaymentFailures"),
        ),
        "prometheus-no-payments": (
            "the series that the alert on payments uses does not exist",
            part("monitoring", payments=False),
        ),
        "prometheus-payment-rule-deaf": (
            "the alert on payments selects by a label that the series does not have",
            part(
                "monitoring",
                payments_rule='sum(rate(workme_payments_total{status="failed"}[5m])) > 1',
            ),
        ),
        "alertmanager-tells-nobody": (
            "the Alertmanager's only route leads to a receiver without an integration",
            part("monitoring", receiver="blackhole"),
        ),
        "grafana-down": ("Grafana answers 502", _grafana(running=False)),
        "grafana-database-down": ("Grafana's own database fails", _grafana(database="failing")),
        "grafana-no-dashboard": ("the dashboard of the launch is gone", _grafana(dashboard=False)),
        "grafana-panel-empty": ('the panel of payments says "No data"', _grafana(empty_panel="Payments")),
        "grafana-panel-fails": ("the data source of a panel is down", _grafana(failing_panel="API errors")),
        "grafana-panels-old": ("the panels show nothing of the last ten minutes", _grafana(newest_minutes=10.0)),
        "prometheus-sends-nowhere": ("Prometheus sends its alerts to nobody", part("monitoring", sends=False)),
    },
    "oncall": {
        "oncall-down": ("the on-call system answers 503", part("oncall", running=False)),
        "oncall-token-narrow": (
            "the token may not read how people are told",
            part("oncall", scopes=ONCALL_SCOPES - {"users:contact_methods.read"}),
        ),
        "oncall-policy-gone": ("the escalation policy was deleted", part("oncall", policy_exists=False)),
        "oncall-gap": ("nobody is on call between two shifts", part("oncall", gap_hours=3.0)),
        "oncall-one-level": ("the escalation policy has one level", part("oncall", levels=1)),
        "oncall-same-person": ("both levels tell the same person", part("oncall", second="PDAVILI")),
        "oncall-stranger": ("somebody who left has the second shift", part("oncall", relief="PLEFTUS")),
        "oncall-no-rules": ("no notification rule tells who has the second shift", part("oncall", rules=False)),
        "oncall-phone-off": ("the phone of who has the second shift is blocked", part("oncall", phone=False)),
        "oncall-service-disabled": ("the service that alerts go to is disabled", part("oncall", service="disabled")),
        "oncall-service-quiet": ("alerts make incidents of low urgency", part("oncall", urgency="low")),
        "oncall-second-late": ("the second level is told after eight hours", part("oncall", escalates_minutes=480)),
        "oncall-service-maintenance": ("maintenance is planned for tonight", part("oncall", maintenance_hours=2.0)),
        "oncall-service-elsewhere": ("alerts go to another policy", part("oncall", service_policy="Default")),
    },
    "server": {
        "server-down": ("sshd cannot be reached", part("host", running=False)),
        "server-hides": ("the visitor may not use sudo", part("host", sudo=False)),
        "server-asks-passwords": ("sshd asks for passwords", part("host", passwords=True)),
        "server-root-password": ("root may log in with a password", part("host", root_login="yes")),
        "server-password-for-one": (
            "a Match block lets deploy in with a password",
            part("host", trusts_word_of="deploy"),
        ),
        "server-old-os": ("the server was built from last year's image", part("host", version="20.04")),
        "server-small": ("the resize was never done", part("host", memory=0.96)),
        "server-disk-full": ("the disk is 96 % full", part("host", disk_used=0.96)),
        "server-firewall-off": ("ufw was disabled while somebody looked for a fault", part("host", firewall=False)),
        "server-firewall-lenient": ("ufw lets in what no rule is about", part("host", incoming="allow")),
        "server-firewall-open": (
            "ufw lets everybody in at PostgreSQL's port",
            part("host", open_ports=("22/tcp", "80/tcp", "443/tcp", "5432")),
        ),
        "server-firewall-halves": (
            "two rules of ufw are everybody together",
            part("host", more_rules=tuple(f"27017{' ' * 22}ALLOW IN    {half}.0.0.0/1" for half in (0, 128))),
        ),
        "server-firewall-uplink": (
            "ufw lets everybody in by the interface of the default route",
            part("host", more_rules=("27017 on eth0              ALLOW IN    Anywhere",)),
        ),
        "server-firewall-route": (
            "ufw forwards everybody to a database behind the server",
            part("host", more_rules=("27017/tcp                  ALLOW FWD   Anywhere",)),
        ),
        "server-firewall-before-rules": (
            "before.rules opens what ufw status does not list",
            part("host", before_rules=("-A ufw-before-input -p tcp -m tcp --dport 27017 -j ACCEPT",)),
        ),
        "server-firewall-user-rules": (
            "somebody wrote into user.rules what ufw status does not list, and ufw loads at its next start",
            part("host", user_rules=("-A ufw-user-input -p tcp -m tcp --dport 27017 -j ACCEPT",)),
        ),
        "server-docker-published": ("Docker publishes Redis past ufw", part("host", redis_published=True)),
        "server-no-bans": ("fail2ban is not running", part("host", jails=())),
        "server-no-jail": ("fail2ban does not look at the API's log", part("host", jails=("sshd",))),
        "server-jail-blind": ("the jail reads a log that nobody writes", part("host", jail_log_silent=30 * 86400)),
        "server-apt-off": (
            "apt's periodic tasks are switched off",
            part("host", periodic=('APT::Periodic::Enable "0";',)),
        ),
        "server-upgrades-monthly": (
            "security updates come every thirty days",
            part("host", periodic=('APT::Periodic::Unattended-Upgrade "30";',)),
        ),
        "server-no-upgrader": ("unattended-upgrades was removed", part("host", upgrader="rc ")),
        "server-no-upgrades": ("nobody installs security updates", part("host", upgrades=False)),
        "server-service-as-root": ("the service runs as root", part("host", user="root")),
        "server-container-restarts": ("a container restarts again and again", _stopped("workme-api")),
        "server-container-flaps": ("a container is up for a second, again", part("host", flapping=True)),
        "server-unit-stopped": ("nginx is stopped", _stopped("nginx.service")),
        "server-renewal-off": ("the timer that renews certificates is off", _stopped("certbot.timer")),
        "server-renewal-elapsed": (
            "the timer that renews certificates will not trigger any more",
            part("host", elapsed=frozenset({"certbot.timer"})),
        ),
        "server-renewal-fails": (
            "the timer runs, and every renewal fails",
            part("host", failed=frozenset({"certbot.service"})),
        ),
        "server-log-silent": ("nothing was logged for an hour", part("host", log_silent=3600)),
        "server-log-endless": ("nobody rotates the API's log", part("host", rotated=False)),
        "server-log-skipped": (
            "logrotate skips the API's log",
            part("host", rotation_error="parent directory has insecure permissions"),
        ),
    },
}
"""Faults by the family of checks, or the journey, that notices."""
