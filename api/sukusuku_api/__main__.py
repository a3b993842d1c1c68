"""`python -m sukusuku_api FACILITY.toml`."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sukusuku_api import service
from sukusuku_api.app import without_data
from sukusuku_core import logs
from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.watching import Watch


def main(argv: Sequence[str] | None = None) -> int:
    """Run the API and the wall until a signal. Returns the exit status."""
    arguments = parser().parse_args(argv)
    if arguments.openapi:
        print(json.dumps(without_data().openapi(), ensure_ascii=False, indent=1))
        return 0
    logs.begin(arguments.log)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        source = FacilityFile(arguments.facility)
        document = source.read()
        facility = source.check(document.text)
        os.umask(0o077)  # the databases hold names, mails and the key of links
        service.run(facility, document=Watch(source, document.version))
    except (ConfigError, PermanentError, TransientError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku api",
        description="Serves the REST API and the wall over the collector's data. "
        "収集サーバーのデータを REST API と状況一覧で提供します。",
    )
    either = made.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "facility", type=Path, nargs="?", metavar="FACILITY.toml", help="the operator's settings · 施設の設定"
    )
    either.add_argument(
        "--openapi",
        action="store_true",
        help="print the description of the API (OpenAPI 3.1), from which clients are generated · "
        "API の定義（OpenAPI 3.1）を表示",
    )
    logs.add_option(made)
    return made


if __name__ == "__main__":
    sys.exit(main())
