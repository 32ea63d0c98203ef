"""What a gate demands, computed before anything is asked."""
