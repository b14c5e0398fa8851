"""A fake ``atc``: checks its arguments as the real one is documented to, writes a fake ``.om``."""
