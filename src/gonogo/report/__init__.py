"""Reports: one file per output format, each a pure function of the results."""
