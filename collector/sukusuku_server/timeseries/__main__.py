"""`sukusuku store check|migrate|move FACILITY.toml`: is the server of readings ready, and copies of readings."""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sukusuku_core import logs
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, PermanentError, SukusukuError, TransientError
from sukusuku_server import settings
from sukusuku_server.settings import Facility
from sukusuku_server.terminal import Bar
from sukusuku_server.timeseries import backends
from sukusuku_server.timeseries.influx.buckets import TRIES
from sukusuku_server.timeseries.influx.shipper import LAG_MS, Shipper
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.influx.writer import BusyError

PAUSE = 1.0
"""Seconds before a step that InfluxDB has refused is taken again."""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 all right, 1 something is not, 2 wrong settings."""
    arguments = parser().parse_args(argv)
    logs.begin(level=logging.WARNING)
    try:
        facility = settings.read(arguments.facility)
        if arguments.command == "move":
            return _move(facility)
        return _check(facility) if arguments.command == "check" else _migrate(facility, again=arguments.again)
    except TransientError as error:
        print(f"\nsukusuku store: {error}; the same command continues where it was interrupted", file=sys.stderr)
        return 1
    except SukusukuError as error:
        print(f"sukusuku store: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    except KeyboardInterrupt:
        print("\ninterrupted; the same command continues from here", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku store",
        description="Checks the server of [store.influx] or [store.postgres], and copies to InfluxDB what the SQLite "
        "file holds. [store.influx] または [store.postgres] のサーバーを確認し、"
        "SQLite の内容を InfluxDB へコピーします。",
        epilog="Exit status: 0 all right, 1 something is not, 2 wrong settings. "
        "終了コード：0 正常、1 問題あり、2 設定の誤り。",
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="server, version, buckets, rights; how far copying is · サーバー、バケット、権限、コピーの進み具合",
    )
    migrate = commands.add_parser(
        "migrate",
        help="copy everything while the collector is stopped; continues where it was interrupted · "
        "収集サーバーの停止中に全件コピー。中断しても続きから再開",
    )
    migrate.add_argument(
        "--again", action="store_true", help="also what was copied before · コピー済みのものも最初から"
    )
    move = commands.add_parser(
        "move",
        help="move readings into the groups that their sites are in now, while no collector runs · "
        "収集サーバーの停止中に、計測値を現在の [[group]] のスキーマへ移動",
    )
    for command in (check, migrate, move):
        command.add_argument(
            "facility", type=Path, metavar="FACILITY.toml", help="the operator's settings · 施設の設定"
        )
    return made


def _check(facility: Facility) -> int:
    status = 0
    for verdict in backends.examine(facility, now_ms()):
        print(f"{'ok    ' if verdict.good else 'wrong '} {verdict.text}")
        status = status if verdict.good else 1
    return status


def _move(facility: Facility) -> int:
    if facility.store.kind != "postgres":
        raise ConfigError(f"store.kind: found `{facility.store.kind}`; groups of sites are in `postgres` only")
    count = 0
    for what in backends.moved(facility):
        print(what)
        count += 1
    print(f"{count} moved")
    return 0


def _migrate(facility: Facility, *, again: bool) -> int:
    if facility.store.kind == "postgres":
        raise ConfigError("store.kind: found `postgres`; what SQLite holds is copied to InfluxDB only")
    path = Path(facility.store.path)
    if not path.exists():
        raise ConfigError(f"{path}: there is no such file; store.path tells which one is copied")
    try:
        store = InfluxStore.open(path)
    except PermanentError as error:
        raise PermanentError(f'{error}; or let it run with kind = "influx": it copies history by itself') from error
    try:
        shipper = Shipper(facility, store, now_ms)
        try:
            if again:
                store.begin_shipping(now_ms() - LAG_MS)
            _copy(shipper)
        finally:
            shipper.close()
    finally:
        store.close()
    print(f"{shipper.shipped} points copied")
    if shipper.refused:
        print(f"{shipper.refused} points were refused; the quarantine tells why")
    return 1 if shipper.refused else 0


def _copy(shipper: Shipper) -> None:
    """Step until everything is there, with a bar."""
    begin = shown = time.monotonic()
    with Bar() as bar:
        while _step(shipper) or not shipper.progress().done:
            now = time.monotonic()
            if now - shown >= 0.2:  # noqa: PLR2004 - often enough for an eye; asking costs
                shown = now
                rate = shipper.shipped / (now - begin)
                bar.show(shipper.progress().part, 1, said=f"{rate:,.0f} points/s")


def _step(shipper: Shipper) -> bool:
    """Take a step, and take it again as often as it needs to find points that are refused under any status.

    Raises TransientError when that does not help.
    """
    for _ in range(TRIES - 1):
        try:
            return shipper.step()
        except BusyError as error:
            if error.answer is None:
                raise
            time.sleep(PAUSE if error.wait is None else min(error.wait, PAUSE))
    return shipper.step()


if __name__ == "__main__":
    sys.exit(main())
