"""`sukusuku sim load`: many honest edge nodes towards a server, and what became of their readings."""

import argparse
import asyncio
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from sukusuku_core.errors import ConfigError
from sukusuku_core.proof import ProofKey
from sukusuku_core.text_table import columns
from sukusuku_sim.load import facility
from sukusuku_sim.load.fleet import Fleet, Report
from sukusuku_sim.load.node import Plan, Tally
from sukusuku_sim.load.unit import METRICS

MODULE = "sukusuku_sim.load"
KEEPALIVE = 60
"""Seconds."""
NODES_PER_PROCESS = 5000
SPARE_FILES = 100
"""Open files that a process needs beside its connections."""
DESCRIPTION = """\
Puts load on a server, to find out how many edge nodes it bears. Each node is honest: it has a will, births and a
session, keeps its readings until the collector has acknowledged that they are stored, and sends again what was not.
多数のエッジノードを模擬してサーバーに負荷をかけます。各ノードは実機と同じく、保存の受領確認を受けるまで計測値を保持し、
確認のないものを再送します。
"""
EPILOG = """\
how to size a server 手順:
  1. sukusuku sim load --nodes 1000 --facility load.toml     writes settings with 1,000 units and ends / 設定を作成
  2. sukusuku collector load.toml                            in another terminal, beside a broker / 収集サーバーを起動
  3. sukusuku sim load --nodes 1000 --rate 1000 --seconds 60 the load / 負荷をかける
Whoever sees "late" has found the limit of the machine that makes the load, not of the server.
Exit status: 0 all was acknowledged, 1 not all was, 2 wrong settings.
終了コード：0 すべて受領確認済み、1 未確認あり、2 設定誤り
"""


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku sim load",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--nodes", type=_positive, default=100, help="edge nodes, with a unit each / ノード数")
    made.add_argument(
        "--rate",
        type=float,
        metavar="R",
        help=f"readings a second from all nodes together, {len(METRICS)} in a message (default: a message every 10 s "
        "from each node) / 全ノード合計の毎秒計測値数",
    )
    made.add_argument("--seconds", type=float, default=60.0, help="how long (default: %(default)g) / 秒数")
    made.add_argument(
        "--wait",
        type=float,
        default=0.0,
        help="seconds online before the first reading / 計測開始までの秒数",
    )
    made.add_argument("--broker", default="127.0.0.1:1883", metavar="HOST[:PORT]", help="/ ブローカー")
    made.add_argument(
        "--group", default=facility.OPERATOR, help="id of the operator (default: %(default)s) / 自治体の ID"
    )
    made.add_argument("--primary-host", default=facility.HOST, metavar="ID", help="host_id of the collector")
    made.add_argument("--username", help="at the broker / ブローカーのユーザー名")
    made.add_argument("--password", help="at the broker; `env:NAME` reads a variable / パスワード")
    made.add_argument(
        "--keys", type=Path, metavar="FILE", help="keys of the nodes, a line each: `NODE KEY` / ノードの鍵の一覧"
    )
    made.add_argument(
        "--outbox", type=_positive, default=10_000, help="readings that a node keeps at most (default: %(default)s)"
    )
    made.add_argument("--processes", type=_positive, help=f"default: one for {NODES_PER_PROCESS:,} nodes / プロセス数")
    made.add_argument(
        "--facility", type=Path, metavar="FILE", help="write facility.toml for a collector of these nodes, and end"
    )
    made.add_argument("--first", type=int, default=0, help="number of the first node (default: %(default)s)")
    made.add_argument("--json", action="store_true", help="the result as JSON / 結果を JSON で出力")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 all was acknowledged, 1 not all was, 2 wrong settings."""
    arguments = parser().parse_args(argv)
    try:
        if arguments.facility is not None:
            facility.write(arguments.facility, arguments.nodes, *_address(arguments.broker))
            print(f"written 作成: {arguments.facility}")
            return 0
        _allow_connections(arguments)
        report = asyncio.run(_run(arguments))
    except ConfigError as error:
        print(f"sukusuku sim load: {error}", file=sys.stderr)
        return 2
    print(msgspec.json.encode(report).decode() if arguments.json else table(report), flush=True)
    return 0 if report.waiting == report.tally.dropped == 0 and report.online == report.nodes else 1


def table(report: Report) -> str:
    """Return the result for people."""
    tally = report.tally
    rows = (
        ("nodes online オンライン", f"{report.online:,} of {report.nodes:,}"),
        ("readings taken 計測", f"{tally.read:,}"),
        ("acknowledged 受領確認", f"{tally.acknowledged:,}"),
        ("not sent 未送信", f"{report.unsent:,}"),
        ("sent, not acknowledged 送信済み・未確認", f"{report.waiting - report.unsent:,}"),
        ("sent again 再送", f"{tally.sent_again:,}"),
        ("dropped, outbox full 破棄", f"{tally.dropped:,}"),
        ("taken late 遅延", f"{report.late:,}"),
        ("births 起動通知", f"{tally.births:,}"),
        ("sessions that ended 切断", f"{tally.ended:,}"),
        ("acknowledgements refused 拒否", f"{tally.refused:,}"),
    )
    return columns(rows)


async def _run(arguments: argparse.Namespace) -> Report:
    count = _processes(arguments)
    if count > 1:
        return _sum([await part for part in [asyncio.create_task(_part(arguments, n, count)) for n in range(count)]])
    host, port = _address(arguments.broker)
    password = arguments.password
    if password is not None and password.startswith("env:"):
        password = os.environ.get(password[4:])
    plan = Plan(
        host, port, arguments.group, arguments.primary_host, KEEPALIVE, arguments.outbox, arguments.username, password
    )
    period = 10.0 if arguments.rate is None else len(METRICS) * arguments.nodes / arguments.rate
    fleet = Fleet(plan, arguments.first, arguments.nodes, period, _keys(arguments.keys))
    return await fleet.run(arguments.wait, arguments.seconds, _tell)


def _processes(arguments: argparse.Namespace) -> int:
    return int(arguments.processes or -(-arguments.nodes // NODES_PER_PROCESS))


async def _part(arguments: argparse.Namespace, number: int, count: int) -> Report:
    """Run the n-th part of the nodes in a process of its own."""
    first, end = (arguments.nodes * place // count for place in (number, number + 1))
    options = [f"--nodes={end - first}", f"--first={arguments.first + first}", "--processes=1", "--json"]
    if arguments.rate is not None:
        options.append(f"--rate={arguments.rate * (end - first) / arguments.nodes}")
    options += [
        f"--{name.replace('_', '-')}={value}"
        for name in ("seconds", "wait", "broker", "group", "primary_host", "username", "password", "keys", "outbox")
        if (value := getattr(arguments, name)) is not None
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, *options, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    try:
        return msgspec.json.decode(out, type=Report)
    except msgspec.DecodeError as error:
        raise ConfigError(f"a process of the load has ended with exit status {process.returncode}") from error


def _sum(reports: Sequence[Report]) -> Report:
    tally = Tally(*(sum(getattr(it.tally, name) for it in reports) for name in Tally.__slots__))
    nodes, online, unsent, waiting, late = (
        sum(getattr(it, name) for it in reports) for name in ("nodes", "online", "unsent", "waiting", "late")
    )
    return Report(nodes, online, unsent, waiting, late, tally)


def _tell(report: Report) -> None:
    tally = report.tally
    print(
        f"{report.online:,} of {report.nodes:,} online, {tally.read:,} read, {tally.acknowledged:,} acknowledged, "
        f"{report.unsent:,} not sent, {report.late:,} late",
        file=sys.stderr,
        flush=True,
    )


def _allow_connections(arguments: argparse.Namespace) -> None:
    """Raise the limit of open files as far as it is needed and may be; raises ConfigError."""
    each = min(
        arguments.nodes, -(-arguments.nodes // (arguments.processes or -(-arguments.nodes // NODES_PER_PROCESS)))
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = each + SPARE_FILES
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise ConfigError(f"--nodes: {each} connections in a process, and only {hard} files may be open: `ulimit -n`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _keys(file: Path | None) -> Mapping[str, ProofKey]:
    if file is None:
        return {}
    found = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        node, _, text = line.strip().partition(" ")
        try:
            found[node] = ProofKey.read(text)
        except ValueError as error:
            raise ConfigError(f"{file}: line {number}: expected `NODE KEY`: {error}") from error
    return found


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    if not host or not (port or "1883").isdecimal():
        raise ConfigError(f"--broker {text}: give HOST or HOST:PORT")
    return host, int(port or 1883)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: give 1 or more")
    return number


if __name__ == "__main__":
    sys.exit(main())
