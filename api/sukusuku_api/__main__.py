"""`python -m sukusuku_api FACILITY.toml`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from sukusuku_api import service
from sukusuku_core.errors import ConfigError, PermanentError
from sukusuku_server import settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the API and the wall until a signal. Returns the exit status."""
    arguments = parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        service.run(settings.read(arguments.facility))
    except (ConfigError, PermanentError) as error:
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
    made.add_argument("facility", type=Path, metavar="FACILITY.toml", help="the operator's settings · 施設の設定")
    return made


if __name__ == "__main__":
    sys.exit(main())
