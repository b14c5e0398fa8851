"""One ``.om`` on the device, with its buffers."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Literal

from ...errors import InputError
from ...families.base import TensorSpec
from ...runtime import Array, Feeds, Outputs
from .buffers import Buffer
from .checks import check_model
from .device import Device
from .graph import AscendGraph

Execution = Literal["async", "sync"]


class LoadedModel:
    """Loads in the current context, runs and closes in the same one.

    Args:
        device: entered by the caller, for every method.
        graph: the file and its border.
        zero_copy: whether to write and read device memory through views.
        execution: ``async`` releases Python's lock while the NPU works.

    Raises:
        AclError, ArtifactError: nothing is left behind.
    """

    def __init__(
        self, device: Device, graph: AscendGraph, zero_copy: bool, execution: Execution
    ) -> None:
        self._device, self._graph, self._execution = device, graph, execution
        acl = device.acl
        with ExitStack() as undo:
            desc = acl.number("mdl.create_desc")
            undo.callback(acl.release, "mdl.destroy_desc", desc)
            self._model = int(acl.value("mdl.load_from_file", str(graph.path)))
            undo.callback(acl.release, "mdl.unload", self._model)
            acl.ok("mdl.get_desc", desc, self._model)
            self.unverified = check_model(acl, graph, self._model, desc)
            self._in, self.inputs = self._dataset(graph.inputs, zero_copy, undo)
            self._out, self._outputs = self._dataset(graph.outputs, zero_copy, undo)
            self._stack = undo.pop_all()

    def run(self, feeds: Feeds) -> Outputs:
        """One pass.

        Args:
            feeds: by input name, in the dtypes and shapes of the contract.

        Raises:
            InputError: a feed is missing or has another dtype or shape.
            AclError: a call failed; the next pass uploads everything anew.
        """
        values = [self._prepared(tensor, feeds) for tensor in self._graph.spec.inputs]
        try:
            for buffer, value in zip(self.inputs, values, strict=True):
                buffer.upload(value)
            self._execute()
            named = zip(self._graph.spec.outputs, self._outputs, strict=True)
            return {t.name: buffer.download().reshape(t.shape) for t, buffer in named}
        except BaseException:
            for buffer in self.inputs:
                buffer.forget()
            raise

    def close(self) -> None:
        """Release everything; twice is fine."""
        self._stack.close()

    def _execute(self) -> None:
        acl, args = self._device.acl, (self._model, self._in, self._out)
        if self._execution == "sync":
            acl.ok("mdl.execute", *args)
            return
        acl.ok("mdl.execute_async", *args, self._device.stream)
        self._device.synchronize()

    def _dataset(
        self, specs: tuple[TensorSpec, ...], zero_copy: bool, undo: ExitStack
    ) -> tuple[int, list[Buffer]]:
        acl = self._device.acl
        dataset = acl.number("mdl.create_dataset")
        undo.callback(acl.release, "mdl.destroy_dataset", dataset)
        return dataset, [Buffer(acl, spec, dataset, zero_copy, undo) for spec in specs]

    def _prepared(self, tensor: TensorSpec, feeds: Feeds) -> Array:
        value = feeds.get(tensor.name)
        if value is None or value.shape != tensor.shape or value.dtype != tensor.dtype:
            found = "nothing" if value is None else f"{value.dtype} {list(value.shape)}"
            raise InputError(
                f"expected {tensor.dtype} {list(tensor.shape)} for input '{tensor.name}' of graph "
                f"'{self._graph.spec.name}'; got {found}. Feed what graph_specs() says."
            )
        image = self._graph.images.get(tensor.name)
        if image is not None and self._graph.normalisation == "host":
            return image.apply(value, on_npu=False)
        return value
