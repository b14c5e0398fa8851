"""Everything a runtime holds on the device, released as one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack

from ...errors import ConfigError
from ...runtime import Feeds, Outputs, closed
from .device import Device
from .graph import AscendGraph
from .loaded import Execution, LoadedModel


class AscendSession:
    """Loaded graphs on one context and stream; passes are serialised.

    Args:
        device: is closed with the session, also if this constructor fails.
        graphs: graph name to its ``.om`` and border.
        zero_copy: whether to write and read device memory through views.
        execution: ``async`` or ``sync``.

    Raises:
        AclError, ArtifactError: nothing is left behind.
    """

    def __init__(
        self,
        device: Device,
        graphs: Mapping[str, AscendGraph],
        zero_copy: bool,
        execution: Execution,
    ) -> None:
        self._device = device
        self._lock = threading.Lock()
        self.models: dict[str, LoadedModel] = {}
        with device.entered(), ExitStack() as undo:
            for name, graph in graphs.items():
                self.models[name] = LoadedModel(device, graph, zero_copy, execution)
                undo.callback(self.models[name].close)
            undo.pop_all()

    def run(self, graph: str, feeds: Feeds) -> Outputs:
        """As of `AscendRuntime.run`."""
        with self._lock:
            if not self.models:
                raise closed("ascend")
            if graph not in self.models:
                known = ", ".join(self.models)
                raise ConfigError(f"expected a graph of {known}; got {graph!r}.")
            with self._device.entered():
                return self.models[graph].run(feeds)

    def close(self) -> None:
        """Unload and release everything on the device; twice is fine."""
        with self._lock:
            models, self.models = self.models, {}
            if not models or self._device.foreign:
                return
            acl = self._device.acl
            with ExitStack() as stack:
                stack.callback(self._device.close)
                stack.enter_context(self._device.entered_for_release())
                for model in models.values():
                    stack.callback(model.close)
                stack.callback(acl.release, "rt.synchronize_stream", self._device.stream)
