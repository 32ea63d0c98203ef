"""A small book shop: orders go through PostgreSQL and a queue to receipts in a bucket."""

RELEASE = "2026.11"
