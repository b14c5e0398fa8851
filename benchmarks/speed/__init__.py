"""What a user gets per second, stage by stage."""
