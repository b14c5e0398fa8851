"""Tables and files of a report."""

import csv
import io
import re

import pytest

from fartrack_sdk.benchmarks.accuracy.evaluate import evaluate
from fartrack_sdk.benchmarks.reporting import drawing
from fartrack_sdk.benchmarks.reporting.outputs import Outputs
from fartrack_sdk.benchmarks.reporting.table import Table, to_csv, to_html, to_markdown
from fartrack_sdk.errors import ConfigError, InputError, MissingDependencyError


@pytest.fixture
def table():
    rows = [["a|b", 0.12345, 7, None], ["<i>", 2.0, 8, True]]
    return Table("T", ["name", "x", "n", "flag"], rows, decimals={"x": 2}, note="below")


def test_markdown_escapes_bars_and_aligns_numbers(table):
    text = to_markdown([table])
    assert "| a\\|b | 0.12 | 7 | - |" in text
    assert "| --- | ---: | ---: |" in text


def test_csv_keeps_all_digits(table):
    rows = list(csv.reader(io.StringIO(to_csv([table]))))
    assert rows[0] == ["# T"]
    assert rows[2] == ["a|b", "0.12345", "7", ""]


def test_html_escapes(table):
    assert "<td>&lt;i&gt;</td>" in to_html(table)


def test_page_is_self_contained(plain_set, still, tmp_path):
    report = evaluate(plain_set, [still], out=tmp_path / "out", worst=1)
    Outputs(html=tmp_path / "r.html").write(report)
    page = (tmp_path / "r.html").read_text()
    assert page.count("data:image/svg+xml;base64,") == 2
    assert page.count("data:image/jpeg;base64,") == 1
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert "Convention plain" in page


def test_pictures_stay_out_of_the_json(plain_set, still, tmp_path):
    report = evaluate(plain_set, [still], out=tmp_path / "out")
    assert "sheets" not in report.model_dump_json()


def test_bad_outputs_are_refused_before_the_work(tmp_path):
    with pytest.raises(ConfigError, match=r"\.svg or \.png"):
        Outputs(plot=tmp_path / "a.pdf").check()
    with pytest.raises(InputError, match="create it first"):
        Outputs(csv=tmp_path / "no" / "a.csv").check()


def test_plots_without_matplotlib_name_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"fartrack-sdk\[bench\]"):
        drawing.require_matplotlib()
