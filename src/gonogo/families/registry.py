"""The families that a project has: their kinds of evidence, their probes, and the environment file that they compose."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gonogo.environment import load, model
from gonogo.environment.composition import compose
from gonogo.families import BUILT_IN
from gonogo.families.kind import EvidenceKind, Probe

KINDS: Mapping[str, EvidenceKind] = {kind.name: kind for family in BUILT_IN for kind in family.kinds}
ENVIRONMENT: type[model.Environment] = compose(section for family in BUILT_IN for section in family.sections)


def probes() -> Mapping[str, Probe]:
    """Everybody who asks, by kind of evidence. Imports every driver."""
    return {name: probe for family in BUILT_IN for name, probe in family.load_probes().items()}


def environment_from(document: Mapping[str, Any]) -> model.Environment:
    """The environment that a document describes. Raises pydantic's ValidationError."""
    return ENVIRONMENT.model_validate(document)


def read_environment(name: str, *, project: Path) -> load.EnvironmentFile:
    """Find ``environments/NAME.toml`` in the project, or among the bundled ones, and read it. Raises UsageError."""
    return load.read_environment(name, project=project, model=ENVIRONMENT)
