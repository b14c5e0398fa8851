"""Runtimes: each runs the graphs of a model, numpy in, numpy out."""
