"""`sukusuku-edge run|check EDGE.toml`."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import sukusuku_core
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_edge import service
from sukusuku_edge.settings import Device, Edge, read


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 ended as asked, 1 cannot run, 2 wrong settings."""
    parser = argparse.ArgumentParser(
        prog="sukusuku-edge",
        description="Reads the devices of a centre and loses no reading on the way to the collector. "
        "センターの機器を読み取り、測定値を失わずに収集サーバーへ届けます。",
    )
    parser.add_argument("--version", action="version", version=f"sukusuku-edge {sukusuku_core.__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "Run the agent until Ctrl-C or SIGTERM. エージェントを動かします（Ctrl-C か SIGTERM で終了）。"),
        ("check", "Check a settings file and show what it binds. 設定ファイルを検査し、割り当てを表示します。"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("settings", type=Path, metavar="EDGE.toml", help="settings file / 設定ファイル")
    arguments = parser.parse_args(argv)
    try:
        edge = read(arguments.settings)
        if arguments.command == "check":
            print(table(edge))
            print("ok")
            return 0
        logging.basicConfig(
            stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
        )
        asyncio.run(_run(edge))
    except SukusukuError as error:
        print(f"sukusuku-edge: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    return 0


async def _run(edge: Edge) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await service.run(edge, stop)


def table(edge: Edge) -> str:
    """Assets with their bindings, and devices, as text columns."""
    rows = [("asset", "metric", "device", "point")]
    for bound in edge.bound:
        note = ""
        if bound.distance is not None:
            note = f" ({bound.distance.empty_mm:g}-{bound.distance.full_mm:g} mm)"
        rows.append((bound.asset, bound.metric, bound.device, f"{bound.point.name}{note}"))
    used = {bound.device for bound in edge.bound}
    devices = [("device", "profile", "where", "")]
    devices += [
        (device.id, device.profile, _where(device), "" if device.id in used else "not bound: will not be read")
        for device in edge.settings.device
    ]
    return f"{_columns(rows)}\n\n{_columns(devices)}\n"


def _where(device: Device) -> str:
    if device.topic is not None:
        return device.topic
    place = device.bus or f"{device.host}:{device.port}"
    return f"{place} unit {device.unit}, every {device.poll:g} s"


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
