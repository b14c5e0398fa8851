"""A strict fake of CANN's ``acl`` module: fails where a device would fail, crash or leak.

``FakeBoard().acl`` is a module object for ``sys.modules["acl"]``. Behind it ONNX Runtime
computes the graph inside a fake ``.om`` (see `om`), with AIPP emulated. What would be
undefined behaviour on a device raises `FakeAclViolation` and is recorded in
``board.violations``, so that no ``except`` can hide it; ``board.leaks()`` lists what is
still alive. It imitates documentation, not hardware: nothing here was compared with a board.
"""

from .board import FakeBoard, installed
from .violations import FakeAclViolation

__all__ = ["FakeAclViolation", "FakeBoard", "installed"]
