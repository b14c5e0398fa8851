"""Run configurations from TOML, JSON or YAML files, with overrides."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..config import configured
from ..errors import ConfigError, MissingDependencyError
from .config import RunConfig


def read_run(path: Path, overrides: Iterable[str] = ()) -> RunConfig:
    """A run from a file.

    Args:
        path: ``.toml``, ``.json``, ``.yaml`` or ``.yml``; paths in it are relative to
            the working folder.
        overrides: ``name=value``; dots reach inside (``stages.0.rate=1e-4``), values are
            read as JSON where they can be.

    Raises:
        ConfigError: the file or an override cannot be understood.
    """
    if not path.is_file():
        raise ConfigError(f"expected a run file; {path} is none. See the recipes in the docs.")
    fields = _parsed(path)
    for override in overrides:
        _apply(fields, override)
    return configured(RunConfig, **fields)


def _parsed(path: Path) -> dict[str, Any]:
    text = path.read_text()
    try:
        fields = _PARSERS[path.suffix](text)
    except KeyError:
        known = ", ".join(_PARSERS)
        raise ConfigError(f"expected a run file ending in {known}; got {path}.") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{path}: expected names and values at the top.")
    return fields


def _toml(text: str) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib.loads(text)
    raise ConfigError("TOML run files need Python 3.11 or later; use JSON instead.")


def _yaml(text: str) -> Any:
    try:
        import yaml  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise MissingDependencyError("pyyaml", "train", "to read YAML run files") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(str(error)) from error


_PARSERS: dict[str, Callable[[str], Any]] = {
    ".toml": _toml,
    ".json": json.loads,
    ".yaml": _yaml,
    ".yml": _yaml,
}


def _apply(fields: dict[str, Any], override: str) -> None:
    name, equals, text = override.partition("=")
    if not equals or not name:
        raise ConfigError(f"expected an override name=value; got {override!r}.")
    *parents, last = name.split(".")
    target: Any = fields
    for step in parents:
        target = _inside(target, step, override)
    _assign(target, last, _value(text), override)


def _inside(target: Any, step: str, override: str) -> Any:
    if isinstance(target, list):
        return target[_index(target, step, override)]
    return target.setdefault(step, {})


def _assign(target: Any, step: str, value: Any, override: str) -> None:
    if isinstance(target, list):
        target[_index(target, step, override)] = value
    elif isinstance(target, dict):
        target[step] = value
    else:
        raise ConfigError(f"{override!r}: there is nothing called '{step}' to set.")


def _index(target: list[Any], step: str, override: str) -> int:
    if not step.isdigit() or int(step) >= len(target):
        raise ConfigError(f"{override!r}: expected an index below {len(target)}; got '{step}'.")
    return int(step)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
