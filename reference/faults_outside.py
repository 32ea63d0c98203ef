"""Faults of systems that others run: payments, error reports, mail, machines and their provider."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reference.changes import Change, part
from reference.doubles.atlas import READ
from reference.doubles.digitalocean import SCOPES as DROPLET_SCOPES
from reference.doubles.grafana import GrafanaSettings
from reference.doubles.oncall import SCOPES as ONCALL_SCOPES
from reference.doubles.sentry_objects import SCOPES
from reference.settings import Object, Settings


def _grafana(**changes: Any) -> Change:  # noqa: ANN401 - fields of its settings
    return part("monitoring", grafana=GrafanaSettings(**changes))


def _stopped(name: str) -> Change:
    return part("host", stopped=frozenset({name}))


def _misdeclared(name: Object) -> Change:
    return lambda settings: replace(settings, misdeclared=settings.misdeclared | {name})


def _older_sdk(settings: Settings) -> Settings:
    endpoint = replace(settings.stripe, webhook_version="2025-03-31.basil")
    return replace(settings, stripe=endpoint, api=settings.api | {"webhook-older-sdk"})


OUTSIDE: Mapping[str, Mapping[str, tuple[str, Change]]] = {
    "stripe": {
        "stripe-down": ("Stripe cannot be reached", part("stripe", running=False)),
        "stripe-key-rolled": ("the secret key was rolled", part("stripe", rolled_key=True)),
        "stripe-live": ("the account answers in live mode", part("stripe", livemode=True)),
        "stripe-unverified": ("the business is not verified", part("stripe", details_submitted=False)),
        "stripe-no-payouts": ("there is no bank account", part("stripe", payouts_enabled=False)),
        "stripe-requirements-due": ("Stripe wants a document", part("stripe", currently_due=("company.tax_id",))),
        "stripe-other-country": ("the account is in Portugal", part("stripe", country="PT", default_currency="eur")),
        "stripe-pix-inactive": ("PIX is still under review", part("stripe", pix_capability="pending")),
        "stripe-pix-not-offered": ("PIX is not offered to payers", part("stripe", pix_available=False)),
        "stripe-webhook-missing": ("no webhook is registered", part("stripe", webhook_registered=False)),
        "stripe-webhook-wrong-url": ("the webhook goes elsewhere", part("stripe", webhook_path="/webhooks/stripe")),
        "stripe-webhook-disabled": ("Stripe gave up on the webhook", part("stripe", webhook_status="disabled")),
        "stripe-event-missing": (
            "refunds are not sent to the webhook",
            part("stripe", webhook_events=("payment_intent.succeeded", "payment_intent.payment_failed")),
        ),
        "stripe-key-restricted": (
            "the key may not read the account itself",
            part("stripe", forbidden=("/v1/account",)),
        ),
        "stripe-cards-inactive": ("cards cannot be charged yet", part("stripe", card_capability="inactive")),
        "stripe-requirements-coming": (
            "Stripe will want a document in two days",
            part("stripe", future_due=("company.tax_id",)),
        ),
        "stripe-payouts-by-hand": ("nobody sends the money on", part("stripe", payout_interval="manual")),
        "stripe-payout-failed": ("the bank gave the last payout back", part("stripe", last_payout="failed")),
        "stripe-payout-late": ("a payout is a week late", part("stripe", payout_late_days=7)),
        "stripe-cards-off": ("cards are off in the default configuration", part("stripe", card_offered=False)),
        "stripe-webhook-thin": ("events without their objects are all that is sent", part("stripe", webhook_thin=True)),
        "stripe-pix-not-default": ("PIX is offered in a second configuration", part("stripe", pix_in_default=False)),
        "stripe-webhook-of-connect": (
            "the endpoint is for accounts connected to an application",
            part("stripe", webhook_application="ca_1WorkMe"),
        ),
        "stripe-webhook-twice": ("two endpoints send to one address", part("stripe", webhooks=2)),
        "stripe-webhook-old-version": (
            "events come in the shape of twelve years ago",
            part("stripe", webhook_version="2014-01-31"),
        ),
        "stripe-events-undelivered": ("the events of the last hours were not taken", part("stripe", undelivered=3)),
        "stripe-older-sdk": (
            "the service's SDK, and the endpoint made for it, are of another release than the one declared",
            _older_sdk,
        ),
        "stripe-delivers-nothing": ("events never reach the service", part("stripe", delivers=False)),
    },
    "sentry": {
        "sentry-down": ("Sentry cannot be reached", part("sentry", running=False)),
        "sentry-drops-events": ("Sentry takes events, and keeps none", part("sentry", drops_events=True)),
        "sentry-drops-transactions": ("the quota for traces is used up", part("sentry", drops_transactions=True)),
        "sentry-no-project": ("the project is gone", part("sentry", project_exists=False)),
        "sentry-project-of-production": ("the project that is declared is production's", _misdeclared("project")),
        "sentry-other-key": ("the DSN is of another project", part("sentry", key_is_another=True)),
        "sentry-project-renamed": ("the project was renamed", part("sentry", renamed_to="workme-api2")),
        "sentry-other-number": ("the DSN has another project's number", part("sentry", number=4777)),
        "sentry-key-limited": ("the key takes one event a day", part("sentry", key_limit=(1, 86400))),
        "sentry-key-shut": ("the key takes no event at all", part("sentry", key_limit=(0, 3600))),
        "sentry-token-narrow": ("the token may not read alerts", part("sentry", scopes=SCOPES - {"alerts:read"})),
        "sentry-no-alerts": ("nobody set up an alert", part("sentry", alerts=False)),
        "sentry-alerts-disabled": ("the alert is switched off", part("sentry", alerts_enabled=False)),
        "sentry-alert-elsewhere": ("the alert is another project's", part("sentry", alerts_connected=False)),
        "sentry-alert-of-staging": ("the alert is for staging", part("sentry", alerts_environment="staging")),
        "sentry-alert-tagged-staging": (
            "the alert's action is for errors tagged as staging's",
            part("sentry", alerts_tag=("environment", "staging")),
        ),
        "sentry-alert-of-resolved": (
            "the alert tells of issues that are resolved",
            part("sentry", alerts_triggers=("issue_resolved_trigger",)),
        ),
        "sentry-alert-only-new": (
            "the alert tells of new errors alone",
            part("sentry", alerts_triggers=("first_seen_event",)),
        ),
        "sentry-alert-never-enough": (
            "the alert tells of errors with a million events an hour",
            part("sentry", alerts_events=1_000_000),
        ),
        "sentry-alert-seldom": (
            "the alert tells of each error once in thirty days",
            part("sentry", alerts_triggers=("every_event",), alerts_frequency=43_200),
        ),
        "sentry-action-disabled": ("the alert's action is disabled", part("sentry", action_status="disabled")),
        "sentry-alert-for-owners": ("only owners of an issue are told", part("sentry", owners_only=True)),
        "sentry-alert-reaches-nobody": (
            "the older rules are all there is, and they tell nobody",
            part("sentry", workflows=False, alerts_have_recipient=False),
        ),
    },
    "client": {
        "assistant-overloaded": ("the language model is overloaded", part("llm", answers=False)),
        "assistant-excuses-itself": (
            "the assistant has one answer to every question",
            part("llm", excuse="I am sorry, I cannot help with that right now."),
        ),
    },
    "mail": {
        "mail-lost": ("the relay takes mail, and loses it", part("mail", delivers=False)),
        "mail-down": ("the relay cannot be reached", part("mail", running=False)),
    },
    "support": {
        "support-address-bounces": ("nobody made the mailbox of support", part("support", takes="nobody")),
        "support-takes-everybody": ("the mail server takes mail for any address", part("support", takes="everybody")),
        "support-mail-put-off": ("the mail server wants to be asked later", part("support", takes="later")),
        "support-mail-lost": ("mail to support is taken, and lost", part("support", delivers=False)),
        "support-mail-down": ("no mail server listens", part("support", mail_running=False)),
        "support-mail-plain": ("mail to support is not encrypted", part("support", encrypts=False)),
        "support-tracker-gone": ("the project with the tickets was deleted", part("support", tracker_exists=False)),
        "support-tracker-closed": ("the tracker takes no issues", part("support", issues_enabled=False)),
        "support-ticket-lost": ("a new ticket is nowhere to be found", part("support", keeps_issues=False)),
        "support-ticket-waits": ("a user waits for an answer since yesterday", part("support", waits_hours=30.0)),
        "support-token-narrow": ("the token may not read issues", part("support", scopes=frozenset({"read_user"}))),
    },
    "digitalocean": {
        "droplet-api-down": ("DigitalOcean's API answers 503", part("ocean", running=False)),
        "droplet-of-production": ("the droplet that is declared is production's", _misdeclared("droplet")),
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
        "atlas-cluster-of-production": ("the cluster that is declared is production's", _misdeclared("cluster")),
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
