"""Multiply-accumulates and parameters, counted from the configuration.

Counted are the patch embedding, all linear layers and both attention products; norms,
activations and softmax are not, as usual.
"""

from __future__ import annotations

from math import prod

from ..complexity import Complexity
from .config import PREDICTION_TOKENS, MixFormerV2Config
from .contract import template_counts
from .layout import Layout, to_released


def complexity(config: MixFormerV2Config) -> Complexity:
    """Of a frame as the released tracker computes it, and as the configuration does.

    The passes that a change of the online template takes are left out; two templates
    count where there may be two.

    Args:
        config: the model.
    """
    counts = template_counts(config)
    executed = search_macs(config, max(counts)) if counts else full_macs(config)
    shapes = (shape for _, shape in to_released(Layout.of(config)).values())
    return Complexity(
        variant=config.variant,
        gmacs=full_macs(config) / 1e9,
        mparams=sum(prod(shape) for shape in shapes) / 1e6,
        executed_gmacs=executed / 1e9,
    )


def templates_macs(config: MixFormerV2Config, count: int = 2, *, reduced: bool = True) -> int:
    """Of the templates' pass.

    Args:
        config: the model.
        count: templates in it.
        reduced: whether the last block stops at keys and values.
    """
    tokens = count * config.template_tokens
    whole = _block(config, tokens, tokens, tokens)
    last = _linear(tokens, config.dim, 2 * config.dim) if reduced else whole
    return _patches(config, tokens) + (config.depth - 1) * whole + last


def search_macs(config: MixFormerV2Config, count: int = 2, *, reduced: bool = True) -> int:
    """Of a search pass on cached templates.

    Args:
        config: the model.
        count: templates in the cache.
        reduced: whether the last block computes the prediction tokens alone.
    """
    rows = config.search_tokens + PREDICTION_TOKENS
    seen = count * config.template_tokens + rows
    last = PREDICTION_TOKENS if reduced else rows
    blocks = (config.depth - 1) * _block(config, rows, rows, seen)
    blocks += _block(config, last, rows, seen)
    return _patches(config, config.search_tokens) + blocks + _heads(config)


def full_macs(config: MixFormerV2Config) -> int:
    """Of the released pass: both templates and the search region, every row, every frame."""
    return templates_macs(config, reduced=False) + search_macs(config, reduced=False)


def _linear(rows: int, inputs: int, outputs: int) -> int:
    return rows * inputs * outputs


def _patches(config: MixFormerV2Config, tokens: int) -> int:
    return _linear(tokens, 3 * config.patch**2, config.dim)


def _block(config: MixFormerV2Config, rows: int, own: int, seen: int) -> int:
    """A block for ``rows`` queries, keys of ``own`` tokens computed and ``seen`` attended."""
    dim = config.dim
    keys_values = _linear(own, dim, 2 * dim)
    queries_out = 2 * _linear(rows, dim, dim)
    mlp = 2 * _linear(rows, dim, config.mlp_dim)
    return keys_values + queries_out + mlp + 2 * _linear(rows, seen, dim)


def _heads(config: MixFormerV2Config) -> int:
    tokens, dim = PREDICTION_TOKENS, config.dim
    macs = _linear(tokens, dim, dim) + _linear(tokens, dim, config.bins)
    if config.score_head:
        macs += _linear(tokens, dim, dim) + _linear(tokens, dim, 1)
    return macs
