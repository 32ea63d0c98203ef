"""Pages that attestations name: the section of the environment file, and the probes."""
