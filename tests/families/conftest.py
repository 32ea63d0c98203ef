"""Examples that are drawn take as long as they take: a machine on which others work as well draws them slowly."""

from hypothesis import HealthCheck, settings

settings.register_profile("crowded", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("crowded")
