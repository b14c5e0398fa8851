"""The graphs of FARTrack: names, shapes and dtypes shared by runtimes and exporters.

======== ===================== =====================================================
graph    when                  inputs -> outputs
======== ===================== =====================================================
first    frame 1               search, newest -> logits, newest_tokens[, saliency]
track    every later frame     search, kept, newest -> the same
embed    dense warm-up only    newest -> newest_tokens
======== ===================== =====================================================

``first`` fills all slots with the unpruned first template. ``track`` takes the older
templates as tokens that were embedded and sparsified before; with a single template
it takes no ``newest`` and gives logits alone. Whatever sorts, gathers or clips is the
host's work, so that no graph holds a sort, a scatter, an int64 or a dynamic dimension.
"""

from __future__ import annotations

from ..base import GraphSpec, TensorSpec
from .config import FARTrackConfig


def graph_specs(config: FARTrackConfig, batch: int = 1) -> dict[str, GraphSpec]:
    """The graphs that a model of this configuration consists of.

    Args:
        config: the model.
        batch: targets per pass.

    Returns:
        Graph name to its border. Images are uint8 NHWC, RGB; tokens are float32.
    """
    c = config
    image = TensorSpec("search", (batch, c.search_size, c.search_size, 3), "uint8")
    newest = TensorSpec("newest", (batch, c.template_size, c.template_size, 3), "uint8")
    kept_slots = max(1, c.num_templates - 1)
    kept = TensorSpec("kept", (batch, kept_slots * c.kept_tokens, c.dim), "float32")
    logits = TensorSpec("logits", (batch, 4, c.vocabulary), "float32")
    tokens = TensorSpec("newest_tokens", (batch, c.template_tokens, c.dim), "float32")
    saliency = TensorSpec("saliency", (batch, c.template_tokens), "float32")
    learnt = (logits, tokens, saliency) if c.prunes else (logits, tokens)
    specs = {"first": GraphSpec("first", (image, newest), learnt)}
    if c.num_templates == 1:
        specs["track"] = GraphSpec("track", (image, kept), (logits,))
    else:
        specs["track"] = GraphSpec("track", (image, kept, newest), learnt)
    if c.protocol == "dense" and c.num_templates > 3:
        specs["embed"] = GraphSpec("embed", (newest,), (tokens,))
    return specs
