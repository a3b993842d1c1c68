"""`[certificates]`: certificates with which the broker lets edge nodes in."""

from typing import Annotated

import msgspec

from sukusuku_core.settings import Port, Settings


class CertificateSettings(Settings, frozen=True, kw_only=True):
    """With this table an edge node that is enrolled gets a certificate of its own, and needs no password."""

    port: Port = 8884
    """Where the broker asks edge nodes for it; see collector/deploy/broker."""
    valid_days: Annotated[int, msgspec.Meta(ge=3, le=825)] = 90
    """Each renews its own when a third of that is left."""
