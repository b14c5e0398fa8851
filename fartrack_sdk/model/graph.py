"""The fixed-shape passes of FARTrack as modules that run, trace and export alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..families.base import Weights
from ..families.fartrack.config import FARTrackConfig
from ..families.fartrack.contract import graph_specs
from .network import FARTrackNet
from .vit import HEAD_DIM, Block, patchify

COMMANDS, CENTRE_ROWS = 4, 9


def build_network(weights: Weights, config: FARTrackConfig) -> FARTrackNet:
    """The network with canonical weights, float32, on the CPU.

    Args:
        weights: canonical name to array.
        config: the model.
    """
    net = FARTrackNet(
        config.depth, config.layer_norm_eps, config.search_grid**2, config.template_tokens
    )
    tensors = {name: torch.from_numpy(array).float() for name, array in weights.items()}
    net.load_state_dict(tensors, strict=True)
    return net


def inference_graphs(weights: Weights, config: FARTrackConfig) -> dict[str, nn.Module]:
    """All graphs of the contract on one set of weights."""
    net = build_network(weights, config)
    return {name: InferenceGraph(net, config, name) for name in graph_specs(config)}


class InferenceGraph(nn.Module):
    """One named pass of the contract, with every constant folded at construction.

    Token order is older templates, newest template, search, commands. Attention has no
    mask: dropped tokens are absent, which is exact, and the last layer computes only
    the rows that are read.

    Args:
        net: the weights; shared, not copied, but for the folded constants.
        config: the protocol.
        name: ``first``, ``track`` or ``embed``.
    """

    patch_weight: Tensor
    template_offset: Tensor
    search_offset: Tensor
    command_tokens: Tensor
    older_identity: Tensor
    newest_identity: Tensor

    def __init__(self, net: FARTrackNet, config: FARTrackConfig, name: str) -> None:
        super().__init__()
        spec = graph_specs(config)[name]
        self.input_names = tuple(t.name for t in spec.inputs)
        self.output_names = tuple(t.name for t in spec.outputs)
        self.name = name
        self.config = config
        self.net = net
        with torch.no_grad():
            self._fold()

    def _fold(self) -> None:
        net, c = self.net, self.config
        weight, bias = net.folded_patch_embed()
        self.register_buffer("patch_weight", weight.contiguous(), persistent=False)
        self.register_buffer("template_offset", net.pos_template + bias, persistent=False)
        search_offset = net.pos_search + net.identity[:, 5:6] + bias
        self.register_buffer("search_offset", search_offset, persistent=False)
        self.register_buffer("command_tokens", net.commands(), persistent=False)
        slots = list(c.slot_identities)
        identities = net.identity[:, slots]
        older = identities if len(slots) == 1 else identities[:, :-1]
        per_slot = c.template_tokens if self.name == "first" else c.kept_tokens
        self.register_buffer(
            "older_identity", older.repeat_interleave(per_slot, dim=1), persistent=False
        )
        self.register_buffer("newest_identity", identities[:, -1:].clone(), persistent=False)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Run the pass; inputs and outputs in the order of the contract."""
        feeds = dict(zip(self.input_names, inputs, strict=True))
        outputs = self._embed(feeds["newest"]) if self.name == "embed" else self._encode(feeds)
        return tuple(outputs[name] for name in self.output_names)

    def _patches(self, image: Tensor, offset: Tensor) -> Tensor:
        values = patchify(image.to(self.patch_weight.dtype))
        return F.linear(values, self.patch_weight) + offset

    def _embed(self, image: Tensor) -> dict[str, Tensor]:
        return {"newest_tokens": self._patches(image, self.template_offset).float()}

    def _encode(self, feeds: dict[str, Tensor]) -> dict[str, Tensor]:
        search = self._patches(feeds["search"], self.search_offset)
        commands = self.command_tokens.expand(search.shape[0], -1, -1)
        outputs: dict[str, Tensor] = {}
        templates: list[Tensor] = []
        if "newest" in feeds:
            newest = self._patches(feeds["newest"], self.template_offset)
            outputs["newest_tokens"] = newest.float()
            templates = [newest + self.newest_identity]
        older = self._older(feeds, outputs)
        if older is not None:
            templates.insert(0, older)
        x = torch.cat([*templates, search, commands], dim=1)
        first_newest = x.shape[1] - COMMANDS - search.shape[1] - self.config.template_tokens
        rows, saliency = self._blocks(x, first_newest)
        outputs["logits"] = self.net.logits(rows).float()
        if saliency is not None:
            outputs["saliency"] = saliency.float()
        return outputs

    def _older(self, feeds: dict[str, Tensor], outputs: dict[str, Tensor]) -> Tensor | None:
        if "kept" in feeds:
            return feeds["kept"].to(self.patch_weight.dtype) + self.older_identity
        copies = self.config.num_templates - 1
        if copies == 0:
            return None
        newest = outputs["newest_tokens"].to(self.patch_weight.dtype)
        return newest.repeat(1, copies, 1) + self.older_identity

    def _blocks(self, x: Tensor, first_newest: int) -> tuple[Tensor, Tensor | None]:
        wanted = "saliency" in self.output_names
        total: Tensor | None = None
        last = len(self.net.blocks) - 1
        for i, block in enumerate(cast(Iterable[Block], self.net.blocks)):
            h = block.norm1(x)
            k, v = block.attn.keys_values(h)
            q = block.attn.queries(h[:, -COMMANDS:] if i == last else h)
            if wanted:
                focus = block.attn.queries(self._focus(h, 1)) if i == last else self._focus(q, 2)
                part = self._saliency(focus, k, first_newest)
                total = part if total is None else total + part
            x = block.residual(x[:, -COMMANDS:] if i == last else x, q, k, v)
        return x, total

    def _focus(self, x: Tensor, dim: int) -> Tensor:
        """Rows whose attention ranks template tokens, cut out along ``dim``."""
        grid = self.config.search_grid
        search = x.shape[dim] - COMMANDS - grid * grid
        middle = grid // 2
        if self.config.saliency == "released":
            return x.narrow(dim, search + middle * grid + middle, 1)
        lines = [x.narrow(dim, search + (middle + d) * grid + middle - 1, 3) for d in (-1, 0, 1)]
        return torch.cat([*lines, x.narrow(dim, x.shape[dim] - COMMANDS, COMMANDS)], dim=dim)

    def _saliency(self, q: Tensor, k: Tensor, first_newest: int) -> Tensor:
        """Attention of the focus rows on the newest template, mean over heads: [B, 49]."""
        weights = torch.softmax(q @ k.transpose(-1, -2) * HEAD_DIM**-0.5, dim=-1)
        weights = weights.narrow(-1, first_newest, self.config.template_tokens)
        if self.config.saliency == "released":
            return weights.mean(dim=(1, 2))
        centre, commands = weights[:, :, :CENTRE_ROWS], weights[:, :, CENTRE_ROWS:]
        return centre.mean(dim=(1, 2)) + commands.mean(dim=(1, 2))
