"""Side by side with other trackers, one process each."""
