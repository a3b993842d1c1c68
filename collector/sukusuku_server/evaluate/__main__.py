"""`sukusuku evaluate LEVELS.csv`: what the product would have made of last year's readings."""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sukusuku_core.errors import SukusukuError
from sukusuku_core.time import japan_time
from sukusuku_server import i18n
from sukusuku_server.evaluate.evaluation import Evaluation, evaluate, marks
from sukusuku_server.evaluate.verdict import verdict
from sukusuku_server.histories import emptyings, options, series
from sukusuku_server.histories import table as tables
from sukusuku_server.histories.problems import HistoryError
from sukusuku_server.histories.series import Series
from sukusuku_server.model.collection import Method
from sukusuku_server.terminal import Bar
from sukusuku_server.units.evaluation.truth import Label

_METHODS = {
    Method.MODEL: "forecast",
    Method.LINEAR_24H: "rule: trend of the last 24 hours",
    Method.LAST_WEEK: "rule: same hours last week",
}

DESCRIPTION = """\
Shows what Sukusuku would have made of a history of levels: emptyings, forecasts, and a verdict in words.
Nothing is stored. Try it on last year's readings before you buy a sensor.
過去の充填率の計測値から、袋の交換の検出と満杯の予測がどれだけ当たるかを示します。データは保存しません。
"""
EPILOG = f"""\
{options.COLUMNS}
--emptied names a file with the emptyings that truly were: a moment each, in a column
{", ".join(emptyings.EMPTIED)},
or the readings around it ({emptyings.AFTER[0]} and {emptyings.BEFORE[0]}).
A column kind with "doubtful" marks those that count neither way.
--emptied には実際の袋の交換の日時を書いたファイルを指定します。

example: sukusuku evaluate levels.csv --value distance_cm --empty 90 --full 15 --emptied changes.csv
Exit status: 0 done, 2 the files cannot be read. 終了コード：0 正常、2 ファイルが読めない。
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 2 wrong files or options."""
    arguments = parser().parse_args(argv)
    try:
        _run(arguments)
    except SukusukuError as error:
        print(f"sukusuku evaluate: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"sukusuku evaluate: {arguments.out}: cannot be written: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; nothing was stored", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku evaluate",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("levels", type=Path, metavar="LEVELS.csv", help="levels over time · 充填率の記録")
    made.add_argument("--emptied", type=Path, metavar="LABELS.csv", help="true emptyings · 実際の袋の交換の記録")
    made.add_argument("--emptied-time", metavar="COLUMN", help="column of their times · その日時の列")
    made.add_argument(
        "--emptied-only", action="append", default=[], metavar="COLUMN=VALUE", help="only these rows · この値の行だけ"
    )
    options.add(made)
    made.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="for the pictures (PNG) and the list of emptyings (CSV); default: here · 画像と一覧の出力先",
    )
    made.add_argument("--lang", choices=("ja", "en"), default="ja", help="of the pictures · 画像の言語")
    return made


def _run(arguments: argparse.Namespace) -> None:
    layout = options.layout(arguments)
    read = series.levels(layout.table(arguments.levels), layout.zone, layout.time, layout.value, layout.scale)
    if len(read.values) < 2:  # noqa: PLR2004 - no time passes in one
        raise HistoryError(f"{arguments.levels}: expected at least two levels at different times, found one")
    labels = None if arguments.emptied is None else _labels(arguments, layout, read)
    _say(_read_lines(arguments.levels, read))
    with Bar() as bar:
        found = evaluate(
            arguments.levels.stem, read.values, labels, lambda done, whole: bar.show(done, whole, "deriving")
        )
    _say(_figures(found))
    for language in ("ja", "en"):
        print()
        texts = i18n.texts("sukusuku_server", language)
        _say(sentence.told(texts) for sentence in verdict(found))
    print()
    _say(_written(found, arguments))


def _labels(arguments: argparse.Namespace, layout: options.Layout, read: Series) -> tuple[Label, ...]:
    moments = [time for time, _ in read.values]
    found = emptyings.labels(
        tables.read(arguments.emptied).only(options.wanted(arguments.emptied_only)),
        layout.zone,
        arguments.emptied_time,
        moments,
    )
    _say(series.left_out(str(arguments.emptied), found.bad))
    inside = tuple(label for label in found.labels if label.before > moments[0] and label.after < moments[-1])
    if len(inside) < len(found.labels):
        print(f"{arguments.emptied}: {len(found.labels) - len(inside)} emptyings outside the history are not compared")
    return inside


def _read_lines(path: Path, read: Series) -> Iterator[str]:
    begin, end = (f"{japan_time(read.values[place][0]):%Y-%m-%d %H:%M}" for place in (0, -1))
    yield f"{path}: {len(read.values)} levels from {begin} to {end} (Japan time)"
    yield from series.told(str(path), read)


def _figures(evaluation: Evaluation) -> Iterator[str]:
    yield f"{evaluation.days:.0f} days, a reading every {evaluation.pace:.0f} minutes (median)"
    yield f"emptyings found: {len(evaluation.emptyings)}"
    if evaluation.tally is not None:
        told = evaluation.tally
        yield f"  of {told.true} true ones {told.found} ({told.share:.1%}); false {told.false} ({told.wrong:.1%})"
    else:
        yield "  no --emptied: what follows takes them for true"
    yield "error of the time at which a bag is full, mean:" + ("" if evaluation.scores else " no bag could be judged")
    for line in evaluation.scores:
        error = "no figure" if line.error is None else f"{line.error:.1f} h"
        yield f"  {_METHODS[line.method]}: {error} ({line.compared} forecasts)"
    if evaluation.inside is not None:
        watched = evaluation.watched
        yield f"80 % range: {evaluation.inside:.1%} by all that came in, {watched.inside:.1%} by what was seen"
        yield f"  ({watched.judged - watched.censored} seen full, {watched.censored} emptied before)"
    yield f"hours called 85 % full and more: {evaluation.called:.0f}, of them {evaluation.low:.0f} at 40 % or less"


def _written(evaluation: Evaluation, arguments: argparse.Namespace) -> Iterator[str]:
    """Write the list of emptyings and the pictures; yield their paths."""
    from sukusuku_server.evaluate import plots  # noqa: PLC0415 - its libraries take a second

    arguments.out.mkdir(parents=True, exist_ok=True)
    texts, name = i18n.texts("sukusuku_server", arguments.lang), arguments.levels.stem
    path = arguments.out / f"{name}-emptyings.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(("time", "percent", "verdict"))
        table.writerows(
            (
                japan_time(item.time).isoformat(timespec="seconds"),
                "" if item.percent is None else f"{item.percent:.0f}",
                item.mark,
            )
            for item in marks(evaluation)
        )
    yield str(path)
    for what, draw in (("levels", plots.levels_png), ("forecasts", plots.forecasts_png)):
        path = arguments.out / f"{name}-{what}.png"
        path.write_bytes(draw(evaluation, name, texts))
        yield str(path)


def _say(lines: Iterator[str]) -> None:
    for line in lines:
        print(line)


if __name__ == "__main__":
    sys.exit(main())
