"""The throw-away environment that the shop is tried in: its own PostgreSQL, RabbitMQ, S3, authority and front."""
