"""Exporters: from a checkpoint to the files that other runtimes open."""
