"""The WorkMe API: a good service, the model that the checks hold others against. Its faults live outside of it."""
