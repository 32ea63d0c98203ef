"""One folder per family of checks: what the environment file declares for it, and who asks."""
