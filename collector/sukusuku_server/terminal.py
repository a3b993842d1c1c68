"""What people see in a terminal: tables and bars.

Elsewhere (a pipe, a file, a log) text stays plain, nothing is wrapped, and no bar is drawn. The one file that knows
rich. What peers send may not move the cursor or colour the terminal: see `printable`.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from sukusuku_core.text_table import printable

_ENDLESS = 100_000
"""Places of a line that nothing wraps."""


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Set rows of equal length below each other; the first is the head.

    A terminal gets cells that are wrapped to its width, all else one line a row.
    """
    console = Console()
    if not console.is_terminal:
        console.width = _ENDLESS
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    head, *others = ([Text(printable(cell)) for cell in row] for row in rows)
    for title in head:
        table.add_column(title, overflow="fold")
    for cells in others:
        table.add_row(*cells)
    with console.capture() as shown:
        console.print(table)
    return "\n".join(line.rstrip() for line in shown.get().splitlines())


class Listing:
    """A table whose rows come one by one, in columns of fixed places; what is longer pushes the rest aside."""

    def __init__(self, places: Sequence[int]) -> None:
        self._places = places
        self._console = Console()

    def row(self, cells: Sequence[str], style: str = "") -> str:
        """Set one line; `style` is a colour or `bold`, for a terminal."""
        line = " ".join(_padded(cell, places) for cell, places in zip(cells, self._places, strict=False)).rstrip()
        with self._console.capture() as shown:
            self._console.print(Text(line, style), soft_wrap=True, end="")
        return shown.get()


def _padded(cell: str, places: int) -> str:
    text = printable(cell)
    return text + " " * (places - cell_len(text))


class Bar:
    """A bar on standard error for what takes long. It is gone when the block ends."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", said="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._progress.stop()

    def show(self, done: float, whole: float, text: str = "", said: str = "") -> None:
        """Show `done` of `whole` with a `text` before the bar and what is `said` behind it. May be called often."""
        self._progress.update(self._task, completed=done, total=whole, description=text, said=said)
