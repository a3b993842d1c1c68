"""`sukusuku demo`: the whole system on this machine, in one command."""

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from sukusuku_core import logs
from sukusuku_core.ending import outcome
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_demo.progress import Progress
from sukusuku_demo.report import Report
from sukusuku_demo.service import Demo
from sukusuku_demo.settings import WEEKS_OF_PAST, DemoSettings, Ports, StoreKind


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku demo",
        description="Run the whole system on this machine: broker, simulated units and rooms of two centres, edge "
        "agents, collector, API with the wall, and a mailbox that shows the mails. 全体を1台で動かします。",
        epilog="Nothing listens outside this machine. `sukusuku demo --for 60 --json` prints one JSON object with "
        "produced, accepted, stored, lost, duplicates, alerts, mails, seconds_to_first_mail; with --store influx also "
        "influx_stored, influx_lost, influx_duplicates, influx_seconds.",
    )
    default = Ports()
    made.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="end by itself and report losses")
    made.add_argument(
        "--json", action="store_true", help="report losses as one JSON object at the end, after --for or Ctrl-C"
    )
    made.add_argument("--weeks", type=int, default=WEEKS_OF_PAST, help="simulated past to load (default: %(default)s)")
    made.add_argument(
        "--store",
        choices=get_args(StoreKind),
        default="sqlite",
        help="influx: start an influxd as well (apt-get install influxdb), bring every reading there, and compare at "
        "the end. 計測値を InfluxDB にも保存して照合します。 (default: %(default)s)",
    )
    made.add_argument(
        "--cluster",
        action="store_true",
        help="three servers of a broker (NATS), three of a database (Patroni with etcd), two collectors, two APIs; any "
        "one process may be killed. 1つが止まっても動き続ける構成です。",
    )
    made.add_argument("--folder", type=Path, help="keep settings, databases and logs here (default: a temporary one)")
    made.add_argument("--web-port", type=int, default=default.web, help="API and wall (default: %(default)s)")
    made.add_argument("--mailbox-port", type=int, default=default.mailbox, help="mail page (default: %(default)s)")
    made.add_argument("--smtp-port", type=int, default=default.smtp, help="mail sink (default: %(default)s)")
    made.add_argument("--broker-port", type=int, default=default.broker, help="MQTT (default: %(default)s)")
    made.add_argument(
        "--modbus-port", type=int, default=default.modbus, help="first of ten neighbours (default: %(default)s)"
    )
    made.add_argument(
        "--influx-port", type=int, default=default.influx, help="first of three neighbours (default: %(default)s)"
    )
    made.add_argument(
        "--cluster-port", type=int, default=default.cluster, help="first of 22 neighbours (default: %(default)s)"
    )
    return made


def _settings(options: argparse.Namespace, folder: Path) -> DemoSettings:
    if (options.seconds is not None and options.seconds <= 0) or options.weeks < 0:
        raise ConfigError("--for takes a number of seconds above 0, and --weeks 0 or more")
    ports = Ports(
        options.web_port,
        options.mailbox_port,
        options.smtp_port,
        options.broker_port,
        options.modbus_port,
        options.influx_port,
        options.cluster_port,
    )
    if options.cluster and options.store != "sqlite":
        raise ConfigError("--cluster keeps readings in PostgreSQL; leave out --store")
    reports = options.json or options.seconds is not None
    return DemoSettings(folder, ports, options.seconds, options.weeks, options.store, reports, options.cluster)


async def _run(settings: DemoSettings) -> Report | None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    work = asyncio.create_task(Demo(settings, Progress()).run(ended))

    def stop() -> None:
        if ended.is_set() or settings.seconds is not None:
            work.cancel()
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    return await outcome(work)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo. Exit status 1 when readings were lost or a part failed, 2 for wrong options."""
    options = parser().parse_args(argv)
    logs.begin(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="sukusuku-demo-") as temporary:
        folder = Path(options.folder or temporary)
        try:
            settings = _settings(options, folder)
            folder.mkdir(parents=True, exist_ok=True)
            report = asyncio.run(_run(settings))
        except ConfigError as error:
            print(f"sukusuku demo: {error}", file=sys.stderr)
            return 2
        except SukusukuError as error:
            print(f"sukusuku demo: {error}", file=sys.stderr)
            return 1
    if report is None:
        return 0
    print(report.encode() if options.json else report)
    return 0 if report.whole else 1


if __name__ == "__main__":
    sys.exit(main())
