"""`python -m sukusuku_sim SCENARIO.toml [--truth FILE]`, and `python -m sukusuku_sim load`."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from sukusuku_core import logs
from sukusuku_core.ending import outcome
from sukusuku_core.errors import ConfigError
from sukusuku_sim import scenario, service
from sukusuku_sim.load.__main__ import main as load
from sukusuku_sim.world import Standing

DESCRIPTION = """\
Simulates nappy units and childcare rooms: real Modbus TCP servers and MQTT sensors, moved by a scenario.
シナリオに従って、おむつ圧縮機と一時保育室を実際のModbus TCPサーバーとMQTTセンサーとして模擬します。
"""
EPILOG = """\
`sukusuku sim load --help`: many edge nodes, to size a server / 多数のノードによる負荷試験

Scenarios in sukusuku_sim/scenarios / 同梱のシナリオ:
  demo.toml   two centres, as `sukusuku demo` plays them / デモ用の2センター
  field.toml  units as the field has them / 現場で見られる圧縮機のふるまい
  doors.toml  rooms whose sensors do not see everybody: another door, children carried in,
              a gate propped open for hours, a motion sensor (PIR)
              数えもれのある部屋: 別の出入口、抱っこでの入室、開けたままの扉、人感センサー
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the simulator. Returns the exit status: 0, or 2 when the scenario is wrong or a port is taken."""
    given = sys.argv[1:] if argv is None else list(argv)
    if given[:1] == ["load"]:
        return load(given[1:])
    arguments = parser().parse_args(given)
    logs.begin()
    # pymodbus tells of every listen and failed listen; our own lines say it with the devices' names.
    logging.getLogger("pymodbus").setLevel(logging.ERROR)
    try:
        asyncio.run(_run(arguments))
    except ConfigError as error:
        print(f"sukusuku sim: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku sim",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("scenario", type=Path, help="scenario file (TOML) / シナリオファイル")
    made.add_argument(
        "--truth",
        type=Path,
        default=Path(os.devnull),
        metavar="FILE",
        help="keep what really happened, JSON lines (default: not kept) / 真値の記録（省略時は残しません）",
    )
    made.add_argument(
        "--standing",
        type=Path,
        metavar="FILE",
        help="continue from how the assets are in this file, as `sukusuku demo` writes it (default: the start of the "
        "scenario) / この状態から続ける（省略時はシナリオの開始時点から）",
    )
    made.add_argument("--duration", type=float, metavar="S", help="end after S seconds / S秒で終了")
    return made


def _standing(file: Path | None) -> Standing | None:
    if file is None:
        return None
    try:
        return msgspec.json.decode(file.read_bytes(), type=Standing)
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(f"{file}: not how assets are, as `sukusuku demo` writes it: {error}") from error


async def _run(arguments: argparse.Namespace) -> None:
    loaded, standing = scenario.load(arguments.scenario), _standing(arguments.standing)
    running = service.run(loaded, arguments.truth, arguments.duration, standing)
    task = asyncio.create_task(running, name="simulator")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await outcome(task)


if __name__ == "__main__":
    sys.exit(main())
