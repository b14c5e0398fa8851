"""Files that ship with the package: the default model, its card and a short demo clip."""
