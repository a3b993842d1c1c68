"""`[ngsi_ld]`: the context broker that is told how units and rooms are. Without the table none is."""

from pathlib import Path
from typing import Annotated, Self

import msgspec

from sukusuku_core.settings import PositiveSeconds, Settings
from sukusuku_server.settings import authority
from sukusuku_server.settings.secret import Secret


class NgsiLd(Settings, frozen=True, kw_only=True):
    """A context broker of NGSI-LD 1.3 or later (ETSI GS CIM 009)."""

    url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^https?://[^/@\s]+(/[^?#\s]*)?\Z", description="http:// or https://, host, port, perhaps a path"
        ),
    ]
    """Before `/ngsi-ld/v1`."""
    token: Secret | None = None
    """Sent as a bearer token, where the broker or the proxy before it asks for one."""
    tenant: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")] | None = None
    """Sent as `NGSILD-Tenant`."""
    rooms: bool = False
    """Whether rooms are told too, without numbers."""
    child_counts: bool = False
    """Whether rooms are told with their number of people, but for few: only for a broker that is closed to others, for
    counts of the moment add up to what reports withhold."""
    every: Annotated[float, msgspec.Meta(ge=5, le=3_600)] = 60.0
    """Seconds between two looks; only what has changed is sent."""
    timeout: PositiveSeconds = 10.0
    ca_file: str | None = None
    """PEM of the authority that signed the broker's certificate; relative to this file."""

    def __post_init__(self) -> None:
        """Refuse what would have no effect."""
        if self.child_counts and not self.rooms:
            raise ValueError("child_counts = true without rooms = true: no room is told, so add it or take this away")

    def resolved(self, folder: Path, where: str) -> Self:
        """Return the same with the path of its file. `where` is the key path of this table. Raises ConfigError."""
        if self.ca_file is None:
            return self
        return msgspec.structs.replace(self, ca_file=authority.checked(folder, self.ca_file, f"{where}.ca_file"))
