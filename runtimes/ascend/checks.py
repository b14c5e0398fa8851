"""Whether an ``.om`` is what its metadata says."""

from __future__ import annotations

from ...errors import ArtifactError
from ...families.base import TensorSpec
from .buffers import nbytes
from .codes import TYPES, UNDEFINED
from .graph import AscendGraph
from .library import Acl


def check_model(acl: Acl, graph: AscendGraph, model: int, desc: int) -> dict[str, str]:
    """Compare counts, names, sizes, dtypes, shapes and AIPP with the metadata.

    Returns:
        What could not be verified, for ``RuntimeInfo.details``; empty when all was.

    Raises:
        ArtifactError: names every difference.
        AclError: a query failed.
    """
    border = _Border(acl, desc)
    faults = border.compare("input", graph.inputs) + border.compare("output", graph.outputs)
    faults += _aipp_faults(acl, graph, model, border.unverified)
    if faults:
        raise ArtifactError(
            f"{graph.path.name} does not fit its metadata: {'; '.join(faults)}. "
            "Export the model again, and keep the .om and metadata.json together."
        )
    return border.unverified


class _Border:
    def __init__(self, acl: Acl, desc: int) -> None:
        self._acl, self._desc = acl, desc
        self.unverified: dict[str, str] = {}

    def compare(self, side: str, specs: tuple[TensorSpec, ...]) -> list[str]:
        """Differences of one side, ``input`` or ``output``."""
        count = self._acl.number(f"mdl.get_num_{side}s", self._desc)
        if count != len(specs):
            return [f"{count} {side}s instead of {len(specs)}"]
        names = [self._name(side, i) for i in range(count)]
        faults = self._name_faults(side, names, [s.name for s in specs])
        for i, spec in enumerate(specs):
            faults += [f"{side} {spec.name}: {fault}" for fault in self._faults(side, i, spec)]
        return faults

    def _name(self, side: str, index: int) -> str:
        function = f"mdl.get_{side}_name_by_index"
        name = str(self._acl.raw(function, self._desc, index) or "")
        if not name:
            raise self._acl.failed(function)
        return name.rsplit(":", 1)[-1]

    def _name_faults(self, side: str, found: list[str], wanted: list[str]) -> list[str]:
        if found == wanted:
            return []
        if side == "output" and not set(found) & set(wanted):
            self.unverified["output names"] = f"not comparable: {', '.join(found)}"
            return []
        return [f"{side}s {', '.join(found)} instead of {', '.join(wanted)}"]

    def _faults(self, side: str, index: int, spec: TensorSpec) -> list[str]:
        acl, at = self._acl, (self._desc, index)
        size = acl.number(f"mdl.get_{side}_size_by_index", *at)
        kind = acl.number(f"mdl.get_{side}_data_type", *at, failed=UNDEFINED)
        dims = tuple(acl.value(f"mdl.get_{side}_dims", *at)["dims"])
        faults = []
        if TYPES.get(kind) != spec.dtype:
            faults.append(f"dtype {TYPES.get(kind, f'number {kind}')} instead of {spec.dtype}")
        if dims != spec.shape:
            faults.append(f"shape {list(dims)} instead of {list(spec.shape)}")
        if size != nbytes(spec):
            faults.append(f"{size} bytes instead of {nbytes(spec)}")
        return faults


def _aipp_faults(acl: Acl, graph: AscendGraph, model: int, unverified: dict[str, str]) -> list[str]:
    if graph.normalisation == "host":
        return []
    if not acl.has("mdl.get_first_aipp_info"):
        unverified["AIPP"] = "not readable: this CANN lacks acl.mdl.get_first_aipp_info"
        return []
    faults = []
    for index, tensor in enumerate(graph.spec.inputs):
        expected = graph.images.get(tensor.name)
        if expected is None:
            continue
        info = acl.value("mdl.get_first_aipp_info", model, index) or {}
        missing = ", ".join(key for key in expected.reported() if key not in info)
        if missing:
            unverified[f"AIPP of {tensor.name}"] = f"not reported: {missing}"
        faults += [f"AIPP of {tensor.name}: {text}" for text in expected.differences(info)]
    return faults
