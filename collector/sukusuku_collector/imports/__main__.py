"""`sukusuku import FACILITY.toml ASSET FILE.csv`: a history from elsewhere into the store; `--undo N` takes it back."""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sukusuku_collector.imports import work
from sukusuku_collector.imports.kinds import KINDS, USUAL
from sukusuku_collector.imports.work import History
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_core.time import EARLIEST_READING, japan_time
from sukusuku_server import terminal
from sukusuku_server.db import Operations
from sukusuku_server.facility_document import places
from sukusuku_server.histories import cells, options, series, table
from sukusuku_server.histories.problems import CellError, HistoryError
from sukusuku_server.model.imports import Imported
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility
from sukusuku_server.terminal import Bar
from sukusuku_server.timeseries import backends
from sukusuku_server.timeseries.sql_store import SqlStore

DESCRIPTION = """\
Brings a history into the store of a unit (levels, cycles) or room (counts), and derives emptyings, forecasts and
figures of it. Stop the collector first: only one program may write to the store. Whatever is there already is refused.
Each import has a number; --undo takes exactly that one back.
他のシステムの記録（充填率、圧縮回数、人数）を取り込みます。先に収集サーバーを止めてください。
取り込みには番号が付き、--undo で取り消せます。
"""
EPILOG = f"""\
{options.COLUMNS}
  cycles     {", ".join(KINDS["cycles"].columns)} (total, whole numbers)
  children   {", ".join(KINDS["children"].columns)}
  people     {", ".join(KINDS["people"].columns)}

examples:
  sukusuku import facility.toml tobu-unit-1 levels.csv --dry-run
  sukusuku import facility.toml --list
  sukusuku import facility.toml --undo 3
Exit status: 0 done, 1 refused, 2 wrong files or options. 終了コード：0 正常、1 拒否、2 ファイルや指定の誤り。
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 1 refused, 2 wrong files or options."""
    arguments = parser().parse_args(argv)
    try:
        _run(arguments)
    except SukusukuError as error:
        print(f"sukusuku import: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    except KeyboardInterrupt:
        print("\ninterrupted; --list shows what is imported, the collector derives the rest", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku import",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("facility", type=Path, metavar="FACILITY.toml", help=places.ONE)
    made.add_argument("asset", nargs="?", metavar="ASSET", help="id of a unit or room · 圧縮機または部屋のID")
    made.add_argument("file", nargs="?", type=Path, metavar="FILE.csv", help="the history · 記録のファイル")
    made.add_argument(
        "--as",
        dest="kind",
        choices=tuple(KINDS),
        help="what it holds (default: level of a unit, children of a room) · 記録の内容",
    )
    options.add(made)
    made.add_argument("--from", dest="begin", metavar="TIME", help="only from then on · この日時から")
    made.add_argument("--to", dest="end", metavar="TIME", help="only before then · この日時の前まで")
    made.add_argument("--dry-run", action="store_true", help="store nothing, say what would be · 試すだけ")
    made.add_argument("--list", action="store_true", help="show all imports · 取り込みの一覧")
    made.add_argument("--undo", type=int, metavar="N", help="take import N back · 番号Nの取り込みを取り消す")
    return made


def _run(arguments: argparse.Namespace) -> None:
    facility = places.read(arguments.facility)
    if arguments.list or arguments.undo is not None:
        if arguments.asset is not None:
            raise HistoryError("expected --list or --undo alone; found a file to import as well")
        if arguments.list:
            _list(facility)
        else:
            _undo(facility, arguments.undo, dry=arguments.dry_run)
        return
    if arguments.file is None:
        raise HistoryError("expected ASSET and FILE.csv, or --list, or --undo N")
    history = _read(arguments, facility)
    with _opened(facility) as (store, operations):
        work.check(store, history)
        if arguments.dry_run:
            print("would be imported; nothing was stored")
            return
        number = work.keep(store, history, now_ms())
        print(f"import {number}: {len(history.values)} readings of {history.asset}, {history.kind.metric}")
        _derive(facility, store, operations)
    print(f"take it back with: sukusuku import {arguments.facility} --undo {number}")


def _read(arguments: argparse.Namespace, facility: Facility) -> History:
    kinds = {asset.id: asset.kind for asset in facility.assets()}
    if arguments.asset not in kinds:
        raise HistoryError(f"{arguments.facility}: there is no {arguments.asset}; there are {', '.join(sorted(kinds))}")
    name = arguments.kind or USUAL[kinds[arguments.asset]]
    kind = KINDS[name]
    if kind.asset is not kinds[arguments.asset]:
        allowed = ", ".join(name for name, other in KINDS.items() if other.asset is kinds[arguments.asset])
        raise HistoryError(f"--as: {arguments.asset} is a {kinds[arguments.asset]}; expected {allowed}, found {name}")
    layout = options.layout(arguments)
    rows = layout.table(arguments.file)
    columns = kind.columns if layout.scale is None else table.DISTANCE
    place = rows.column(layout.value, columns, "--value")
    read = series.series(rows, layout.zone, layout.time, place, lambda cell: kind.read(cell, layout.scale))
    for line in series.told(str(arguments.file), read):
        print(line)
    begin, end = (_moment(text, layout) for text in (arguments.begin, arguments.end))
    values = tuple(
        (time, value) for time, value in read.values if (begin is None or time >= begin) and (end is None or time < end)
    )
    kept = tuple(item for item in values if EARLIEST_READING <= item[0] <= now_ms())
    if len(kept) < len(values):
        print(f"{len(values) - len(kept)} rows before 2020 or in the future are left out: the store keeps none such")
    if not kept:
        raise HistoryError(f"{arguments.file}: expected readings between --from and --to, since 2020; found none")
    first, last = (f"{japan_time(kept[place][0]):%Y-%m-%d %H:%M}" for place in (0, -1))
    print(f"{len(kept)} readings of {arguments.asset}, {kind.metric}, from {first} to {last} (Japan time)")
    return History(arguments.asset, kind, arguments.file.name, kept)


def _moment(text: str | None, layout: options.Layout) -> int | None:
    try:
        return None if text is None else cells.moment(text, layout.zone)
    except CellError as error:
        raise HistoryError(f"--from, --to: expected {error}, found {text!r}") from error


@contextlib.contextmanager
def _opened(facility: Facility) -> Iterator[tuple[SqlStore, Operations]]:
    """Open store and operations data for writing. Raises PermanentError while a collector runs."""
    if facility.group:
        raise HistoryError("group: found groups of sites; histories are imported before an operator is divided")
    store = backends.open_writer(facility)
    try:
        operations = Operations(facility.operations.address)
        try:
            yield store, operations
        finally:
            operations.close()
    finally:
        store.close()


def _derive(facility: Facility, store: SqlStore, operations: Operations) -> None:
    with Bar() as bar:
        index = FacilitySchedules(facility)
        work.derive(index, store, operations, now_ms, lambda done, whole: bar.show(done, whole, "deriving"))
    print("derived up to the present")


def _undo(facility: Facility, number: int, *, dry: bool) -> None:
    with _opened(facility) as (store, operations):
        if dry:
            print("\n".join(_lines([item for item in store.imports() if item.number == number])))
            print("would be taken back; nothing was changed")
            return
        gone = work.take_back(store, operations, number, now_ms())
        print(f"import {number} is taken back: {gone.readings} readings of {gone.what.asset}, {gone.what.metric}")
        _derive(facility, store, operations)


def _list(facility: Facility) -> None:
    store = backends.open_reader(facility)
    try:
        found = store.imports()
    finally:
        store.close()
    print("\n".join(_lines(found)))


def _lines(imports: Sequence[Imported]) -> Iterator[str]:
    head = ("number", "asset", "metric", "readings", "from", "to", "file", "imported", "taken back")
    rows = [head, *(_row(item) for item in imports)]
    yield terminal.columns(rows) if imports else "there are no imports"


def _row(item: Imported) -> tuple[str, ...]:
    first, last, time = (f"{japan_time(moment):%Y-%m-%d %H:%M}" for moment in (item.first, item.last, item.time))
    undone = "" if item.undone is None else f"{japan_time(item.undone):%Y-%m-%d %H:%M}"
    what = item.what
    return (str(item.number), what.asset, what.metric, str(item.readings), first, last, what.source, time, undone)


if __name__ == "__main__":
    sys.exit(main())
