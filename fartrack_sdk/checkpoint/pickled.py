"""Released ``.pth.tar`` files, read without executing anything they say.

The files hold instances of the training code's classes beside the weights. PyTorch's
restricted unpickler reads them; classes it does not know become inert stand-ins, and a
file that names anything of the standard library or of an installed package is refused.
"""

from __future__ import annotations

import importlib.util
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ArtifactError, MissingDependencyError
from ..families.base import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class PickledCheckpoint:
    """What is kept of a training checkpoint: no optimizer, statistics or settings.

    Attributes:
        weights: released name to array.
        net_type: class name of the network, empty if the file has none.
        epoch: as recorded, or None.
    """

    weights: Weights
    net_type: str
    epoch: int | None


class _Inert:
    """Stands in for an unknown class: takes any arguments and state, keeps none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def read_pickled(path: Path) -> PickledCheckpoint:
    """Read a checkpoint that a training framework saved.

    Args:
        path: a ``torch.save`` file whose ``net`` is a state dict, or a bare state dict.

    Raises:
        ArtifactError: not such a file, damaged, or it asks for code to be run.
        MissingDependencyError: torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingDependencyError("torch", "torch", "to read .pth.tar files") from error
    content = _load(path)
    net = content.get("net", content)
    tensors = net.items() if hasattr(net, "items") else ()
    weights = {
        str(name): value.detach().float().numpy()
        for name, value in tensors
        if isinstance(value, torch.Tensor)
    }
    if not weights:
        raise ArtifactError(
            f"{path}: expected a state dict below 'net'; got keys {sorted(map(str, content))}."
        )
    epoch = content.get("epoch")
    net_type = content.get("net_type")
    return PickledCheckpoint(
        weights,
        net_type if isinstance(net_type, str) else "",
        epoch if isinstance(epoch, int) else None,
    )


def _load(path: Path) -> Mapping[str, Any]:
    import torch

    if not zipfile.is_zipfile(path):
        raise ArtifactError(
            f"{path}: expected a PyTorch checkpoint (a zip file); this is not one. It may be "
            "an interrupted download, or older than PyTorch 1.6: save it again with torch.save."
        )
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        stand_ins = [_stand_in(name, path) for name in names]
        with torch.serialization.safe_globals(stand_ins):
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except ArtifactError:
        raise
    except Exception as error:
        raise ArtifactError(
            f"{path}: cannot be read safely as a PyTorch checkpoint ({error}). "
            "Nothing in it was executed. Check that the file is complete and trusted."
        ) from error
    if not hasattr(content, "get"):
        raise ArtifactError(f"{path}: expected a dict; got {type(content).__name__}.")
    found: Mapping[str, Any] = content
    return found


def _stand_in(name: str, path: Path) -> Any:
    """An inert class under the pickled name, unless the name is one that could do harm."""
    module, _, attribute = name.rpartition(".")
    root = module.partition(".")[0]
    importable = root in sys.stdlib_module_names or _installed(root)
    if importable:
        raise ArtifactError(
            f"{path}: refused. The pickle asks for '{name}', which a model file has no use for "
            "and which could run code. Nothing was executed. Do not trust this file."
        )
    return (type(attribute, (_Inert,), {"__module__": module}), name)


def _installed(root: str) -> bool:
    if root in sys.modules:
        return True
    try:
        return importlib.util.find_spec(root) is not None
    except (ImportError, ValueError):
        return False
