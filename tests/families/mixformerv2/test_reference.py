"""The full pass against a plain reading of the paper, on weights that all differ.

Written on released names, image values in 0..1, no folding, no shared code.
"""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fartrack_sdk.families.mixformerv2.decode import decode
from fartrack_sdk.families.registry import family_named
from fartrack_sdk.runtimes.pytorch import PyTorchRuntime

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


class Plain:
    """Released name to tensor, and the layers by released prefix."""

    def __init__(self, state):
        self.state = {name: torch.from_numpy(array) for name, array in state.items()}

    def linear(self, x, name):
        return F.linear(x, self.state[name + ".weight"], self.state[name + ".bias"])

    def norm(self, x, name, eps):
        weight, bias = self.state[name + ".weight"], self.state[name + ".bias"]
        return F.layer_norm(x, x.shape[-1:], weight, bias, eps)

    def embed(self, image, positions):
        pixels = ((torch.from_numpy(image).float() / 255 - MEAN) / STD).permute(0, 3, 1, 2)
        name = "backbone.patch_embed.proj"
        weight, bias = self.state[name + ".weight"], self.state[name + ".bias"]
        tokens = F.conv2d(pixels, weight, bias, stride=16).flatten(2).transpose(1, 2)
        return tokens + self.state[positions]

    def block(self, x, prefix, hidden):
        """``hidden`` [N, N]: keys that a query does not see."""
        qkv = self.linear(self.norm(x, prefix + "norm1", 1e-6), prefix + "attn.qkv")
        q, k, v = qkv.reshape(1, -1, 3, 12, 64).permute(2, 0, 3, 1, 4)
        logits = (q @ k.transpose(-1, -2) / 8).masked_fill(hidden, float("-inf"))
        seen = (logits.softmax(-1) @ v).transpose(1, 2).flatten(2)
        x = x + self.linear(seen, prefix + "attn.proj")
        inner = self.linear(self.norm(x, prefix + "norm2", 1e-6), prefix + "mlp.fc1")
        return x + self.linear(F.gelu(inner), prefix + "mlp.fc2")

    def __call__(self, search, template, online):
        """left, right, top, bottom as fractions of the crop, and the presence."""
        templates = [self.embed(z, "backbone.pos_embed_t") for z in (template, online)]
        tokens = self.state["backbone.reg_tokens"] + self.state["backbone.pos_embed_reg"]
        x = torch.cat([*templates, self.embed(search, "backbone.pos_embed_s"), tokens], dim=1)
        count, mine = x.shape[1], 2 * templates[0].shape[1]
        hidden = torch.zeros(count, count, dtype=torch.bool)
        hidden[:mine, mine:] = True
        for i in range(2):
            x = self.block(x, f"backbone.blocks.{i}.", hidden)
        tokens = x[:, -4:]
        inner = F.relu(
            self.norm(self.linear(tokens, "box_head.layers.0.0"), "box_head.layers.0.1", 1e-5)
        )
        logits = self.norm(self.linear(inner, "box_head.layers.1.0"), "box_head.layers.1.1", 1e-5)
        bins = torch.arange(logits.shape[-1]) / logits.shape[-1]
        score = self.linear(
            F.relu(self.linear(tokens, "score_head.layers.0.0")), "score_head.layers.1"
        )
        return (logits.softmax(-1) * bins).sum(-1)[0], score.mean().sigmoid()


@pytest.mark.parametrize("seed", [0, 1])
@torch.inference_mode()
def test_the_full_pass_is_the_one_described(seed, random_state):
    state, random = random_state(seed=seed), np.random.default_rng(seed)
    state["box_head.layers.1.1.weight"] += 3.0
    images = {
        name: random.integers(0, 256, (1, size, size, 3), np.uint8)
        for name, size in (("search", 64), ("template", 32), ("online", 32))
    }
    family = family_named("mixformerv2")
    weights, config = family.read(state, {}, None, {"template_cache": "off"})
    graphs, specs = family.torch_graphs(weights, config), family.graph_specs(config)
    estimate = decode(PyTorchRuntime(graphs, specs, "cpu", 1).run("full", images))
    (left, right, top, bottom), presence = Plain(state)(**images)
    np.testing.assert_allclose(estimate.corners, [left, top, right, bottom], rtol=0, atol=1e-5)
    assert estimate.score == pytest.approx(float(presence), abs=1e-5)
    assert len(set(np.round(estimate.corners, 3))) == 4
