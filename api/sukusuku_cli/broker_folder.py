"""The folder of Mosquitto's files that we write: its settings and rules, and what it knows of certificates.

It reads them when it starts. After a reload it would refuse a revoked certificate too, and leave the sessions that are
there alone.
"""

from collections.abc import Mapping
from pathlib import Path

from sukusuku_cli import broker_files
from sukusuku_core.errors import ConfigError
from sukusuku_server.db.node_certificates import BrokerFiles
from sukusuku_server.facility_document.version_folder import store
from sukusuku_server.settings import Facility

AUTHORITIES, REVOKED = "nodes-ca.pem", "nodes-revoked.pem"


def write_settings(folder: Path, facility: Facility) -> None:
    """Write settings and rules, and files of accounts where there are none. Raises ConfigError when it cannot."""
    folder = folder.resolve()  # Mosquitto wants whole paths
    own = folder / broker_files.OWN_RULES
    try:
        more = own.read_text(encoding="utf-8") if own.exists() else ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{own}: expected UTF-8, found other bytes at {error.start}; save it as UTF-8") from error
    except OSError as error:
        raise _not_written(folder, error) from error
    _put(folder, {broker_files.CONFIGURATION: broker_files.configuration(facility, folder)})
    _put(folder, broker_files.rules(facility, folder, more))
    _put(folder, {name: "" for name in broker_files.accounts(facility) if not (folder / name).exists()})


def write_certificates(folder: Path, files: BrokerFiles) -> None:
    """Write who signs the certificates of edge nodes, and which are revoked. Raises ConfigError when it cannot."""
    _put(folder, {AUTHORITIES: files.authorities, REVOKED: files.revoked})


def _put(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files for whom the folder belongs to."""
    try:
        owner = folder.stat()
        for name, text in texts.items():
            store(folder / name, text.encode(), 0o600, (owner.st_uid, owner.st_gid))
    except OSError as error:
        raise _not_written(folder, error) from error


def _not_written(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{folder}: the files of the broker cannot be written: {error}; run this as root")
