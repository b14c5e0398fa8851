"""Functions of ``acl.mdl``: models, their descriptions, datasets, execution."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import om as container
from .api import api
from .compute import border_shape, compute, nbytes
from .handles import Handles
from .violations import Violations

if TYPE_CHECKING:
    from .board import FakeBoard

INVALID, BAD_INPUT, NO_FILE, NO_MODEL, BAD_FILE = 100000, 145000, 145002, 145003, 145006
WRONG_CHIP, FOREIGN_STREAM = 507008, 107003
FIRST_MODEL = 4294967295
KINDS = {"float32": 0, "float16": 1, "int8": 2, "int32": 3, "uint8": 4, "int64": 9, "bool": 12}
NCHW, NHWC, ND = 0, 1, 2
RGB888 = 3
SHORTER_IS_FINE = 64
"""The real library tolerates buffers shorter by up to this many bytes."""


@dataclass
class DataBuffer:
    """A pointer and a size; owns nothing."""

    pointer: int
    size: int


@dataclass
class Loaded:
    """A model in a context."""

    om: container.Om
    context: int
    pending: int = 0


@dataclass
class Models:
    """All models and what describes and feeds them."""

    violations: Violations
    loaded: dict[int, Loaded] = field(default_factory=dict)
    next_id: int = FIRST_MODEL

    def __post_init__(self) -> None:
        self.descs: Handles[list[int]] = Handles("description", self.violations)
        self.datasets: Handles[list[int]] = Handles("dataset", self.violations)
        self.buffers: Handles[DataBuffer] = Handles("data buffer", self.violations)


class Mdl:
    """See the module."""

    def __init__(self, board: FakeBoard) -> None:
        self._board = board
        self._models = board.models

    @api("s", shape="pair", context=True)
    def load_from_file(self, path: str) -> tuple[int, int]:
        """Load into the current context."""
        fail = self._board.failed
        name = "acl.mdl.load_from_file"
        if not Path(path).is_file():
            return fail("pair", NO_FILE, name)
        om = container.read(Path(path))
        if om is None:
            return fail("pair", BAD_FILE, name)
        if om.soc != self._board.soc and self._board.soc is not None:
            return fail("pair", WRONG_CHIP, name)
        number, self._models.next_id = self._models.next_id, self._models.next_id - 1
        self._models.loaded[number] = Loaded(om, self._board.contexts.current or 0)
        return number, 0

    @api("s", shape="triple")
    def query_size(self, path: str) -> tuple[int, int, int]:
        """Work and weight bytes."""
        size = Path(path).stat().st_size if Path(path).is_file() else 0
        return size, size, 0 if size else NO_FILE

    @api("I", context=True, releases=True)
    def unload(self, number: int) -> int:
        """Unload in the context of the load."""
        loaded = self._models.loaded.get(number)
        if loaded is None:
            return self._board.failed("ret", NO_MODEL, "acl.mdl.unload")
        self._same_context(loaded, "acl.mdl.unload")
        if loaded.pending:
            self._models.violations.add("acl.mdl.unload: an execution is pending")
        del self._models.loaded[number]
        return 0

    @api(shape="handle")
    def create_desc(self) -> int:
        """An empty description."""
        return self._models.descs.new([])

    @api("kI")
    def get_desc(self, desc: int, number: int) -> int:
        """Fill a description."""
        held = self._models.descs.get(desc, "acl.mdl.get_desc")
        if number not in self._models.loaded:
            return self._board.failed("ret", NO_MODEL, "acl.mdl.get_desc")
        held[:] = [number]
        return 0

    @api("k", releases=True)
    def destroy_desc(self, desc: int) -> int:
        """End a description."""
        if desc == 0:
            return INVALID
        self._models.descs.pop(desc, "acl.mdl.destroy_desc")
        return 0

    @api("k", shape="count")
    def get_num_inputs(self, desc: int) -> int:
        """Inputs."""
        om = self._described(desc)
        return len(om.inputs) if om else 0

    @api("k", shape="count")
    def get_num_outputs(self, desc: int) -> int:
        """Outputs."""
        om = self._described(desc)
        return len(om.outputs) if om else 0

    @api("kk", shape="count")
    def get_input_size_by_index(self, desc: int, index: int) -> int:
        """Bytes of an input."""
        found = self._input(desc, index)
        return nbytes(*found) if found else 0

    @api("kk", shape="count")
    def get_output_size_by_index(self, desc: int, index: int) -> int:
        """Bytes of an output."""
        found = self._output(desc, index)
        return nbytes(found.shape, found.dtype) if found else 0

    @api("kk", shape="dims")
    def get_input_dims(self, desc: int, index: int) -> tuple[dict[str, Any], int]:
        """Name and shape of an input."""
        found, om = self._input(desc, index), self._described(desc)
        if not found or om is None:
            return {}, INVALID
        return _dims(om.inputs[index].name, found[0]), 0

    @api("kk", shape="dims")
    def get_input_dims_v2(self, desc: int, index: int) -> tuple[dict[str, Any], int]:
        """The same."""
        dims: tuple[dict[str, Any], int] = self.get_input_dims(desc, index)
        return dims

    @api("kk", shape="dims")
    def get_output_dims(self, desc: int, index: int) -> tuple[dict[str, Any], int]:
        """Name and shape of an output."""
        found = self._output(desc, index)
        return (_dims(_output_name(found), found.shape), 0) if found else ({}, INVALID)

    @api("kk", shape="kind")
    def get_input_data_type(self, desc: int, index: int) -> int:
        """aclDataType of an input."""
        found = self._input(desc, index)
        return KINDS[found[1]] if found else -1

    @api("kk", shape="kind")
    def get_output_data_type(self, desc: int, index: int) -> int:
        """aclDataType of an output."""
        found = self._output(desc, index)
        return KINDS[found.dtype] if found else -1

    @api("kk", shape="kind")
    def get_input_format(self, desc: int, index: int) -> int:
        """aclFormat of an input."""
        om, found = self._described(desc), self._input(desc, index)
        if om is None or not found:
            return -1
        if str(index) in om.aipp:
            return NHWC
        return NCHW if len(found[0]) == 4 else ND

    @api("kk", shape="name")
    def get_input_name_by_index(self, desc: int, index: int) -> str:
        """ONNX name of an input."""
        om = self._described(desc)
        return om.inputs[index].name if om and index < len(om.inputs) else ""

    @api("kk", shape="name")
    def get_output_name_by_index(self, desc: int, index: int) -> str:
        """``<node>:<index>:<onnx output>``."""
        found = self._output(desc, index)
        return _output_name(found) if found else ""

    @api("Ik", shape="aipp")
    def get_first_aipp_info(self, number: int, index: int) -> tuple[dict[str, Any] | None, int]:
        """Static AIPP of an input, by model id."""
        loaded = self._models.loaded.get(number)
        if loaded is None:
            return self._board.failed("aipp", NO_MODEL, "acl.mdl.get_first_aipp_info")
        fields = loaded.om.aipp.get(str(index))
        if fields is None:
            return self._board.failed("aipp", INVALID, "acl.mdl.get_first_aipp_info")
        return _aipp_info(fields), 0

    @api(shape="handle")
    def create_dataset(self) -> int:
        """An empty dataset."""
        return self._models.datasets.new([])

    @api("kk", shape="pair")
    def add_dataset_buffer(self, dataset: int, buffer: int) -> tuple[int, int]:
        """Append a buffer; a tuple comes back."""
        if not dataset or not buffer:
            return 0, INVALID
        self._models.buffers.get(buffer, "acl.mdl.add_dataset_buffer")
        self._models.datasets.get(dataset, "acl.mdl.add_dataset_buffer").append(buffer)
        return dataset, 0

    @api("k", shape="count")
    def get_dataset_num_buffers(self, dataset: int) -> int:
        """Buffers in it."""
        return len(self._models.datasets.get(dataset, "acl.mdl.get_dataset_num_buffers"))

    @api("k", releases=True)
    def destroy_dataset(self, dataset: int) -> int:
        """End a dataset; its buffers stay."""
        if dataset == 0:
            return INVALID
        self._models.datasets.pop(dataset, "acl.mdl.destroy_dataset")
        return 0

    @api("Ikk", context=True)
    def execute(self, number: int, inputs: int, outputs: int) -> int:
        """Run now."""
        work = self._enqueued(number, inputs, outputs, "acl.mdl.execute")
        if isinstance(work, int):
            return self._board.failed("ret", work, "acl.mdl.execute")
        work()
        return 0

    @api("Ikkk", context=True)
    def execute_async(self, number: int, inputs: int, outputs: int, stream: int) -> int:
        """Enqueue; outputs are poison until the stream is synchronised."""
        name = "acl.mdl.execute_async"
        queue = self._board.contexts.streams.get(stream, name)
        if queue.context != self._board.contexts.current:
            return self._board.failed("ret", FOREIGN_STREAM, name)
        work = self._enqueued(number, inputs, outputs, name)
        if isinstance(work, int):
            return self._board.failed("ret", work, name)
        queue.pending.append(work)
        return 0

    def _enqueued(self, number: int, inputs: int, outputs: int, name: str) -> Any:
        loaded = self._models.loaded.get(number)
        if loaded is None:
            return NO_MODEL
        self._same_context(loaded, name)
        if loaded.pending:
            self._models.violations.add(f"{name}: model {number} has an unfinished execution")
        sources, targets = self._bound(inputs, name), self._bound(outputs, name)
        om = loaded.om
        sizes = [nbytes(*border_shape(om, i)) for i in range(len(om.inputs))]
        results = [nbytes(t.shape, t.dtype) for t in om.outputs]
        if not self._fit(sources, sizes, name) or not self._fit(targets, results, name):
            return BAD_INPUT
        return self._pass(loaded, sources, targets, name)

    def _pass(
        self, loaded: Loaded, sources: list[DataBuffer], targets: list[DataBuffer], name: str
    ) -> Any:
        memory = self._board.memory
        held = [memory.read(b.pointer, b.size, name) for b in sources]
        places = [(b.pointer, b.size) for b in sources]
        for target in targets:
            memory.poison(target.pointer, target.size, name)
        loaded.pending += 1

        def finish() -> None:
            loaded.pending -= 1
            for before, (pointer, size) in zip(held, places, strict=True):
                if memory.read(pointer, size, name) != before:
                    self._models.violations.add(f"{name}: an input changed before the synchronise")
            for target, values in zip(targets, compute(loaded.om, held), strict=True):
                memory.write(target.pointer, values, name)

        return finish

    def _bound(self, dataset: int, name: str) -> list[DataBuffer]:
        handles = self._models.datasets.get(dataset, name)
        return [self._models.buffers.get(h, name) for h in handles]

    def _fit(self, buffers: list[DataBuffer], sizes: list[int], name: str) -> bool:
        if len(buffers) != len(sizes):
            return False
        for buffer, size in zip(buffers, sizes, strict=True):
            if not buffer.pointer or buffer.size + SHORTER_IS_FINE < size:
                return False
            if buffer.size != size:
                self._models.violations.note(f"{name}: a buffer of {buffer.size} B for {size} B")
        return True

    def _same_context(self, loaded: Loaded, name: str) -> None:
        if loaded.context != self._board.contexts.current:
            self._models.violations.add(f"{name}: the model was loaded in another context")

    def _described(self, desc: int) -> container.Om | None:
        held = self._models.descs.get(desc, "acl.mdl")
        loaded = self._models.loaded.get(held[0]) if held else None
        return loaded.om if loaded else None

    def _input(self, desc: int, index: int) -> tuple[list[int], str] | None:
        om = self._described(desc)
        return border_shape(om, index) if om and index < len(om.inputs) else None

    def _output(self, desc: int, index: int) -> container.Tensor | None:
        om = self._described(desc)
        return om.outputs[index] if om and index < len(om.outputs) else None


def _output_name(tensor: container.Tensor) -> str:
    return f"{tensor.node}:0:{tensor.name}"


def _dims(name: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "dimCount": len(shape), "dims": list(shape)}


def _aipp_info(fields: dict[str, Any]) -> dict[str, Any]:
    info: dict[str, Any] = {
        "srcImageSizeW": fields["src_image_size_w"],
        "srcImageSizeH": fields["src_image_size_h"],
        "inputFormat": RGB888,
        "rbuvSwapSwitch": int(bool(fields.get("rbuv_swap_switch"))),
    }
    for i in range(4):
        info[f"meanChn{i}"] = int(fields.get(f"mean_chn_{i}", 0))
        info[f"minChn{i}"] = float(np.float16(fields.get(f"min_chn_{i}", 0.0)))
        info[f"varReciChn{i}"] = float(np.float16(fields.get(f"var_reci_chn_{i}", 1.0)))
    return info
