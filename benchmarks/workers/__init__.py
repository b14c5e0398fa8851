"""Child processes that speak JSON lines."""
