"""The bundled reference environment: WorkMe, its real databases, its doubles of the outside world, and its faults."""
