"""One table, written four ways."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table as RichTable

Cell = str | int | float | bool | None
LONG = 60
"""Characters from which a text is broken into lines."""


@dataclass
class Table:
    """Rows under named columns.

    Attributes:
        title: what the table shows, with units where columns have none.
        columns: headings.
        rows: cells; None is an empty cell.
        digits: decimals of floats on screen; CSV keeps all.
        decimals: the same for single columns.
        note: one line below.
        detail: only for files, too long for the screen.
    """

    title: str
    columns: Sequence[str]
    rows: list[list[Cell]] = field(default_factory=list)
    digits: int = 3
    decimals: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    detail: bool = False

    def text(self, cell: Cell, column: int) -> str:
        """A cell as people read it."""
        if cell is None:
            return "-"
        if isinstance(cell, bool):
            return "yes" if cell else "no"
        if isinstance(cell, float):
            return f"{cell:.{self.decimals.get(self.columns[column], self.digits)}f}"
        return str(cell)

    def is_numeric(self, column: int) -> bool:
        """Whether a column is set to the right."""
        cells = [row[column] for row in self.rows if row[column] is not None]
        return bool(cells) and all(isinstance(c, int | float) for c in cells)


def to_rich(table: Table) -> RichTable:
    """For the terminal."""
    from rich.markup import escape
    from rich.table import Table as RichTable

    drawn = RichTable(
        title=escape(table.title),
        caption=escape(table.note) or None,
        title_justify="left",
        caption_justify="left",
    )
    for i, name in enumerate(table.columns):
        right = table.is_numeric(i)
        drawn.add_column(
            escape(name), justify="right" if right else "left", no_wrap=right, overflow="fold"
        )
    for row in table.rows:
        drawn.add_row(*(escape(table.text(cell, i)) for i, cell in enumerate(row)))
    return drawn


def to_markdown(tables: Iterable[Table]) -> str:
    """For a README or an issue."""
    return "\n\n".join(_markdown(table) for table in tables) + "\n"


def _markdown(table: Table) -> str:
    rule = ["---:" if table.is_numeric(i) else "---" for i in range(len(table.columns))]
    rows = [
        [table.text(c, i).replace("|", "\\|").replace("\n", " ") for i, c in enumerate(row)]
        for row in table.rows
    ]
    lines = [f"| {' | '.join(cells)} |" for cells in (list(table.columns), rule, *rows)]
    note = f"\n\n{table.note}" if table.note else ""
    return f"**{table.title}**\n\n" + "\n".join(lines) + note


def to_csv(tables: Iterable[Table]) -> str:
    """For a spreadsheet: one table after the other, titles as comments."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for i, table in enumerate(tables):
        out.write(("\n" if i else "") + f"# {table.title}\n")
        writer.writerow(table.columns)
        writer.writerows(["" if c is None else c for c in row] for row in table.rows)
    return out.getvalue()


def to_html(table: Table) -> str:
    """A section of a page."""
    head = "".join(
        f"<th{_side(table, i)}>{html.escape(c)}</th>" for i, c in enumerate(table.columns)
    )
    body = "".join(_html_row(table, row) for row in table.rows)
    note = f'<p class="note">{html.escape(table.note)}</p>' if table.note else ""
    return (
        f'<h2>{html.escape(table.title)}</h2>\n<div class="scroll"><table><thead><tr>{head}'
        f"</tr></thead>\n<tbody>{body}</tbody></table></div>{note}\n"
    )


def _html_row(table: Table, row: Sequence[Cell]) -> str:
    cells = (
        f"<td{_side(table, i, cell)}>{html.escape(table.text(cell, i))}</td>"
        for i, cell in enumerate(row)
    )
    return f"<tr>{''.join(cells)}</tr>\n"


def _side(table: Table, column: int, cell: Cell = None) -> str:
    """The class of a cell: numbers to the right, long texts may break."""
    if table.is_numeric(column):
        return ' class="n"'
    return ' class="long"' if len(str(cell)) > LONG else ""
