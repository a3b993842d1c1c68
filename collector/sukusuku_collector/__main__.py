"""`python -m sukusuku_collector FACILITY.toml`, or the place of several operators."""

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sukusuku_core.loading import loading

with loading():
    from sukusuku_collector import service
    from sukusuku_collector.facility_checks import mistakes
    from sukusuku_collector.host.claim import RivalError
    from sukusuku_collector.lease import SupersededError
    from sukusuku_collector.operators import service as operators
    from sukusuku_core import logs
    from sukusuku_core.errors import ConfigError, SukusukuError
    from sukusuku_server.facility_document import places
    from sukusuku_server.facility_document.source import OneSource
    from sukusuku_server.facility_document.watching import Watch
    from sukusuku_server.stopping import end_in_time

_STATUS: dict[type[SukusukuError], int] = {ConfigError: 2, RivalError: 3, SupersededError: 4}


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status, as the help has it."""
    arguments = parser().parse_args(argv)
    logs.begin(arguments.log)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        asyncio.run(_run(arguments.facility, trust_clock=arguments.trust_clock))
    except SukusukuError as error:
        print(f"sukusuku collector: {error}", file=sys.stderr)
        return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 1)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku collector",
        description="Receives the readings of the edge nodes, stores each exactly once, raises alerts and sends mails. "
        "エッジの計測値を受け取り、一度だけ保存し、お知らせを判定してメールを送ります。",
        epilog="Exit status: 0 ended as asked, 1 cannot run, 2 wrong settings, 3 another collector uses the host_id, "
        "4 another collector has taken over, 5 asked to end, but a database did not answer. "
        "終了コード：0 正常終了、1 実行不可、2 設定の誤り、3 同じ host_id の収集サーバーが稼働中、"
        "4 別の収集サーバーが引き継ぎ済み、5 終了を求められたがデータベースが応答しない。",
    )
    made.add_argument(
        "facility",
        type=Path,
        metavar="FACILITY.toml",
        help=places.SEVERAL,
    )
    made.add_argument(
        "--trust-clock",
        action="store_true",
        help="believe this computer's clock as it is now, although what is stored or remembered contradicts it "
        "· 保存済みのデータと矛盾していても、このサーバーの時計を正しいものとして起動します",
    )
    logs.add_option(made)
    return made


SWITCH_SECONDS = 0.0005
"""How long a thread that computes may keep the others waiting. By default it is ten times as long, for each question to
a database: while thousands of assets were derived, the loop that stores readings came almost to a standstill."""
YOUNG = 50_000
"""How many new objects there may be before waste is looked for. Readings make many objects and hardly a cycle: with the
usual 700 a fifth of what the loop computed at 4,000 nodes was looking for waste."""


async def _run(place: Path, *, trust_clock: bool) -> None:
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(YOUNG)
    os.umask(0o077)  # the databases hold names, mails and the key of links
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked(_: int, __: object) -> None:
        """Stop. The loop may be waiting for a database, and would hear of a signal only after its answer."""
        end_in_time()
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, asked)
    with places.several(place, mistakes) as sources:
        if sources is not None:
            await operators.run(sources, stop, trust_clock=trust_clock)
            return
    with places.one(place, mistakes) as source:
        document, facility = source.begin()
        if facility.group:  # several leases to share with other collectors, as several operators are
            await operators.run(OneSource(facility.operator.id, source), stop, trust_clock=trust_clock)
            return
        await service.run(facility, stop, trust_clock=trust_clock, document=Watch(source, document.version))


if __name__ == "__main__":
    sys.exit(main())
