"""Endurance: memory, descriptors and latency over many frames."""
