"""What makes one second of the load generator unfit to measure: what judges, and what draws, share it."""

from datetime import timedelta

from gonogo.evidence.load import GeneratorSecond

MOST_LAG = timedelta(milliseconds=25)
MOST_CPU = 0.8
MOST_WAITED = 0.05
MOST_STOLEN = 0.02
LEAST_BEGUN = 0.98
MOST_CLOCK_STEP = timedelta(milliseconds=50)
"""Beyond these a second of the generator is sick: until then what it adds cannot be told from nothing."""


def sickness(second: GeneratorSecond) -> str:
    """Say what was wrong with one second of one process; empty: nothing."""
    signs = (
        (second.lag > MOST_LAG, "its event loop woke too late"),
        (second.cpu > MOST_CPU, "it used all of its CPU"),
        (second.waited > MOST_WAITED, "it was short of CPU"),
        (second.stolen > MOST_STOLEN, "the hypervisor gave its CPU to others"),
        (second.begun < LEAST_BEGUN * second.planned, "visits began too late"),
        (abs(second.clock_step) > MOST_CLOCK_STEP, "its clock was set"),
    )
    return next((reason for is_so, reason in signs if is_so), "")
