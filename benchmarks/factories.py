"""Trackers of one's own, named on the command line."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from ..errors import ConfigError


def load_factory(text: str) -> Callable[[], Any]:
    """The callable that ``module:name`` or ``file.py:name`` stands for.

    Raises:
        ConfigError: it is not there.
    """
    place, _, name = text.rpartition(":")
    if not place or not name:
        raise ConfigError(f"expected --factory module:callable or file.py:callable; got {text!r}.")
    try:
        module = _from_file(place) if place.endswith(".py") else importlib.import_module(place)
        return cast(Callable[[], Any], getattr(module, name))
    except (ImportError, AttributeError, OSError, ValueError) as error:
        raise ConfigError(
            f"expected module:callable or file.py:callable; {text!r} cannot be loaded: {error}"
        ) from error


def _from_file(path: str) -> ModuleType:
    key = path.encode() + Path(path).read_bytes()
    name = f"fartrack_bench_{hashlib.sha256(key).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
