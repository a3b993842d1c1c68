"""What Mosquitto knows of the certificates of edge nodes: files that it reads when it starts.

After a reload it would refuse a revoked certificate too, and leave the sessions that are there alone.
"""

from pathlib import Path

from sukusuku_core.errors import ConfigError
from sukusuku_server.db.node_certificates import BrokerFiles
from sukusuku_server.facility_document.version_folder import store

AUTHORITIES, REVOKED = "nodes-ca.pem", "nodes-revoked.pem"


def write(folder: Path, files: BrokerFiles) -> None:
    """Write the files, for whom the folder belongs to. Raises ConfigError when it cannot be written."""
    try:
        owner = folder.stat()
        for name, text in ((AUTHORITIES, files.authorities), (REVOKED, files.revoked)):
            store(folder / name, text.encode(), 0o600, (owner.st_uid, owner.st_gid))
    except OSError as error:
        raise ConfigError(f"{folder}: the files of the broker cannot be written: {error}; run this as root") from error
