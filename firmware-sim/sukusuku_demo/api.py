"""`python -m sukusuku_demo.api FACILITY.toml [PORT]`: the API of the demo, in which people sign in by themselves."""

import logging
import sys
from pathlib import Path

from sukusuku_core.loading import loading

with loading():
    from sukusuku_api import service
    from sukusuku_core import logs
    from sukusuku_core.errors import ConfigError, PermanentError, TransientError
    from sukusuku_demo.personas import make
    from sukusuku_demo.settings import HOST
    from sukusuku_server.facility_document.facility_file import FacilityFile
    from sukusuku_server.facility_document.watching import Watch


def main(file: str, port: str | None = None) -> int:
    """Serve until a signal, at another port than that of the settings when one is given. Returns the exit status."""
    logs.begin()
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        source = FacilityFile(Path(file))
        document = source.read()
        address = None if port is None else service.Address(HOST, int(port))
        service.run(source.check(document.text), make, Watch(source, document.version), address)
    except (ConfigError, PermanentError, TransientError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
