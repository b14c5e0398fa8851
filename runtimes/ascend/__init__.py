"""Ascend 310B through CANN's ``acl`` module. Written from documentation; not run on hardware."""

from .aipp import StaticAipp
from .errors import AclError, AclModelError
from .graph import AscendGraph
from .process import shutdown
from .runtime import AscendRuntime

__all__ = [
    "AclError",
    "AclModelError",
    "AscendGraph",
    "AscendRuntime",
    "StaticAipp",
    "shutdown",
]
