"""A tracker whose model is scripted: everything but the weights, for very long runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...families.fartrack.config import FARTrackConfig
from ...families.fartrack.contract import graph_specs
from ...loading import assemble
from ...runtime import Outputs, ScriptedRuntime
from ...tracker import Tracker

CENTRE_BINS = (262, 262, 337, 337)
"""Bins of x0, y0, x1, y1 of a box that spans the middle quarter of the crop: the
search crop is four times the box, and bin k stands for about -0.5 + k / 300."""


def scripted_tracker() -> Tracker:
    """A pico tracker whose every pass says: the target is in the middle, as before.

    Crops, decoding, template memory and sparsification do their real work on outputs of
    the real shapes, with saliency that changes from pass to pass.
    """
    config = FARTrackConfig(variant="pico", depth=6)
    specs = graph_specs(config)
    random = np.random.default_rng(0)

    def script(graph: str, _: Mapping[str, Any]) -> Outputs:
        """One pass: a box in the middle, zeros for tokens."""
        outputs: Outputs = {t.name: np.zeros(t.shape, np.float32) for t in specs[graph].outputs}
        if "logits" in outputs:
            outputs["logits"][0, np.arange(4), CENTRE_BINS] = 30.0
        if "saliency" in outputs:
            outputs["saliency"][:] = random.random(outputs["saliency"].shape, np.float32)
        return outputs

    return Tracker(assemble(config, ScriptedRuntime(script)), owns_model=True)
