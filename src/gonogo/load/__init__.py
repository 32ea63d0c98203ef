"""Load: Locust's users, visits that come at their own rate, every reply counted as it was."""
