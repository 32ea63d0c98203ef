"""Lets plain pytest run the checks: ``pytest checks --env reference``."""

pytest_plugins = ["gonogo.pytest_plugin"]
