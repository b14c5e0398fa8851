"""Reading an AIPP configuration as strictly as ATC does."""

from __future__ import annotations

import re
from typing import Any

BLOCK = re.compile(r"aipp_op\s*\{(.*?)\}", re.DOTALL)
INTEGERS = {"related_input_rank", "src_image_size_w", "src_image_size_h"} | {
    f"mean_chn_{i}" for i in range(4)
}
FLOATS = {f"{name}_{i}" for name in ("min_chn", "var_reci_chn") for i in range(4)}
SWITCHES = {"crop", "csc_switch", "rbuv_swap_switch", "ax_swap_switch", "padding"}
WORDS = {"aipp_mode", "input_format"}


class AippError(ValueError):
    """The file is not one that ATC reads."""


def parse(text: str) -> list[dict[str, Any]]:
    """The blocks of a file."""
    blocks = [_block(body) for body in BLOCK.findall(text)]
    if not blocks or BLOCK.sub("", text).strip():
        raise AippError("E10001: not an AIPP file")
    return blocks


def _block(body: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"related_input_rank": 0}
    for line in filter(None, (part.split("#")[0].strip() for part in body.splitlines())):
        name, _, text = (part.strip() for part in line.partition(":"))
        fields[name] = _value(name, text)
    if fields.get("aipp_mode") != "static" or "input_format" not in fields:
        raise AippError("E10001: aipp_mode static and input_format are required")
    return fields


def _value(name: str, text: str) -> Any:
    if name in INTEGERS:
        if not text.isdecimal():
            raise AippError(f"E10001: {name} takes an integer, not {text}")
        return int(text)
    if name in FLOATS:
        return float(text)
    if name in SWITCHES and text in ("true", "false"):
        return text == "true"
    if name in WORDS:
        return text
    raise AippError(f"E10001: unknown field {name}: {text}")
