"""`sukusuku dashboards export FACILITY.toml DIR`: the files that Grafana is provisioned with."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sukusuku_collector import settings
from sukusuku_core.errors import ConfigError
from sukusuku_dashboards.export import PASSWORD, TOKEN, files


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 written, 2 wrong settings."""
    parser = argparse.ArgumentParser(
        prog="sukusuku dashboards",
        description="Writes data source, provider and dashboards for Grafana. "
        "Grafana のデータソースとダッシュボードのファイルを書き出します。",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    export = commands.add_parser("export", help="into a folder, for file provisioning · フォルダーへ書き出し")
    export.add_argument("facility", type=Path, metavar="FACILITY.toml", help="the settings · 施設の設定")
    export.add_argument("folder", type=Path, metavar="DIR", help="made when it is not there · 無ければ作成")
    arguments = parser.parse_args(argv)
    try:
        facility = settings.read(arguments.facility)
        count = 0
        for path, text in files(facility, arguments.folder.resolve()):
            target = arguments.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            count += 1
    except ConfigError as error:
        print(f"sukusuku dashboards: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"sukusuku dashboards: {arguments.folder} cannot be written: {error}", file=sys.stderr)
        return 2
    print(f"{count} files in {arguments.folder}")
    if facility.store.influx.token is not None:
        print(f"Grafana reads its own token, one that can only read, from the environment variable {TOKEN}")
    elif facility.store.influx.username is not None:
        print(f"Grafana logs in as `grafana` with the password from the environment variable {PASSWORD}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
