"""The AIPP configuration file of a graph."""

from __future__ import annotations

from ...families.base import GraphSpec, ImageScale
from ...runtimes.ascend.aipp import Normalisation, StaticAipp


def image_inputs(spec: GraphSpec, normalisation: Normalisation) -> dict[str, StaticAipp]:
    """What is done to each image input before the graph, by name."""
    return {
        t.name: StaticAipp.of(normalisation, t.shape[2], t.shape[1])
        for t in spec.inputs
        if t.dtype == "uint8"
    }


def image_scale(normalisation: Normalisation) -> ImageScale:
    """What the graph is given then: AIPP's coefficients are float16."""
    return StaticAipp.of(normalisation, 0, 0).scale(on_npu=normalisation != "host")


def aipp_text(spec: GraphSpec, normalisation: Normalisation) -> str:
    """One ``aipp_op`` block an image; the rank is the input's place in the graph."""
    images = image_inputs(spec, normalisation)
    return "".join(
        _block(rank, images[tensor.name])
        for rank, tensor in enumerate(spec.inputs)
        if tensor.name in images
    )


def _block(rank: int, aipp: StaticAipp) -> str:
    lines = [
        "aipp_mode: static",
        f"related_input_rank: {rank}",
        "input_format: RGB888_U8",
        f"src_image_size_w: {aipp.width}",
        f"src_image_size_h: {aipp.height}",
        "crop: false",
        "csc_switch: false",
        f"rbuv_swap_switch: {str(aipp.swap_red_blue).lower()}",
    ]
    for field, values in (
        ("mean_chn", aipp.mean),
        ("min_chn", aipp.low),
        ("var_reci_chn", aipp.gain),
    ):
        lines += [f"{field}_{i}: {value}" for i, value in enumerate(values)]
    body = "\n".join(f"    {line}" for line in lines)
    return f"aipp_op {{\n{body}\n}}\n"
