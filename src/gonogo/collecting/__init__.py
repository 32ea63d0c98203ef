"""From questions to records, live or recorded."""
