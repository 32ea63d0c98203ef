"""The files of a run: results, recorded evidence, history, the run's folder."""
