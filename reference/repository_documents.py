"""What the people who run WorkMe wrote down, as it is committed beside the code."""

from collections.abc import Mapping

COMPOSE = """services:
  api:
    image: registry.workme.test/api:${TAG}
    restart: unless-stopped
    ports: ["127.0.0.1:8000:8000"]
    env_file: .env.production
  redis:
    image: valkey/valkey:9
    restart: unless-stopped
"""
ZONE = """api.workme.test. 300 IN A 127.0.0.1
api.workme.test. 300 IN A 127.0.0.2
"""
_DEPLOYMENT = """# Deployment

Both environments run what [compose.yaml](../compose.yaml) says, each on a droplet of its own. Staging first; production
only when gonogo says GO for the same release in staging.

1. Take a snapshot, and wait for it: `doctl compute droplet-action snapshot 402188307 --snapshot-name before --wait`.
2. On the server: `export TAG=` and the release, then `docker compose pull`.
3. `docker compose up --detach --wait`: it ends when health is good, and not before.
4. `gonogo run --env production --release "$TAG"`. NO-GO: go back to the last release, as step 2 with its tag.

The variables are in `.env.staging` and `.env.production` on the servers; [the example](../.env.example) names them.
What to do when something is wrong stands in [troubleshooting](troubleshooting.md).
"""
_TROUBLESHOOTING = """# Troubleshooting

Whoever is on call begins with the alert's own part. Each ends with whom to wake if it does not help.

## API error rate
Look at Sentry first: one kind of error, since the last deployment? Go back by [deployment](deployment.md). Else `docker
compose logs --since 10m api`. After ten minutes: technical lead.

## Payment failure rate
Stripe's status page, then the declines by reason in Stripe's dashboard: of one bank, wait; of our keys, roll them back.

## Database downtime
Atlas shows the primary of the cluster. An election takes 10 s. No primary after a minute: devops, and open a case at Atlas.

## Server resource usage
`df -h`, `docker stats`. A full disk is nearly always the log: `logrotate --force`. Memory: restart the api, note the time.

## API response time
The slowest transactions in Sentry. Redis not reachable makes every search slow: `docker compose restart redis`.

## Registration failure rate
Is the beta code the one that was sent out? The dashboard of the beta shows it, and how many of the 50 places are taken.

## File upload failure rate
Documents above 1 MiB are refused, which is right; anything else is not: the api's log names the reason.
"""
_ARCHITECTURE = """# Architecture

```text
browser, app ──https──> api.workme.test (nginx on the droplet) ──> api (Granian, FastAPI)
                                                                    ├──> MongoDB (Atlas, M10, São Paulo)
                                                                    ├──> Redis (on the same droplet)
                                                                    ├──> Stripe (payments, webhook back to us)
                                                                    ├──> language model (assistant)
                                                                    ├──> mail (SMTP)
                                                                    └──> Sentry (errors, traces)
```

Everything that must survive is in MongoDB. Redis holds what may be lost: cached searches and attempts to log in. The
containers are those of [compose.yaml](../compose.yaml); nothing else listens on the droplet but nginx and SSH. Stripe is the
only one who calls us: its events are signed, and are handled once each.
"""
_ROLLBACK = """# Turning back by DNS

For the case that the droplet itself is lost. The records are those of [the zone](../dns/workme.test.zone), with a TTL of five
minutes, so that everybody is back within ten.

1. The addresses before the launch are 127.0.0.1 and 127.0.0.2.
2. `doctl compute domain records list workme.test --format ID,Type,Name,Data` shows the ids of the two records.
3. `doctl compute domain records update workme.test --record-id ID --record-data 127.0.0.1`, and the other one likewise.
4. `dig +short api.workme.test @ns1.workme.test`, until it shows the old addresses; then `gonogo run --env production`.

Put the change into the zone file as well, or the next deployment of DNS takes it back. Who may do this: devops, technical lead.
"""
SUBJECTS: Mapping[str, str] = {"compose.yaml": COMPOSE, "dns/workme.test.zone": ZONE}
"""What the documents are about; it was there before them."""
DOCUMENTS: Mapping[str, str] = {
    "docs/deployment.md": _DEPLOYMENT,
    "docs/troubleshooting.md": _TROUBLESHOOTING,
    "docs/architecture.md": _ARCHITECTURE,
    "docs/dns-rollback.md": _ROLLBACK,
}
