"""What a run leaves on disk: results, recorded evidence, history, the run's folder."""
