"""One-pass evaluation: run, resume, score, submit."""
