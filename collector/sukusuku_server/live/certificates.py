"""When the certificates end by which edge nodes and broker know each other, in the same words everywhere. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sukusuku_core.certificates import Certificate
from sukusuku_core.renewal import ends_soon
from sukusuku_core.time import japan_time
from sukusuku_server.db.node_certificates import NodeCertificateRow
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.settings import Facility


class Owner(StrEnum):
    """Whose certificate it is."""

    NODE = "node"
    BROKER = "broker"
    BROKER_AUTHORITY = "broker_authority"
    NODES_AUTHORITY = "nodes_authority"


NOTED = {Owner.BROKER: "certificate.broker", Owner.BROKER_AUTHORITY: "certificate.broker_authority"}
"""Under which keys the collector notes when these end (UTC ms), as the broker has shown them; 0: it shows none."""

_NAMES = {
    Owner.NODE: N_("Certificate of edge node %(node)s"),
    Owner.BROKER: N_("Certificate of the broker"),
    Owner.BROKER_AUTHORITY: N_("Authority of the broker's certificate"),
    Owner.NODES_AUTHORITY: N_("Authority of the edge nodes' certificates"),
}
_CURES = {
    Owner.NODE: N_(
        "It should have been renewed by itself. On that computer, `sudo sukusuku-edge status /etc/sukusuku/edge.toml` "
        "says why it was not. Without it the broker does not let the node in; its readings wait there."
    ),
    Owner.BROKER: N_(
        "Give the broker a new one and restart it (docs/install.md, section 2). Without it nobody connects; readings "
        "wait at the edge nodes."
    ),
    Owner.BROKER_AUTHORITY: N_(
        'Change it in time (docs/wire-security.md, "Changing an authority"). Without it nobody connects; readings '
        "wait at the edge nodes."
    ),
    Owner.NODES_AUTHORITY: N_(
        'Change it in time (docs/wire-security.md, "Changing an authority"). Without it no edge node connects; '
        "readings wait there."
    ),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """When a certificate ends (UTC ms). `node` is empty for what is not of one."""

    owner: Owner
    node: str
    ends: int

    @property
    def id(self) -> str:
        """What tells it from others."""
        return f"{self.owner}/{self.node}" if self.node else str(self.owner)

    def late(self, now: int) -> bool:
        """Tell whether somebody must look after it."""
        return ends_soon(self.ends, now)

    def said(self, now: int, translate: Translate) -> str:
        """Say when it ends."""
        text = N_("%(what)s: holds until %(day)s.") if self.ends > now else N_("%(what)s: has ended on %(day)s.")
        what = translate(_NAMES[self.owner]) % {"node": self.node}
        return translate(text) % {"what": what, "day": f"{japan_time(self.ends):%Y-%m-%d %H:%M}"}

    def cure(self, translate: Translate) -> str:
        """Say what to do when it ends soon."""
        return translate(_CURES[self.owner])


def endings(
    facility: Facility,
    newest: Sequence[NodeCertificateRow],
    authorities: Sequence[Certificate],
    noted: Callable[[str], int | None],
) -> Iterator[Ending]:
    """Yield all of them: those of nodes that the settings name, and of who signs theirs now."""
    for owner, key in NOTED.items():
        if (ends := noted(key)) and facility.broker.ca_file is not None:
            yield Ending(owner, "", ends)
    own = facility.own_edges()
    held: Mapping[str, NodeCertificateRow] = {row.node: row for row in newest if row.node in own}
    if held and authorities:
        yield Ending(Owner.NODES_AUTHORITY, "", authorities[-1].ends)
    yield from (Ending(Owner.NODE, row.node, row.ends) for row in held.values())
