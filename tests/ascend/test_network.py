"""The parts in the compiler's form compute what the model's own parts compute."""

import numpy as np
import pytest
import torch
from torch import nn

from fartrack_sdk.exporters.ascend.aipp_file import image_scale
from fartrack_sdk.families.base import ImageScale
from fartrack_sdk.model.atc import PatchConv, PlainAttention
from fartrack_sdk.model.vit import Attention, folded_patch_embed, patchify
from fartrack_sdk.runtimes.ascend.aipp import NORMALISATIONS

SCALES = [*map(image_scale, NORMALISATIONS), ImageScale((5.0, 200.0, 30.0), (0.5, 2.0, 0.01))]


@pytest.mark.parametrize("images", SCALES)
def test_patches_of_scaled_images_are_those_of_the_bytes(images):
    torch.manual_seed(0)
    embedding = nn.Conv2d(3, 24, 16, 16)
    image = torch.randint(0, 256, (1, 48, 32, 3))
    with torch.no_grad():
        weight, bias = folded_patch_embed(embedding.weight, embedding.bias)
        expected = patchify(image.float()) @ weight.T + bias
        shift, scale = (torch.tensor(v, dtype=torch.float64) for v in (images.shift, images.scale))
        given = ((image - shift) * scale).float().permute(0, 3, 1, 2)
        found = PatchConv(embedding, images)(given)
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_plain_attention_is_attention_with_the_scale_in_its_queries():
    torch.manual_seed(0)
    source = Attention(128)
    plain = PlainAttention(source)
    x, bias = torch.randn(1, 10, 128), torch.randn(1, 1, 1, 10)
    with torch.no_grad():
        expected, found = (
            part.attend(part.queries(x), *part.keys_values(x), bias) for part in (source, plain)
        )
        torch.testing.assert_close(plain.queries(x), source.queries(x) / 8)
    torch.testing.assert_close(found, expected)
