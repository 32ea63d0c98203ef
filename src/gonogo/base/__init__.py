"""What every room stands on: errors, durations, redaction, secrets, TOML files."""
