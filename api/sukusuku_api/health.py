"""Whether the parts are there and data is coming."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, cast

from sukusuku_api.certificates import ends_of_certificates
from sukusuku_api.dependencies import Context
from sukusuku_api.schemas import health as out
from sukusuku_api.schemas import live
from sukusuku_core import __version__, drop_record, topics
from sukusuku_core.errors import SukusukuError
from sukusuku_core.time import MINUTE_MS, SECOND_MS, japan_time
from sukusuku_server.db import MailState
from sukusuku_server.db.doors import DoorRecords
from sukusuku_server.db.leases import Collector, collectors
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.facility_document.state import DocumentState
from sukusuku_server.facility_document.words import may_be_secret
from sukusuku_server.live.clock import ClockDoubt
from sukusuku_server.live.doors import sources
from sukusuku_server.live.left_out import left_out
from sukusuku_server.model import foreign, second_copy
from sukusuku_server.model.alerts import ChannelTally
from sukusuku_server.model.passed_over import REASONS, passed_over_key
from sukusuku_server.model.proofs import CURES as CURES_OF_PROOFS
from sukusuku_server.model.proofs import ProofState, proof_key
from sukusuku_server.model.series import Latest, LatestByAsset, Tally
from sukusuku_server.model.unreadable import CURES, unreadable_key
from sukusuku_server.settings import MAIL
from sukusuku_server.timeseries import PACKED, duplicates_key
from sukusuku_server.timeseries.influx.thinning import overdue
from sukusuku_server.timeseries.unassigned import DROPPED

DUPLICATE_MS = 2 * MINUTE_MS


def health(context: Context) -> out.HealthOut:
    """Return whether readings and alerts can be read, how old the newest reading is, and how each edge node is."""
    now, store = context.clock(), context.store
    latest: LatestByAsset = {}
    tallies: list[Tally] = []
    unassigned: list[Tally] = []
    dropped, doubt, undeleted, packed, hearing = 0, None, None, None, False
    try:
        readable, latest = store.live.available(), store.live.latest()
        hearing = not context.is_collector_away(now)
        tallies, unassigned = store.history.tallies(), store.history.unassigned()
        dropped, doubt = store.history.noted(DROPPED) or 0, context.clock_doubt()
        packed = store.history.noted(PACKED)
        undeleted = overdue(store.history, now) if context.facility.store.kind == "influx" else None
    except SukusukuError:
        readable = False
    mails = _mails(context)
    edges = _edges(context, latest, now)
    doors, channels = _doors(context, now), _channels(context)
    certificates = ends_of_certificates(context, now)
    waiting = _noted(context, second_copy.WAITING)
    failing = any(not channel.ok and (channel.kind is not None or channel.waiting) for channel in channels)
    document = _document(context)
    parts = readable and not failing and mails is not None and doubt is None and undeleted is None and document.right
    well = (
        parts
        and hearing
        and not waiting
        and not unassigned
        and not any(door.late for door in doors)
        and not any(certificate.late for certificate in certificates)
        and not any(edge.unreadable or _waits_for_key(edge) for edge in edges)
    )
    return out.HealthOut(
        status="ok" if well else "degraded",
        version=__version__,
        time=japan_time(now),
        store=readable,
        operations=mails is not None,
        collector=hearing,
        lease=_lease(context, context.facility.operator.id),
        groups=[out.GroupOut(id=it.id, lease=_lease(context, it.id)) for it in context.facility.group],
        clock=_clock(doubt),
        document=document,
        newest=live.last(_newest(*latest.values()), now),
        foreign=out.ForeignOut(
            claims=_noted(context, foreign.CLAIMS) or 0, states=_noted(context, foreign.STATES) or 0
        ),
        edges=edges,
        mails=mails,
        channels=channels,
        doors=doors,
        certificates=certificates,
        second_copy=out.SecondCopyOut(since=japan_time(waiting), cure=second_copy.CURE) if waiting else None,
        quarantine=[out.ReasonOut(reason=it.reason, count=it.count, last=japan_time(it.last)) for it in tallies],
        unassigned=_unassigned(unassigned),
        left_out=[
            out.LeftOutOut(asset=asset, last=japan_time(last))
            for asset, last in left_out(latest, context.index.assets).items()
        ],
        unassigned_dropped=dropped,
        packed_before=None if packed is None else japan_time(packed),
        undeleted_before=None if undeleted is None else japan_time(undeleted),
    )


def _lease(context: Context, shard: str) -> out.LeaseOut | None:
    try:
        found = collectors(context.operations, shard, context.facility.operations.lease_schema)
    except SukusukuError:
        return None
    if found is None:
        return None
    holder = None if found.holder is None else _collector(found.holder, context)
    return out.LeaseOut(holder=holder, standbys=[_collector(standby, context) for standby in found.standbys])


def _collector(found: Collector, context: Context) -> out.CollectorOut:
    trouble = found.trouble if context.key is None or not found.trouble else "it cannot work for this operator"
    return out.CollectorOut(name=found.name, since=japan_time(found.since), trouble=trouble)


def _document(context: Context) -> out.DocumentOut:
    try:
        found = context.document()
    except SukusukuError:
        found = DocumentState(None, context.restart)
    mistakes = context.mistakes if context.key is None else ()
    return out.DocumentOut(
        right=found.wrong_since is None,
        since=None if found.wrong_since is None else japan_time(found.wrong_since),
        mistakes=[out.MistakeOut(where=it.where, text="" if may_be_secret(it.where) else it.text) for it in mistakes],
        restart=[*found.waiting],
    )


def _waits_for_key(edge: out.EdgeOut) -> bool:
    """Tell whether nothing of an edge node can be acknowledged."""
    return edge.proofs is not None and edge.proofs.state == "unknown_key"


def _clock(doubt: ClockDoubt | None) -> out.ClockOut:
    if doubt is None:
        return out.ClockOut(believed=True)
    return out.ClockOut(
        believed=False,
        cause=cast("out.Cause", doubt.cause.name.lower()),
        since=japan_time(doubt.since),
        ahead=None if doubt.offset is None else doubt.offset / SECOND_MS,
        against=[out.AgainstOut(edge=edge, seconds=ms / SECOND_MS) for edge, ms in doubt.against],
    )


def _mails(context: Context) -> out.MailsOut | None:
    """None when the operations data cannot be read."""
    try:
        context.operations.alerts(open_only=True, limit=1)
        counts = MailQueue(context.operations).counts(MAIL)
    except SukusukuError:
        return None
    return out.MailsOut(waiting=counts.get(MailState.WAITING, 0), dead=counts.get(MailState.DEAD, 0))


def _channels(context: Context) -> list[out.ChannelOut]:
    try:
        tallies = MailQueue(context.operations).tallies()
    except SukusukuError:
        return []
    kinds = {channel.id: channel.kind for channel in context.facility.channel}
    tally_of = {ident: tallies.get(ident, ChannelTally()) for ident in dict.fromkeys([*kinds, *sorted(tallies)])}
    return [
        out.ChannelOut(
            id=ident,
            kind=kinds.get(ident),
            ok=ident in kinds and not tally.reason,
            waiting=tally.waiting,
            dead=tally.dead,
            oldest=None if tally.oldest is None else japan_time(tally.oldest),
            sent=None if tally.sent is None else japan_time(tally.sent),
            reason=tally.reason,
        )
        for ident, tally in tally_of.items()
    ]


def _doors(context: Context, now: int) -> list[out.DoorOut]:
    try:
        noted = DoorRecords(context.operations).all()
    except SukusukuError:
        return []
    return [
        out.DoorOut(
            door=cast("Literal['bookings', 'ngsi_ld', 'backup', 'reports']", it.door),
            id=it.id,
            ok=(it.door, it.id) in noted and it.exchanged.failing is None,
            late=it.late,
            taken=None if it.exchanged.taken is None else japan_time(it.exchanged.taken),
            failing=None if it.exchanged.failing is None else japan_time(it.exchanged.failing),
            reason=it.exchanged.reason,
        )
        for it in sources(context.facility, noted, now)
    ]


def _unassigned(tallies: Iterable[Tally]) -> list[out.UnassignedOut]:
    """Births and data of an asset together."""
    found: dict[tuple[str, str, str], list[Tally]] = {}
    for tally in tallies:
        topic = topics.parse(tally.topic)
        found.setdefault((topic.node, topic.device or topic.node, tally.reason), []).append(tally)
    return [
        out.UnassignedOut(
            edge=edge,
            asset=asset,
            reason=cast("out.Unassignable", reason),
            count=sum(item.count for item in items),
            first=japan_time(min(item.first for item in items)),
            last=japan_time(max(item.last for item in items)),
        )
        for (edge, asset, reason), items in sorted(found.items())
    ]


def _newest(*assets: Mapping[str, Latest]) -> int | None:
    return max((item.time for metrics in assets for item in metrics.values()), default=None)


def _edges(context: Context, latest: LatestByAsset, now: int) -> list[out.EdgeOut]:
    assets = context.index.assets.values()
    edges = []
    for edge in context.index.facility.edges():
        own = latest.get(edge, {})
        heard = _newest(own, *(latest.get(asset.id, {}) for asset in assets if asset.edge == edge))
        clock = own.get("Clock/Synced")
        edges.append(
            out.EdgeOut(
                id=edge,
                last=live.last(heard, now),
                version=_text(own, "Info/Version"),
                update=_text(own, "Info/Update"),
                waiting=_count(own, "Buffer/Rows"),
                dropped=_count(own, drop_record.DROPPED) or 0,
                last_loss=_loss(own.get(drop_record.DROPPED_RANGE)),
                clock_set=clock.value if clock is not None and isinstance(clock.value, bool) else None,
                duplicate=_duplicate(context, edge, now),
                proofs=_proofs(context, edge, own),
                passed_over=list(_passed_over(context, edge)),
                unreadable=list(_unreadable(context, edge)),
            )
        )
    return edges


def _count(own: Mapping[str, Latest], metric: str) -> int | None:
    item = own.get(metric)
    return int(item.value) if item is not None and isinstance(item.value, int) else None


def _text(own: Mapping[str, Latest], metric: str) -> str | None:
    item = own.get(metric)
    return item.value if item is not None and isinstance(item.value, str) else None


def _loss(item: Latest | None) -> out.LossOut | None:
    found = drop_record.decode(item.value) if item is not None and isinstance(item.value, str) else None
    if item is None or found is None:
        return None
    try:
        told, start, end = japan_time(item.time), japan_time(found.start), japan_time(found.end)
    except (ValueError, OverflowError, OSError):  # a time that no calendar knows
        return None
    return out.LossOut(told=told, start=start, end=end, assets=[*found.assets], more=found.more)


def _noted(context: Context, key: str) -> int | None:
    try:
        return context.store.live.noted(key)
    except SukusukuError:
        return None


def _proofs(context: Context, edge: str, own: Mapping[str, Latest]) -> out.ProofsOut | None:
    noted = _noted(context, proof_key(edge))
    if not noted:
        return None
    state = ProofState(noted)
    return out.ProofsOut(
        state=cast("Literal['no_key', 'proved', 'not_asked', 'unknown_key']", state.name.lower()),
        refused=_count(own, "Refused/Acknowledgements") or 0,
        cure=CURES_OF_PROOFS.get(state, ""),
    )


def _passed_over(context: Context, edge: str) -> Iterator[out.PassedOverOut]:
    for reason, cure in REASONS.items():
        if count := _noted(context, passed_over_key(edge, reason)):
            yield out.PassedOverOut(reason=cast("Literal['unmapped', 'type']", reason), count=count, cure=cure)


def _unreadable(context: Context, edge: str) -> Iterator[out.UnreadableOut]:
    for reason, cure in CURES.items():
        if since := _noted(context, unreadable_key(edge, reason)):
            yield out.UnreadableOut(reason=cast("out.Unreadable", reason), since=japan_time(since), cure=cure)


def _duplicate(context: Context, edge: str, now: int) -> bool:
    """Return the collector notes every sign of a second edge node; a person has some time to see that there was one."""
    noted = _noted(context, duplicates_key(edge))
    return noted is not None and now - noted < DUPLICATE_MS
