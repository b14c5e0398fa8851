"""Reading and writing weights without running anything a file says."""
