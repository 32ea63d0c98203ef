"""From outcomes to one verdict: pure functions."""
