"""The graphs against a plain encoder that masks instead of dropping."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fartrack_sdk.families.fartrack.contract import graph_specs
from fartrack_sdk.families.registry import family_named
from fartrack_sdk.model.graph import build_network, inference_graphs

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
FAMILY = family_named("fartrack")


def image(size, seed):
    return np.random.default_rng(seed).integers(0, 256, (1, size, size, 3), np.uint8)


def patches(net, pixels):
    values = (torch.from_numpy(pixels).float() / 255 - MEAN) / STD
    return net.patch_embed(values.permute(0, 3, 1, 2)).flatten(2).transpose(1, 2)


def masked_encoder(net, tokens, visible, focus, newest):
    """Every token in every layer; hidden keys get no attention. Logits and saliency."""
    x, total = tokens, torch.zeros(49)
    for block in net.blocks:
        q, k, v = block.attn.qkv(block.norm1(x)).reshape(1, -1, 3, 3, 64).permute(2, 0, 3, 1, 4)
        weights = q @ k.transpose(-1, -2) / 8
        weights = weights.masked_fill(~visible, float("-inf")).softmax(-1)
        total = total + sum(weights[0, :, rows, newest].mean(dim=(0, 1)) for rows in focus)
        x = x + block.attn.proj((weights @ v).transpose(1, 2).flatten(2))
        x = x + block.mlp.fc2(F.gelu(block.mlp.fc1(block.norm2(x))))
    return F.linear(net.norm(x[:, -4:]), net.word, net.output_bias), total


@pytest.mark.parametrize("saliency", ["released", "paper"])
@torch.inference_mode()
def test_dropping_tokens_equals_masking_them(released_state, saliency):
    weights, config = FAMILY.read(released_state(0), {}, "pico", {"saliency": saliency})
    net = build_network(weights, config)
    search, older, newest = image(224, 1), [image(112, s) for s in range(4)], image(112, 9)
    rng = np.random.default_rng(5)
    keeps = [np.sort(rng.permutation(49)[:37]) for _ in older]

    raw = [patches(net, z) + net.pos_template for z in older]
    kept = torch.cat([z[:, keep] for z, keep in zip(raw, keeps, strict=True)], dim=1)
    graph = inference_graphs(weights, config)["track"].eval()
    feeds = {"search": search, "newest": newest, "kept": kept.numpy()}
    inputs = [torch.from_numpy(feeds[t.name]) for t in graph_specs(config)["track"].inputs]
    named = dict(zip(graph.output_names, graph(*inputs), strict=True))

    slots = [*raw, patches(net, newest) + net.pos_template]
    tokens = [z + net.identity[:, s : s + 1] for s, z in enumerate(slots)]
    tokens.append(patches(net, search) + net.pos_search + net.identity[:, 5:6])
    tokens.append((net.word[600:604] + net.pos_command)[None])
    visible = torch.zeros(245, dtype=torch.bool)
    for s, keep in enumerate(keeps):
        visible[s * 49 + torch.from_numpy(keep)] = True
    visible[196:] = True
    visible = torch.cat([visible, torch.ones(200, dtype=torch.bool)])
    grid = 245 + torch.arange(196).reshape(14, 14)
    commands = torch.arange(441, 445)
    focus = [grid[7, 7][None]] if saliency == "released" else [grid[6:9, 6:9].flatten(), commands]
    focus = [rows[:, None] for rows in focus]
    logits, total = masked_encoder(
        net, torch.cat(tokens, 1), visible, focus, torch.arange(196, 245)[None]
    )

    np.testing.assert_allclose(named["logits"], logits, atol=2e-4)
    np.testing.assert_allclose(named["saliency"][0], total, atol=2e-6)
    np.testing.assert_allclose(named["newest_tokens"], slots[-1], atol=2e-5)


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
