"""The graphs against a plain encoder that masks instead of dropping, on released names."""

import zlib

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fartrack_sdk.families.fartrack.contract import graph_specs
from fartrack_sdk.families.registry import family_named
from fartrack_sdk.model.graph import inference_graphs

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
FAMILY = family_named("fartrack")
DEPTH = 13  # into the layers called extension


def distinct(state):
    """The same shapes and scales with other values in every single tensor."""
    return {
        name: (
            np.random.default_rng(zlib.crc32(name.encode())).normal(size=array.shape) * array.std()
            + array.mean()
        ).astype(np.float32)
        for name, array in state.items()
    }


def image(size, seed):
    return np.random.default_rng(seed).integers(0, 256, (1, size, size, 3), np.uint8)


class Released:
    """The network read from released names, one plain step after the other."""

    def __init__(self, state, layout):
        self.state = {name: torch.from_numpy(array) for name, array in state.items()}
        self.norm, self.eps = ("masknorm{}.norm", 1e-5) if layout == "sparse" else ("norm{}", 1e-6)
        word = self["word_embeddings.weight"].clone()
        if layout == "sparse":
            lengths = word[600:604].norm(dim=1, keepdim=True)
            word[600:604] = torch.where(
                lengths > 1, word[600:604] / (lengths + 1e-7), word[600:604]
            )
        self.word = word

    def __getitem__(self, name):
        return self.state["backbone." + name]

    def linear(self, name, x):
        return F.linear(x, self[name + ".weight"], self[name + ".bias"])

    def normed(self, name, x, eps):
        return F.layer_norm(x, (192,), self[name + ".weight"], self[name + ".bias"], eps)

    def patches(self, pixels):
        values = ((torch.from_numpy(pixels).float() / 255 - MEAN) / STD).permute(0, 3, 1, 2)
        weight, bias = self["patch_embed.proj.weight"], self["patch_embed.proj.bias"]
        return F.conv2d(values, weight, bias, 16).flatten(2).transpose(1, 2)

    def tokens(self, templates, search):
        identity = self.state["identity"]
        parts = [
            self.patches(z) + self["pos_embed_z0"] + identity[:, slot : slot + 1]
            for slot, z in enumerate(templates)
        ]
        parts.append(self.patches(search) + self["pos_embed_x"] + identity[:, 5:6])
        parts.append((self.word[600:604] + self["position_embeddings.weight"])[None])
        return torch.cat(parts, dim=1)

    def run(self, x, visible, focus, newest):
        """Every token in every layer, hidden keys masked: logits and saliency."""
        total = torch.zeros(49)
        for i in range(DEPTH):
            p = f"blocks.{i}." if i < 12 else f"extension.{i - 12}."
            h = self.normed(p + self.norm.format(1), x, self.eps)
            q, k, v = self.linear(p + "attn.qkv", h).reshape(1, -1, 3, 3, 64).permute(2, 0, 3, 1, 4)
            weights = q @ k.transpose(-1, -2) / 8
            weights = weights.masked_fill(~visible, float("-inf")).softmax(-1)
            total = total + sum(weights[0, :, rows, newest].mean(dim=(0, 1)) for rows in focus)
            x = x + self.linear(p + "attn.proj", (weights @ v).transpose(1, 2).flatten(2))
            h = self.normed(p + self.norm.format(2), x, self.eps)
            x = x + self.linear(p + "mlp.fc2", F.gelu(self.linear(p + "mlp.fc1", h)))
        f = self.normed("norm", x[:, -4:], 1e-6)
        return F.linear(f, self.word, self["output_bias"]), total


@pytest.mark.parametrize(
    ("layout", "saliency"), [("sparse", "released"), ("sparse", "paper"), ("dense", "released")]
)
@torch.inference_mode()
def test_the_track_graph_equals_a_plain_reading_of_the_released_weights(
    released_state, layout, saliency
):
    state = distinct(released_state(0, layout))
    weights, config = FAMILY.read(state, {}, None, {"saliency": saliency, "depth": DEPTH})
    plain = Released(state, layout)
    search, older, newest = image(224, 1), [image(112, s) for s in range(4)], image(112, 9)
    rng = np.random.default_rng(5)
    keeps = [np.sort(rng.permutation(49)[: config.kept_tokens]) for _ in older]

    raw = [plain.patches(z) + plain["pos_embed_z0"] for z in older]
    kept = torch.cat([z[:, keep] for z, keep in zip(raw, keeps, strict=True)], dim=1)
    graph = inference_graphs(weights, config)["track"].eval()
    feeds = {"search": search, "newest": newest, "kept": kept.numpy()}
    inputs = [torch.from_numpy(feeds[t.name]) for t in graph_specs(config)["track"].inputs]
    named = dict(zip(graph.output_names, graph(*inputs), strict=True))

    visible = torch.ones(445, dtype=torch.bool)
    for slot, keep in enumerate(keeps):
        visible[slot * 49 : slot * 49 + 49] = torch.isin(torch.arange(49), torch.from_numpy(keep))
    grid, commands = 245 + torch.arange(196).reshape(14, 14), torch.arange(441, 445)
    focus = [grid[7, 7][None]] if saliency == "released" else [grid[6:9, 6:9].flatten(), commands]
    logits, total = plain.run(
        plain.tokens([*older, newest], search),
        visible,
        [rows[:, None] for rows in focus],
        torch.arange(196, 245)[None],
    )

    np.testing.assert_allclose(named["logits"], logits, atol=5e-4)
    expected = plain.patches(newest) + plain["pos_embed_z0"]
    np.testing.assert_allclose(named["newest_tokens"], expected, atol=2e-5)
    if layout == "sparse":
        np.testing.assert_allclose(named["saliency"][0], total, atol=5e-6)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_templates": 1},
        {"num_templates": 3, "retention": 0.5},
        {"num_templates": 9, "retention": 0.1, "saliency": "paper"},
        {"retention": 1.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("layout", ["sparse", "dense"])
@torch.inference_mode()
def test_every_graph_keeps_its_contract(released_state, layout, options):
    weights, config = FAMILY.read(released_state(0, layout), {}, "pico", options)
    for name, graph in inference_graphs(weights, config).items():
        spec = graph_specs(config, batch=2)[name]
        inputs = [torch.zeros(t.shape, dtype=getattr(torch, t.dtype)) for t in spec.inputs]
        outputs = graph(*inputs)
        got = [(tuple(o.shape), str(o.dtype).removeprefix("torch.")) for o in outputs]
        assert got == [(t.shape, t.dtype) for t in spec.outputs]


@torch.inference_mode()
def test_a_batch_equals_its_members(released_state):
    weights, config = FAMILY.read(released_state(0), {}, "pico", {})
    graph = inference_graphs(weights, config)["first"].eval()
    search = torch.from_numpy(np.concatenate([image(224, 1), image(224, 2)]))
    newest = torch.from_numpy(np.concatenate([image(112, 3), image(112, 4)]))
    together = graph(search, newest)
    for i in range(2):
        alone = graph(search[i : i + 1], newest[i : i + 1])
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_allclose(a[i : i + 1], b, atol=2e-4)
