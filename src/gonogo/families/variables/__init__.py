"""Environment variables: the section of the environment file, and the probes."""
