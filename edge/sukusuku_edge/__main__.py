"""`sukusuku-edge run|check|status EDGE.toml`, `sukusuku-edge probe PROFILE TARGET`, `sukusuku-edge enrol URL CODE`."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sukusuku_core.loading import loading

with loading():
    import sukusuku_core
    from sukusuku_core import completion, logs
    from sukusuku_core import profile as profiles
    from sukusuku_core.errors import ConfigError, SukusukuError
    from sukusuku_core.settings_schema import schema
    from sukusuku_core.text_table import columns
    from sukusuku_edge import service, status, status_report
    from sukusuku_edge.http_client import ask_by_http
    from sukusuku_edge.probe import Options, probe
    from sukusuku_edge.settings import Device, Edge, EdgeSettings, read
    from sukusuku_edge.update.updater import update
    from sukusuku_mqtt import MqttSettings

_PROBE = """targets 対象の書き方:
  192.168.0.20            Modbus TCP, port 502, unit 1
  192.168.0.20:1502/3     another port, unit 3
  /dev/ttyUSB0@3          Modbus RTU on a serial port, unit 3 (line as the device leaves the factory)
  rtu+tcp://gw:5007@3     the same behind a gateway that passes RTU frames on over TCP
  application/1/.../up    an MQTT sensor's topic (--broker)
examples 例:
  sukusuku-edge probe sukusuku-retrofit-board 192.168.0.20
  sukusuku-edge probe eastron-sdm120 /dev/ttyUSB0@1 --baud 9600
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 ended as asked, 1 cannot run or not all is well, 2 wrong settings."""
    arguments = parser().parse_args(argv)
    if arguments.command == "completion":
        print(completion.script(parser(), arguments.shell))
        return 0
    try:
        return _ACTS[arguments.command](arguments)
    except SukusukuError as error:
        print(f"sukusuku-edge: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku-edge",
        description="Reads the devices of a centre and loses no reading on the way to the collector. "
        "センターの機器を読み取り、計測値を失わずに収集サーバーへ届けます。",
    )
    made.add_argument("--version", action="version", version=f"sukusuku-edge {sukusuku_core.__version__}")
    commands = made.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "Run the agent until Ctrl-C or SIGTERM. エージェントを動かします（Ctrl-C か SIGTERM で終了）。"),
        ("check", "Check a settings file and show what it binds. 設定ファイルを検査し、割り当てを表示します。"),
        (
            "status",
            "Show what waits and how each device is; exit status 1 when not all is well. "  # noqa: ISC004 - one text
            "未送信件数、受領確認、各機器の状態を表示します（異常があれば終了コード 1）。",
        ),
    ):
        command = commands.add_parser(name, help=text, description=text)
        if name == "check":
            either = command.add_mutually_exclusive_group(required=True)
            either.add_argument(
                "settings", type=Path, nargs="?", metavar="EDGE.toml", help="settings file / 設定ファイル"
            )
            either.add_argument(
                "--schema",
                action="store_true",
                help="print the JSON Schema for editors / エディター用の JSON Schema を表示",
            )
        else:
            command.add_argument("settings", type=Path, metavar="EDGE.toml", help="settings file / 設定ファイル")
        if name == "run":
            logs.add_option(command)
    text = "Read every point of a device now. 機器の全項目を今すぐ読み取ります。"
    command = commands.add_parser(
        "probe", help=text, description=text, epilog=_PROBE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("profile", metavar="PROFILE", help="device profile / 機器プロファイル")
    command.add_argument("target", metavar="TARGET", help="where the device is / 機器の場所")
    command.add_argument("--profiles", type=Path, metavar="DIR", help="folder of own profiles / 独自プロファイル")
    command.add_argument("--timeout", type=float, default=1.0, help="seconds for an answer (default: %(default)s)")
    command.add_argument("--baud", type=int, help="of the serial line (default: as the device leaves the factory)")
    command.add_argument("--parity", choices=("N", "E", "O"), help="of the serial line")
    command.add_argument("--stop-bits", type=int, choices=(1, 2), help="of the serial line")
    command.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST[:PORT]", help="of a sensor")
    command.add_argument("--username", help="at the broker")
    command.add_argument("--password", help="at the broker; `env:NAME` reads a variable of the environment")
    command.add_argument("--wait", type=float, default=120.0, help="seconds for a message (default: %(default)s)")
    text = "Get this edge node its key and first settings. 鍵と最初の設定を受け取ります。"
    command = commands.add_parser("enrol", help=text, description=text)
    command.add_argument("url", metavar="URL", help="the server, as people open it / サーバーのアドレス")
    command.add_argument("code", metavar="CODE", help="what `sukusuku enrol` printed there / 登録コード")
    command.add_argument(
        "--folder", type=Path, default=Path("/etc/sukusuku"), help="of settings and secrets (default: %(default)s)"
    )
    command.add_argument(
        "--outbox",
        type=Path,
        default=Path("/var/lib/sukusuku-edge/outbox.db"),
        help="where readings wait; the certificate is beside it (default: %(default)s)",
    )
    command.add_argument("--ca", type=Path, metavar="FILE", help="authority of the server's certificate (PEM)")
    text = "Take a new version, and go back when it does not report well. 更新し、異常があれば元の版に戻します。"
    command = commands.add_parser("update", help=text, description=text)
    command.add_argument("settings", type=Path, metavar="EDGE.toml", help="settings file / 設定ファイル")
    command.add_argument("--now", action="store_true", help="outside of the window too / 時間帯を待たずに実行")
    command.add_argument("--again", action="store_true", help="also a version that failed / 失敗した版も再度試す")
    completion.add_to(commands, "sukusuku-edge")
    return made


def _check(arguments: argparse.Namespace) -> int:
    print(schema(EdgeSettings) if arguments.schema else f"{table(read(arguments.settings))}\nok")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    text, well = status.show(read(arguments.settings))
    print(text)
    return 0 if well else 1


def _run(arguments: argparse.Namespace) -> int:
    edge = read(arguments.settings)
    logs.begin(arguments.log)
    asyncio.run(_until_stopped(edge))
    return 0


def _probe(arguments: argparse.Namespace) -> int:
    profile = profiles.find(arguments.profile, arguments.profiles)
    host, _, port = arguments.broker.partition(":")
    if not host or not (port or "1883").isdecimal():
        raise ConfigError(f"--broker {arguments.broker}: give HOST or HOST:PORT")
    password = arguments.password
    if password is not None and password.startswith("env:"):
        password = os.environ.get(password[4:])
    broker = MqttSettings(
        host, int(port or 1883), f"sukusuku-edge-probe-{os.getpid()}", username=arguments.username, password=password
    )
    options = Options(arguments.timeout, arguments.baud, arguments.parity, arguments.stop_bits, broker, arguments.wait)
    print(asyncio.run(probe(profile, arguments.target, options)))
    return 0


def _enrol(arguments: argparse.Namespace) -> int:
    from sukusuku_edge import enrolment  # noqa: PLC0415 - as in `service`: an agent that runs has no use for it

    ask = ask_by_http(arguments.ca)
    done = enrolment.enrol(arguments.url, arguments.code, arguments.folder, arguments.outbox, ask)
    for path in done.written:
        print(f"written 作成: {path}")
    if done.missing:
        print(f"kept 既存のまま: {arguments.folder / enrolment.SETTINGS}; see that it has 次の設定が必要です:")
        print("\n".join(f"  {line}".rstrip() for line in done.missing))
    print("next 次: systemctl restart sukusuku-edge")
    return 0


def _update(arguments: argparse.Namespace) -> int:
    edge = read(arguments.settings)
    done, failed = update(edge, now=arguments.now, again=arguments.again)
    print(done.told or "no update yet 更新はまだありません")
    return 1 if failed else 0


async def _until_stopped(edge: Edge) -> None:
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
    return f"{columns(rows)}\n\n{columns(devices)}\n"


def _where(device: Device) -> str:
    return (
        status_report.where(device)
        if device.topic is not None
        else f"{status_report.where(device)}, every {device.poll:g} s"
    )


_ACTS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "check": _check,
    "status": _status,
    "probe": _probe,
    "enrol": _enrol,
    "update": _update,
}


if __name__ == "__main__":
    sys.exit(main())
