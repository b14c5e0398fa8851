"""Released ``.pth.tar`` files, read without executing anything they say.

The files are zip archives that ``torch.save`` wrote: a pickle beside one member for each
tensor's bytes. The pickle also holds instances of the training code's classes, which a
user does not have and a reader must not import. Here every global that the pickle names
becomes an inert stand-in, but for the few that build tensors; one of the standard library
that is not plain data marks the file as an attack and is refused. Tensors are references
until they are asked for, so an optimizer's state is never read. torch is not needed.
"""

from __future__ import annotations

import _compat_pickle
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArtifactError
from ..families.base import Weights
from .stored_tensor import STORAGE_DTYPES, StoredTensor, rebuild_parameter, rebuild_tensor

HARMLESS = frozenset(
    ("argparse", "collections", "copyreg", "datetime", "decimal", "enum", "fractions", "pathlib")
)
"""Standard modules whose classes a training run may have left in its settings."""
HARMLESS_BUILTINS = frozenset(
    ("bytearray", "complex", "dict", "frozenset", "list", "object", "range", "set", "slice")
)

BUILDERS: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
    ("collections", "OrderedDict"): OrderedDict,
}


@dataclass(frozen=True)
class PickledCheckpoint:
    """What is kept of a training checkpoint: no optimizer, statistics or settings.

    Attributes:
        weights: released name to array, float32.
        net_type: class name of the network, empty if the file has none.
        epoch: as recorded, or None.
    """

    weights: Weights
    net_type: str
    epoch: int | None


class _Inert:
    """Stands in for any class or function: takes whatever the pickle gives, does nothing."""

    def __new__(cls, *args: Any, **kwargs: Any) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        """Take an item, as lists do."""

    def extend(self, items: Any) -> None:
        """Take items, as lists do."""

    def add(self, item: Any) -> None:
        """Take an item, as sets do."""


class _Reader(pickle.Unpickler):
    """Unpickler that knows tensors and ordered dicts, and imports nothing."""

    def __init__(self, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(archive.open(f"{root}/data.pkl"))
        self._archive = archive
        self._root = root

    def find_class(self, module: str, name: str) -> Any:
        """A builder of tensors, or an inert stand-in.

        Raises:
            pickle.UnpicklingError: the name could run code.
        """
        if module in ("torch", "torch.storage") and name in STORAGE_DTYPES:
            return STORAGE_DTYPES[name]
        if (module, name) in BUILDERS:
            return BUILDERS[module, name]
        _refuse_code(module, name)
        return type(name.rpartition(".")[2] or "Unknown", (_Inert,), {})

    def persistent_load(self, pid: Any) -> Any:
        """The bytes of a tensor, as a reference into the archive."""
        if not isinstance(pid, tuple) or len(pid) != 5 or pid[0] != "storage":
            raise pickle.UnpicklingError(f"expected a tensor's storage; got {pid!r}")
        _, dtype, key, _, _ = pid
        if not isinstance(dtype, str):
            raise pickle.UnpicklingError(f"expected a known kind of storage; got {dtype!r}")
        return StoredTensor(self._archive, f"{self._root}/data/{key}", dtype)


def _refuse_code(module: str, name: str) -> None:
    """Refuse globals of the standard library that are not plain data, old names included."""
    module, name = _compat_pickle.NAME_MAPPING.get((module, name), (module, name))
    module = _compat_pickle.IMPORT_MAPPING.get(module, module)
    root = module.partition(".")[0]
    if root in HARMLESS or (root == "builtins" and name in HARMLESS_BUILTINS):
        return
    if (module, name) == ("_codecs", "encode"):
        return
    if root in sys.stdlib_module_names:
        raise pickle.UnpicklingError(
            f"refused: the pickle asks for '{module}.{name}', which a model file has no use "
            "for and which could run code"
        )


def read_pickled(path: Path) -> PickledCheckpoint:
    """Read a checkpoint that a training framework saved.

    Args:
        path: a ``torch.save`` file whose ``net`` is a state dict, or a bare state dict.

    Raises:
        ArtifactError: not such a file, damaged, or it asks for code to be run.
    """
    if not zipfile.is_zipfile(path):
        raise ArtifactError(
            f"{path}: expected a PyTorch checkpoint (a zip file); this is not one. It may be "
            "an interrupted download, or older than PyTorch 1.6: save it again with torch.save."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from error
    except Exception as error:
        raise ArtifactError(
            f"{path}: cannot be read safely as a PyTorch checkpoint ({error}). Nothing in it "
            "was executed. Check that the file is complete and that you trust its source."
        ) from error


def _read(archive: zipfile.ZipFile) -> PickledCheckpoint:
    pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    if not pickles:
        raise ArtifactError("expected a PyTorch checkpoint; the zip file holds no data.pkl.")
    content = _Reader(archive, pickles[0].removesuffix("/data.pkl")).load()
    if not isinstance(content, Mapping):
        raise ArtifactError(f"expected a dict; got {type(content).__name__}.")
    net = content.get("net", content)
    tensors = net.items() if isinstance(net, Mapping) else ()
    weights = {str(k): v.array() for k, v in tensors if isinstance(v, StoredTensor)}
    if not weights:
        keys = ", ".join(sorted(map(str, content)))
        raise ArtifactError(f"expected a state dict below 'net'; got keys {keys or 'none'}.")
    net_type, epoch = content.get("net_type"), content.get("epoch")
    return PickledCheckpoint(
        weights,
        net_type if isinstance(net_type, str) else "",
        epoch if isinstance(epoch, int) else None,
    )
