"""Feeds of FARTrack's graphs for tests."""

import numpy as np

from fartrack_sdk.families.fartrack.contract import graph_specs


def feeds_for(config, graph, seed=0):
    random = np.random.default_rng(seed)
    feeds = {}
    for tensor in graph_specs(config)[graph].inputs:
        if tensor.dtype == "uint8":
            feeds[tensor.name] = random.integers(0, 256, tensor.shape, np.uint8)
        else:
            feeds[tensor.name] = random.standard_normal(tensor.shape).astype(np.float32)
    return feeds
