"""The checks of a state dict that every family makes of its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from ..errors import ArtifactError


def require_tensors(
    state: Mapping[str, npt.NDArray[Any]],
    shapes: Mapping[str, tuple[int, ...]],
    model: str,
    ignorable: Callable[[str], bool] | None = None,
) -> None:
    """Refuse a state dict that does not hold exactly the tensors of a model.

    Args:
        state: released name to array.
        shapes: released name to shape of every tensor that is read.
        model: what the file should hold, for the message.
        ignorable: tells of a name whether such a tensor may be there unread.

    Raises:
        ArtifactError: names every tensor that is missing, unexpected or misshaped.
    """
    faults = {
        "missing": sorted(set(shapes) - set(state)),
        "unexpected": sorted(
            name for name in set(state) - set(shapes) if not (ignorable and ignorable(name))
        ),
        "misshaped": [
            f"{name} {tuple(state[name].shape)} instead of {shape}"
            for name, shape in shapes.items()
            if name in state and tuple(state[name].shape) != shape
        ],
    }
    if any(faults.values()):
        shown = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in faults.items() if names)
        raise ArtifactError(f"the file does not hold a {model}. {shown}")


def require_fields(fields: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Refuse stored configuration fields that contradict the tensors beside them.

    Args:
        fields: stored with the file; may lack any.
        found: what the tensors tell.

    Raises:
        ArtifactError: names every field that contradicts.
    """
    wrong = [
        f"{name} = {fields[name]!r} instead of {value!r}"
        for name, value in found.items()
        if name in fields and fields[name] != value
    ]
    if wrong:
        raise ArtifactError(
            f"the stored configuration does not fit the tensors: {', '.join(wrong)}. Copy or "
            "convert the file again."
        )
