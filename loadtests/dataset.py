"""The people and offers that WorkMe's visitors need: made before the load, removed after it by their mark."""

from typing import Any

from gonogo.journey.walk import Walk

_CLIENTS = 4
_PROFESSIONALS = 2


def make(walk: Walk) -> dict[str, Any]:
    """What locustfile.py reads. Few people: the beta has few seats, and newcomers of the load need some as well."""
    mark, smoke = walk.world.mark, walk.world.smoke
    professionals = [walk.join(f"professional{number}", "professional") for number in range(_PROFESSIONALS)]
    return {
        "mark": mark,
        "city": f"{mark}-load",
        "mail_domain": smoke.mail_domain,
        "beta_code": walk.world.secrets[smoke.beta_code],
        "clients": [walk.join(f"client{number}", "client").token for number in range(_CLIENTS)],
        "offers": [{"id": walk.offer(one), "token": one.token} for one in professionals],
    }
