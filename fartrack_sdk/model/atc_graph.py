"""FARTrack's passes in the form that Ascend's compiler takes; see `atc`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..families.base import ImageScale, Weights
from ..families.fartrack.config import FARTrackConfig
from ..families.fartrack.contract import graph_specs
from .atc import PatchConv, with_plain_attention
from .graph import CENTRE_ROWS, InferenceGraph, build_network
from .network import FARTrackNet


class AtcGraph(InferenceGraph):
    """One pass with float32 NCHW images; batch of one.

    Args:
        net: the weights, with plain attention.
        config: the protocol.
        name: ``first``, ``track`` or ``embed``.
        images: what the graph is given.
    """

    older_offset: Tensor

    def __init__(
        self, net: FARTrackNet, config: FARTrackConfig, name: str, images: ImageScale
    ) -> None:
        super().__init__(net, config, name)
        self.embedding = PatchConv(net.patch_embed, images)
        self.template_offset = net.pos_template.detach()
        self.register_buffer("older_offset", _older_offset(net, config, name), persistent=False)
        self.search_offset = (net.pos_search + net.identity[:, 5:6]).detach()

    def _patches(self, image: Tensor, offset: Tensor) -> Tensor:
        tokens: Tensor = self.embedding(image)
        return tokens + offset

    def _older(self, feeds: dict[str, Tensor], outputs: dict[str, Tensor]) -> Tensor | None:
        slots = len(self.config.slot_identities)
        if "kept" in feeds:
            return feeds["kept"] + self.older_offset
        if slots == 1:
            return None
        return torch.cat([outputs["newest_tokens"]] * (slots - 1), dim=1) + self.older_offset

    def _saliency(self, q: Tensor, k: Tensor, first_newest: int) -> Tensor:
        weights = torch.softmax(q @ k.transpose(-1, -2), dim=-1)
        weights = weights.narrow(-1, first_newest, self.config.template_tokens)
        if self.config.saliency == "released":
            return weights.mean(dim=(1, 2))
        centre, commands = weights[:, :, :CENTRE_ROWS], weights[:, :, CENTRE_ROWS:]
        return centre.mean(dim=(1, 2)) + commands.mean(dim=(1, 2))


def atc_graphs(
    weights: Weights, config: FARTrackConfig, images: ImageScale
) -> dict[str, nn.Module]:
    """All graphs of the contract on one set of weights.

    Args:
        weights: canonical name to array.
        config: the model.
        images: what the graphs are given.
    """
    net = with_plain_attention(build_network(weights, config))
    return {name: AtcGraph(net, config, name, images).eval() for name in graph_specs(config)}


def _older_offset(net: FARTrackNet, config: FARTrackConfig, name: str) -> Tensor:
    """Identity of the slot of each older token, [1, tokens, 192]."""
    slots = list(config.slot_identities)
    tokens = config.template_tokens if name == "first" else config.kept_tokens
    rows = net.identity[:, slots[:-1] or slots].detach()
    return rows.repeat_interleave(tokens, dim=1)
