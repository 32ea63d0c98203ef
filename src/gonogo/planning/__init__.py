"""Plans a gate: the checks and lines that it demands, computed before anything is asked."""
