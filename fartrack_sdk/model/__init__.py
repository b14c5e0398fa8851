"""The network in PyTorch; the only part of the core that imports torch."""
