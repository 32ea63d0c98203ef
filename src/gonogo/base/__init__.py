"""The foundation of every room: errors, durations, redaction, secrets, TOML files."""
