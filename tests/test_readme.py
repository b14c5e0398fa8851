"""The README's Python runs as it is printed."""

import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


def test_the_readme_shows_python():
    assert BLOCKS


@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: code.strip().splitlines()[-1][:40])
def test_readme_code_runs(code, tmp_path, monkeypatch, capsys):
    shutil.copy(str(files("fartrack_sdk.assets") / "demo.mp4"), tmp_path / "video.mp4")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert "TRACKING" in capsys.readouterr().out
