"""The suite's own pytest configuration; plain ``pytest checks --gonogo-env reference`` needs nothing here."""
