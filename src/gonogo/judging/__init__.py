"""pytest judges: evidence is found for each check, and its ending becomes an outcome."""
