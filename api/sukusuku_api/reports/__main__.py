"""`sukusuku report month YYYY-MM | year YYYY FACILITY.toml`: writes reports on the use of rooms into files."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sukusuku_api.reports import period
from sukusuku_api.reports.generate import WRITERS, asked, make
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_server import settings
from sukusuku_server.db import Operations
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.terminal import Bar
from sukusuku_server.timeseries import backends

_PERIODS = {"month": period.month, "year": period.fiscal_year}


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 1 cannot, 2 wrong settings or arguments."""
    arguments = parser().parse_args(argv)
    try:
        for path in _write(arguments):
            print(path)
    except SukusukuError as error:
        print(f"sukusuku report: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    except OSError as error:
        print(f"sukusuku report: {arguments.out}: cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _write(arguments: argparse.Namespace) -> list[Path]:
    wanted = asked(
        _PERIODS[arguments.kind](arguments.period),
        arguments.site,
        arguments.lang,
        outward=not arguments.internal,
    )
    facility = settings.read(arguments.facility)
    store = backends.open_reader(facility.store)
    try:
        operations = Operations(facility.operations.url)
        try:
            with Bar() as bar:
                made = make(FacilitySchedules(facility), store, operations, wanted, now_ms(), bar.show)
        finally:
            operations.close()
    finally:
        store.close()
    arguments.out.mkdir(parents=True, exist_ok=True)
    paths = []
    for ending in arguments.format:
        path = arguments.out / f"{made.key}.{ending}"
        path.write_bytes(WRITERS[ending](made))
        paths.append(path)
    return paths


def _formats(text: str) -> list[str]:
    found = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in found if part not in WRITERS]
    if wrong or not found:
        raise argparse.ArgumentTypeError(f"allowed: {', '.join(WRITERS)}; found {text!r}")
    return found


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    words = "Reports on the use of rooms: visits, child-hours, utilisation, completeness. "
    made = argparse.ArgumentParser(
        prog="sukusuku report",
        description=words + "部屋の利用状況（延べ人数・延べ利用時間・利用率・データ充足率）の報告書を作成します。",
    )
    kinds_ = made.add_subparsers(dest="kind", required=True, metavar="month|year")
    for kind, example, help_ in (
        ("month", "YYYY-MM", "one month · 月報"),
        ("year", "YYYY", "the fiscal year from April of YYYY · 年度報（YYYY年4月から翌年3月）"),
    ):
        sub = kinds_.add_parser(kind, help=help_, description=help_)
        sub.add_argument("period", metavar=example)
        sub.add_argument("facility", type=Path, metavar="FACILITY.toml", help="the operator's settings · 施設の設定")
        sub.add_argument("--site", metavar="ID", help="only this centre · このセンターのみ")
        sub.add_argument(
            "--format",
            type=_formats,
            default=list(WRITERS),
            metavar="xlsx,pdf,csv",
            help="default: all three · 省略時：3種類すべて",
        )
        sub.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="default: here · 出力先フォルダー")
        sub.add_argument("--lang", choices=("ja", "en"), default="ja", help="language of the report · 言語")
        sub.add_argument(
            "--internal",
            action="store_true",
            help="for staff only: small counts are not withheld · 職員用（5人未満の数も表示）",
        )
    return made


if __name__ == "__main__":
    sys.exit(main())
