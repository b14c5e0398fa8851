"""Training of FARTrack models: pretraining, self-distillation, sparsification.

The inference SDK never imports this package.
"""
