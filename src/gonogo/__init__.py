"""gonogo: may we launch? Evidence for every line of a launch checklist, and one verdict."""

__version__ = "0.2.0"
