"""The fixed-shape passes of FARTrack as modules that run, trace and export alike."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
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


def folded_constants(net: FARTrackNet, config: FARTrackConfig) -> dict[str, Tensor]:
    """What a pass needs of the weights besides the encoder, ready to multiply and add.

    Args:
        net: the weights.
        config: the protocol.

    Returns:
        ``patch_weight`` [192, 768] with the image normalisation in it, position offsets
        with the patch bias in them, command tokens [1, 4, 192], and the identities of
        the older slots [1, K - 1, 1, 192] and of the newest one [1, 1, 192].
    """
    weight, bias = net.folded_patch_embed()
    slots = [net.identity[:, s : s + 1] for s in config.slot_identities]
    return {
        "patch_weight": weight.contiguous(),
        "template_offset": net.pos_template + bias,
        "search_offset": net.pos_search + net.identity[:, 5:6] + bias,
        "command_tokens": net.commands(),
        "older_identity": torch.cat(slots[:-1] or slots, dim=1).unsqueeze(2),
        "newest_identity": slots[-1].clone(),
    }


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
            for key, value in folded_constants(net, config).items():
                self.register_buffer(key, value, persistent=False)

    def unfolded(self) -> nn.Module:
        """The same pass, made from the stored weights each time.

        Its constants refer to the weights as they lie in a checkpoint, so an exported
        graph can refer to a checkpoint file; runtimes fold them when they load it.
        """
        return UnfoldedGraph(self)

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
        slots = self.older_identity.shape[1]
        if "kept" in feeds:
            kept = feeds["kept"]
            tokens = kept.reshape(kept.shape[0], slots, self.config.kept_tokens, kept.shape[-1])
        elif self.config.num_templates > 1:
            tokens = outputs["newest_tokens"].unsqueeze(1)
        else:
            return None
        placed: Tensor = tokens.to(self.patch_weight.dtype) + self.older_identity
        return placed.flatten(1, 2)

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


class UnfoldedGraph(nn.Module):
    """An `InferenceGraph` that derives its constants inside the pass."""

    def __init__(self, graph: InferenceGraph) -> None:
        super().__init__()
        self.net = graph.net
        self._graph = (graph,)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """As of `InferenceGraph`."""
        graph = copy(self._graph[0])
        graph._buffers = dict(folded_constants(self.net, graph.config))
        graph._modules = {"net": self.net}
        return graph.forward(*inputs)
