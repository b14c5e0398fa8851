"""The graphs of MixFormerV2: names, shapes and dtypes shared by runtimes and exporters.

============= =============================== ========================================
graph         when                            inputs -> outputs
============= =============================== ========================================
templates_one start                           template -> keys, values
search_one    only the first template counts  search, keys, values -> logits[, presence]
templates     the online template changes     template, online -> keys, values
search        an online template counts       as ``search_one``
full          every frame, without a cache    search, template, online -> as ``search``
============= =============================== ========================================

Keys and values are those of the template tokens in every block. Template tokens never
see search tokens, so they change only when the online template does. Two equal templates
give the same as one whose keys count twice, which is what the ``_one`` graphs do. No
graph holds a sort, a scatter, an int64 or a dynamic dimension.
"""

from __future__ import annotations

from ..base import GraphSpec, TensorSpec
from .config import PREDICTION_TOKENS, MixFormerV2Config

FULL = "full"
TEMPLATES = {1: "templates_one", 2: "templates"}
SEARCH = {1: "search_one", 2: "search"}


def template_counts(config: MixFormerV2Config) -> tuple[int, ...]:
    """Numbers of templates for which there are cached graphs; the first is the start's."""
    if config.template_cache == "off":
        return ()
    if config.template_cache == "pair":
        return (2,)
    return (1, 2) if config.score_head else (1,)


def graph_specs(config: MixFormerV2Config, batch: int = 1) -> dict[str, GraphSpec]:
    """The graphs that a model of this configuration consists of.

    Args:
        config: the model.
        batch: targets per pass.

    Returns:
        Graph name to its border. Images are uint8 NHWC, RGB; the rest is float32.
    """
    search = _image("search", config.search_size, batch)
    images = tuple(_image(name, config.template_size, batch) for name in ("template", "online"))
    read = [TensorSpec("logits", (batch, PREDICTION_TOKENS, config.bins), "float32")]
    if config.score_head:
        read.append(TensorSpec("presence", (batch, 1), "float32"))
    specs = []
    for count in template_counts(config):
        cache = _cache(config, count, batch)
        specs.append(GraphSpec(TEMPLATES[count], images[:count], cache))
        specs.append(GraphSpec(SEARCH[count], (search, *cache), tuple(read)))
    if config.template_cache == "off":
        specs.append(GraphSpec(FULL, (search, *images), tuple(read)))
    return {spec.name: spec for spec in specs}


def _image(name: str, size: int, batch: int) -> TensorSpec:
    return TensorSpec(name, (batch, size, size, 3), "uint8")


def _cache(config: MixFormerV2Config, count: int, batch: int) -> tuple[TensorSpec, TensorSpec]:
    tokens = count * config.template_tokens
    shape = (batch, config.depth, config.heads, tokens, config.head_dim)
    return TensorSpec("keys", shape, "float32"), TensorSpec("values", shape, "float32")
