"""`python -m sukusuku_api FACILITY.toml`."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sukusuku_core.loading import loading

with loading():
    from sukusuku_api import service
    from sukusuku_api.app import without_data
    from sukusuku_core import logs
    from sukusuku_core.errors import ConfigError, PermanentError, TransientError
    from sukusuku_server.facility_document import places
    from sukusuku_server.facility_document.watching import Watch
    from sukusuku_server.settings import Web


def main(argv: Sequence[str] | None = None) -> int:
    """Run the API and the wall until a signal. Returns the exit status."""
    arguments = parser().parse_args(argv)
    if arguments.openapi:
        print(json.dumps(without_data().openapi(), ensure_ascii=False, indent=1))
        return 0
    logs.begin(arguments.log)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        os.umask(0o077)  # the databases hold names, mails and the key of links
        _serve(arguments.facility, arguments.listen)
    except (ConfigError, PermanentError, TransientError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _serve(place: Path, listen: service.Address | None) -> None:
    with places.several(place) as sources:
        if sources is not None:
            service.run_all(sources, listen or service.Address(_WEB.host, _WEB.port))
            return
    with places.one(place) as source:
        document, facility = source.begin()
        service.run(facility, document=Watch(source, document.version), address=listen)


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku api",
        description="Serves the REST API and the wall over the collector's data. "
        "収集サーバーのデータを REST API と状況一覧で提供します。",
    )
    either = made.add_mutually_exclusive_group(required=True)
    either.add_argument(
        "facility",
        type=Path,
        nargs="?",
        metavar="FACILITY.toml",
        help=places.SEVERAL,
    )
    either.add_argument(
        "--openapi",
        action="store_true",
        help="print the description of the API (OpenAPI 3.1), from which clients are generated · "
        "API の定義（OpenAPI 3.1）を表示",
    )
    made.add_argument(
        "--listen",
        type=_address,
        metavar="HOST:PORT",
        help="where to listen instead of [web] host and port; for several operators 127.0.0.1:8080 when left out "
        "· 待ち受けるアドレス（[web] の host と port の代わり）",
    )
    logs.add_option(made)
    return made


_WEB = Web()


def _address(text: str) -> service.Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"found {text!r}; write it as 127.0.0.1:8080")
    return service.Address(host.strip("[]"), int(port))


if __name__ == "__main__":
    sys.exit(main())
