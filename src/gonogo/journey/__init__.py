"""Critical user paths, walked as users walk them: with synthetic data that carries the run's mark, and is removed."""
