"""`sukusuku report month YYYY-MM | year YYYY FACILITY.toml`: writes the reports on rooms and collection into files."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sukusuku_api.reports import period
from sukusuku_api.reports.generate import WRITERS, asked, make
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_server.db import Operations
from sukusuku_server.facility_document import places
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility
from sukusuku_server.terminal import Bar
from sukusuku_server.timeseries import backends

_PERIODS = {"month": period.month, "year": period.fiscal_year}
_ABOUT = """\
Reports of a month or fiscal year · 月報・年度報を作成します
  collection  weight by day against the ward's limit, visits, fill level at
              emptying, distance, CO₂, cost, forecasts
              回収：日ごとの重さと区の上限、回収の結果、袋の交換時の充填率、走行距離・CO₂・費用、予測の成績
  rooms       child-visits, child-hours, utilisation, completeness
              一時保育室：延べ人数・延べ利用時間・利用率・データ充足率
"""
_EXAMPLES = """\
examples · 例:
  sukusuku report month 2026-11 facility.toml
      both reports of November 2026, each as .xlsx, .pdf and .zip, into this folder
      2026年11月の「回収」と「一時保育室」の報告書を、それぞれ3種類のファイルで作成します
  sukusuku report month 2026-11 facility.toml --about collection --format pdf --site tobu
      the report on collection of one centre, for printing
      センター1か所分の回収の報告書（印刷用）
  sukusuku report year 2026 facility.toml --out reports
      April 2026 to March 2027; a year that is not over says until when it tells
      2026年度（2026年4月〜2027年3月）。年度の途中でも作成でき、いつまでの数値かを記載します

files · ファイル:
  .xlsx  a sheet for each table, totals and shares as formulas · 表ごとのシート。合計と割合は計算式です
  .pdf   for printing and publishing, tagged for screen readers · 印刷・公開用（読み上げに対応）
  .zip   one CSV file for each table (UTF-8, ISO dates) for programs · 表ごとのCSV（集計・取り込み用）

Nothing is changed, and nothing is numbered: a report that is handed in is issued on the page "Reports".
データは変更しません。提出する報告書は、画面の「報告書」で発行してください（番号が付き、保存されます）。
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 1 cannot, 2 wrong settings or arguments. Without 0 no file is written."""
    arguments = parser().parse_args(argv)
    try:
        contents = list(_contents(arguments))
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name, content in contents:
            path = arguments.out / name
            path.write_bytes(content)
            print(path)
    except SukusukuError as error:
        print(f"sukusuku report: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    except OSError as error:
        print(f"sukusuku report: {arguments.out}: cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _contents(arguments: argparse.Namespace) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file."""
    wanted_period = _PERIODS[arguments.kind](arguments.period)
    facility = places.read(arguments.facility)
    store = backends.open_reader(facility)
    try:
        operations = Operations(facility.operations.address)
        try:
            for kind in arguments.about or _there(facility):
                outward = not arguments.internal
                wanted = asked(kind, wanted_period, arguments.site, arguments.lang, outward=outward)
                with Bar() as bar:
                    made = make(FacilitySchedules(facility), store, operations, wanted, now_ms(), bar.show)
                if made.empty:
                    print(f"sukusuku report: {made.key}: there is no data of {wanted_period.key}", file=sys.stderr)
                for ending in arguments.format:
                    yield f"{made.key}.{ending}", WRITERS[ending](made)
        finally:
            operations.close()
    finally:
        store.close()


def _there(facility: Facility) -> list[ReportKind]:
    """Return the reports of which the settings have something."""
    units, rooms = any(site.unit for site in facility.site), any(site.room for site in facility.site)
    return [kind for kind, there in ((ReportKind.COLLECTION, units), (ReportKind.ROOMS, rooms)) if there]


def _listed(allowed: Sequence[str], text: str) -> list[str]:
    found = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in found if part not in allowed]
    if wrong or not found:
        raise argparse.ArgumentTypeError(f"allowed: {', '.join(allowed)}; found {text!r}")
    return found


def _formats(text: str) -> list[str]:
    return _listed(list(WRITERS), text)


def _kinds(text: str) -> list[ReportKind]:
    return [ReportKind(part) for part in _listed(list(ReportKind), text)]


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku report",
        description=_ABOUT,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds_ = made.add_subparsers(dest="kind", required=True, metavar="month|year")
    for kind, example, help_ in (
        ("month", "YYYY-MM", "one month · 月報"),
        ("year", "YYYY", "the fiscal year from April of YYYY · 年度報（YYYY年4月から翌年3月）"),
    ):
        sub = kinds_.add_parser(
            kind,
            help=help_,
            description=help_,
            epilog=_EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument("period", metavar=example)
        sub.add_argument("facility", type=Path, metavar="FACILITY.toml", help=places.ONE)
        sub.add_argument(
            "--about",
            type=_kinds,
            metavar="collection,rooms",
            help="default: both, as far as the settings have units and rooms · 省略時：両方",
        )
        sub.add_argument("--site", metavar="ID", help="only this centre · このセンターのみ")
        sub.add_argument(
            "--format",
            type=_formats,
            default=list(WRITERS),
            metavar=",".join(WRITERS),
            help="default: all three · 省略時：3種類すべて",
        )
        sub.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="default: here · 出力先フォルダー")
        sub.add_argument("--lang", choices=("ja", "en"), default="ja", help="language of the report · 言語")
        sub.add_argument(
            "--internal",
            action="store_true",
            help="for staff only: small counts of children are not withheld · 職員用（5人未満の数も表示）",
        )
    return made


if __name__ == "__main__":
    sys.exit(main())
