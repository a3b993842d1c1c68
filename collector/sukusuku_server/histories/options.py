"""What command lines say about a file of readings: which columns, which scale, which time zone."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sukusuku_core.time import JAPAN
from sukusuku_server.histories import table
from sukusuku_server.histories.problems import HistoryError
from sukusuku_server.histories.series import Scale
from sukusuku_server.histories.table import Table

COLUMNS = f"""\
The first line of a file names its columns. Without --time and --value these are looked for:
  time       {", ".join(table.TIME)}
  level      {", ".join(table.LEVEL)} (percent); with --empty and --full: {", ".join(table.DISTANCE)}
Times are seconds since 1970 in UTC, or like 2025-04-01T09:30:00+09:00, 2025-04-01 09:30, 2025/4/1 9:30.
Files are UTF-8, UTF-16 or Shift_JIS (CP932), with commas, semicolons or tabs.
ファイルの1行目は列名です。時刻は UTC の秒、または上の形式で書きます。
文字コードは UTF-8・UTF-16・Shift_JIS のどれでも読めます。
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file of readings is to be read; see `add`."""

    time: str | None
    value: str | None
    scale: Scale | None
    zone: tzinfo
    only: dict[str, str]

    def table(self, path: Path) -> Table:
        """Return the rows of a file that are wanted. Raises HistoryError."""
        return table.read(path).only(self.only)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options of a file of readings."""
    parser.add_argument("--time", metavar="COLUMN", help="column of the times · 時刻の列")
    parser.add_argument("--value", metavar="COLUMN", help="column of the values · 値の列")
    parser.add_argument(
        "--empty", type=float, metavar="D", help="what the sensor reads above an empty bag · 袋が空のときの距離"
    )
    parser.add_argument(
        "--full", type=float, metavar="D", help="the same above a full bag, in the same unit · 満杯のときの距離"
    )
    parser.add_argument(
        "--time-zone",
        default="Asia/Tokyo",
        metavar="ZONE",
        help="of times that name none (default Asia/Tokyo) · 時差の指定がない時刻の時間帯（省略時は日本時間）",
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only rows with this value; may be repeated · この値の行だけを読む（複数指定可）",
    )


def layout(arguments: argparse.Namespace) -> Layout:
    """Return what `add`'s options say. Raises HistoryError."""
    if (arguments.empty is None) != (arguments.full is None):
        raise HistoryError("expected both --empty and --full, or neither; found one of them")
    scale = None if arguments.empty is None else Scale(arguments.empty, arguments.full)
    if scale is not None and scale.empty == scale.full:
        raise HistoryError(f"expected different values of --empty and --full, found {scale.empty:g} for both")
    return Layout(arguments.time, arguments.value, scale, _zone(arguments.time_zone), wanted(arguments.only))


def wanted(texts: Sequence[str]) -> dict[str, str]:
    """Return values by column, from texts like COLUMN=VALUE. Raises HistoryError."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise HistoryError(f"expected COLUMN=VALUE, found {text!r}")
        found[name.strip()] = value.strip()
    return found


def _zone(name: str) -> tzinfo:
    if name == "Asia/Tokyo":
        return JAPAN  # needs no database of time zones
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise HistoryError(
            f"--time-zone: expected a name such as Asia/Tokyo or Europe/Prague, found {name!r}; "
            "where all names are unknown, install tzdata"
        ) from error
