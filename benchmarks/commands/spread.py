"""Options that belong together, written once: a dataclass becomes several parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_type_hints


def spread(function: Callable[..., None]) -> Callable[..., None]:
    """Make a Typer command of a function whose parameters may be dataclasses of options.

    Every field of such a dataclass becomes an option of its own; the function gets the
    dataclass. Fields carry Typer's annotations, as parameters do.

    Args:
        function: with options as keyword-only parameters.

    Returns:
        A function with the options spread out, for ``app.command()``.
    """
    hints = get_type_hints(function, include_extras=True)
    groups: dict[str, Any] = {n: kind for n, kind in hints.items() if is_dataclass(kind)}

    def command(**values: Any) -> None:
        """Gather the options and run."""
        for name, group in groups.items():
            own = {f.name: values.pop(f.name) for f in fields(group)}
            values[name] = group(**own)
        function(**values)

    parameters = _spread_parameters(function, hints, groups)
    command.__name__, command.__doc__ = function.__name__, function.__doc__
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


def _spread_parameters(
    function: Callable[..., None], hints: dict[str, Any], groups: dict[str, Any]
) -> list[inspect.Parameter]:
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in groups:
            found.append(_parameter(name, hints[name], parameter.default))
            continue
        own = get_type_hints(groups[name], include_extras=True)
        found += [_parameter(f.name, own[f.name], _default(f)) for f in fields(groups[name])]
    return found


def _parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def _default(field: Field[Any]) -> Any:
    return inspect.Parameter.empty if field.default is MISSING else field.default
