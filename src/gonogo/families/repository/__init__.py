"""The repository's history: the section of the environment file, and the probes."""
