"""When certificates end, as health says it and in the words of pages and commands."""

from collections.abc import Iterator, Sequence
from typing import Literal, cast

from sukusuku_api.dependencies import Context
from sukusuku_api.schemas.health import CertificateOut, HealthOut
from sukusuku_core.errors import SukusukuError
from sukusuku_core.time import japan_time
from sukusuku_server.db.node_certificates import NodeCertificates
from sukusuku_server.i18n import texts
from sukusuku_server.live.certificates import Ending, Owner, endings


def ends_of_certificates(context: Context, now: int) -> list[CertificateOut]:
    """Return those of nodes and broker; none that cannot be read."""
    return [
        CertificateOut(
            owner=cast("Literal['node', 'broker', 'broker_authority', 'nodes_authority']", str(it.owner)),
            node=it.node,
            ends=japan_time(it.ends),
            late=it.late(now),
            text=it.said(now, str),
            cure=it.cure(str) if it.late(now) else "",
        )
        for it in _found(context)
    ]


def late_certificates(health: HealthOut, language: str) -> Iterator[tuple[str, str]]:
    """Yield in words what ends soon or has ended, and what to do about it."""
    translate, now = texts("sukusuku_server", language).gettext, round(health.time.timestamp() * 1000)
    for it in health.certificates:
        if it.late:
            ending = Ending(Owner(it.owner), it.node, round(it.ends.timestamp() * 1000))
            yield ending.said(now, translate), ending.cure(translate)


def _found(context: Context) -> Sequence[Ending]:
    records = NodeCertificates(context.operations)

    def noted(key: str) -> int | None:
        try:
            return context.store.live.noted(key)
        except SukusukuError:
            return None

    try:
        return list(endings(context.facility, records.newest(), records.authorities(), noted))
    except SukusukuError:
        return list(endings(context.facility, (), (), noted))
