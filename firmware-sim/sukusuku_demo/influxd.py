"""A real InfluxDB 1.x on loopback: where the program is, its settings, its buckets, and questions to it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from sukusuku_core.errors import ConfigError, TransientError
from sukusuku_demo.settings import HOST

PLACES = "/usr/bin:/usr/local/bin"
"""Where it is looked for besides the PATH."""
BUCKETS = ("raw", "5m", "daily")
DATABASE = "sukusuku"
V2_WRITES = (1, 8)
"""The first version that has /api/v2/write."""
_NEXT = (2, 0)
"""The first version that is set up in another way."""
_INSTALL = "install InfluxDB 1.x (Debian, Ubuntu: apt-get install influxdb)"
_SETTINGS = """\
reporting-disabled = true
bind-address = "{host}:{rpc}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "{host}:{http}"
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "warn"
"""
_SECONDS = 20.0

_opener = build_opener(ProxyHandler({}))


def find() -> str:
    """Where influxd is. Raises ConfigError that says what to install."""
    found = shutil.which("influxd", path=os.pathsep.join([os.environ.get("PATH", ""), PLACES]))
    if found is None:
        raise ConfigError(f"influxd is needed and was not found: {_INSTALL}")
    return found


def version(program: str) -> tuple[int, int]:
    """Return what the program says it is. Raises ConfigError when it is no InfluxDB 1.x."""
    try:
        said = subprocess.run(
            [program, "version"], capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{program} does not run: {error}; {_INSTALL}") from error
    found = re.search(r"InfluxDB v?(\d+)\.(\d+)", said)
    if found is None:
        raise ConfigError(f"{program} does not say which InfluxDB it is, but {said[:80]!r}; {_INSTALL}")
    number = int(found[1]), int(found[2])
    if number >= _NEXT:
        raise ConfigError(f"{program} is InfluxDB {found[1]}.{found[2]}, which this cannot set up: {_INSTALL}")
    return number


def command(program: str, folder: Path, http: int, rpc: int) -> list[str]:
    """Return the call that serves the data in this folder, to which the settings are written."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "influxdb.conf"
    settings.write_text(_SETTINGS.format(host=HOST, folder=folder.resolve(), http=http, rpc=rpc), encoding="utf-8")
    return [program, "-config", str(settings)]


def answers(http: int) -> bool:
    """Whether an InfluxDB answers at this port."""
    try:
        with _opener.open(f"http://{HOST}:{http}/ping", timeout=1) as answer:
            return "X-Influxdb-Version" in answer.headers
    except (URLError, OSError):
        return False


def ask(http: int, text: str) -> list[dict[str, object]]:
    """Return the rows that answer some InfluxQL, each with the names of its columns and tags; times are UTC ms.

    Raises TransientError.
    """
    form = urlencode({"q": text, "epoch": "ms"}).encode()
    try:
        with _opener.open(f"http://{HOST}:{http}/query", form, timeout=_SECONDS) as answer:
            results = json.load(answer)["results"]
    except HTTPError as error:
        with error:
            raise TransientError(f"InfluxDB cannot answer {text[:80]}: {error.read(300)!r}") from error
    except (URLError, OSError, ValueError) as error:
        raise TransientError(f"InfluxDB does not answer: {error}") from error
    for result in results:
        if "error" in result:
            raise TransientError(f"InfluxDB cannot answer {text[:80]}: {result['error']}")
    return [
        dict(zip(series["columns"], row, strict=True)) | series.get("tags", {})
        for result in results
        for series in result.get("series", ())
        for row in series.get("values", ())
    ]


def create(http: int, database: str = DATABASE) -> None:
    """Create a database with our three buckets, which keep everything. Raises TransientError."""
    policies = (f'CREATE RETENTION POLICY "{name}" ON "{database}" DURATION INF REPLICATION 1' for name in BUCKETS)
    ask(http, ";".join([f'CREATE DATABASE "{database}"', *policies]))
