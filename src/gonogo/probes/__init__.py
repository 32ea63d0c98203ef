"""Probes: one file per protocol. Each asks one target and records what it said; none has an opinion."""
