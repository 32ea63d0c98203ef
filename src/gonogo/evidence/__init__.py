"""Evidence: what targets said, frozen. Facts, units, the time of observation, and no opinion."""
