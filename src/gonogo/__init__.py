"""gonogo: may we launch? Evidence for every line of a launch checklist, and one verdict."""

from importlib.metadata import version

__version__ = version("gonogo")
