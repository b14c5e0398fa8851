"""What is installed, what it imports, and who imports whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parent.parent
MAPPED = ("runtimes", "exporters", "calibration", "benchmarks", "training")
HEAVY = ("torch", "onnx", "onnxruntime", "openvino", "acl", "matplotlib", "rich", "typer")
ALLOWED = {
    "core": set(),
    "runtimes": {"core"},
    "calibration": {"core", "runtimes"},
    "exporters": {"core", "runtimes", "calibration"},
    "benchmarks": {"core", "runtimes"},
    "training": {"core", "benchmarks"},
}
COMPOSITION_ROOTS = {"fartrack_sdk/loading.py"}


def python_folders():
    tops = ["fartrack_sdk", *(name for name in MAPPED if (ROOT / name).is_dir())]
    for top in tops:
        for init in sorted((ROOT / top).rglob("__init__.py")):
            yield init.parent.relative_to(ROOT)


def module_name(folder):
    parts = folder.parts if folder.parts[0] == "fartrack_sdk" else ("fartrack_sdk", *folder.parts)
    return ".".join(parts)


def test_every_folder_is_in_the_list_of_packages():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert sorted(settings["packages"]) == sorted(module_name(f) for f in python_folders())


def area(module):
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in MAPPED else "core"


def imports_of(path):
    """Absolute names of the package's own modules that a file imports."""
    package = module_name(path.parent.relative_to(ROOT)).split(".")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = ".".join([*base, node.module] if node.module else base)
            yield from (f"{target}.{alias.name}" for alias in node.names)


def sources():
    found = []
    for folder in python_folders():
        for path in sorted((ROOT / folder).glob("*.py")):
            relative = path.relative_to(ROOT).as_posix()
            if relative not in COMPOSITION_ROOTS:
                found.append(pytest.param(path, id=relative))
    return found


@pytest.mark.parametrize("path", sources())
def test_imports_follow_the_table(path):
    own = area(module_name(path.parent.relative_to(ROOT)))
    foreign = {area(name) for name in imports_of(path)} - {own}
    assert foreign <= ALLOWED[own]


def loaded_after(statement):
    code = f"{statement}; import sys; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import fartrack_sdk") == []


@pytest.mark.parametrize("command", ["convert", "track"])
def test_help_loads_nothing_heavy(command):
    loaded = loaded_after(f"import fartrack_sdk.cli.{command}")
    assert not set(loaded) & {"torch", "onnxruntime", "openvino", "matplotlib"}
