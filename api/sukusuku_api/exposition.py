"""Health as metrics for Prometheus. The one file that knows prometheus_client. Pure.

What is here is what `GET /api/v1/health` says, so both always agree, and the collector's own figures. Labels are ids of
edge nodes, channels and doors; no person and no count of children is in them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from sukusuku_api.schemas.health import EdgeOut, HealthOut
from sukusuku_server.kpi import series
from sukusuku_server.model.series import SeriesOwner

MEDIA_TYPE = CONTENT_TYPE_LATEST
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])|/")
_UNITS = {"s": "_seconds", "1/min": "_per_minute"}

Values = Mapping[str, float | None]


def exposition(health: HealthOut, figures: Mapping[str, float]) -> bytes:
    """Return all metrics as text. `figures` are the newest of the collector's own, by their name in the store."""
    registry = CollectorRegistry()
    registry.register(_Fixed([*_whole(health), *_edges(health.edges), *_others(health), *_own(figures)]))
    return generate_latest(registry)


class _Fixed(Collector):
    """Gives what was made already."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Sequence[Metric]:
        return self._metrics


def _whole(health: HealthOut) -> Iterator[Metric]:
    yield InfoMetricFamily("sukusuku", "Version of the server", {"version": health.version})
    for name, told, value in (
        ("healthy", "1: /api/v1/health says ok", health.status == "ok"),
        ("store_readable", "1: readings can be read", health.store),
        ("operations_readable", "1: the operations data can be read", health.operations),
        ("collector_hears", "1: the collector says that it hears its broker", health.collector),
        ("clock_believed", "1: the collector believes the server's clock", health.clock.believed),
        ("settings_right", "1: facility.toml as it is now is in use", health.document.right),
    ):
        yield GaugeMetricFamily(f"sukusuku_{name}", told, float(value))
    if health.lease is not None:
        held, standbys = health.lease.holder is not None, sum(it.trouble is None for it in health.lease.standbys)
        yield _gauge("lease_held", "1: a collector holds the lease of the operator", {"": held}, None)
        yield _gauge("collectors_standing_by", "Collectors that would take over", {"": standbys}, None)
    if health.groups:
        held_of = {it.id: it.lease is not None and it.lease.holder is not None for it in health.groups}
        yield _gauge("group_lease_held", "1: a collector holds the lease of a group of sites", held_of, "group")
    waiting = 0.0 if health.second_copy is None else (health.time - health.second_copy.since).total_seconds()
    yield _gauge("second_copy_waiting_seconds", "So long readings wait for a second copy", {"": waiting}, None)
    newest = None if health.newest is None else health.newest.age
    yield _gauge("newest_reading_age_seconds", "Age of the newest reading of all assets", {"": newest}, None)
    yield CounterMetricFamily(
        "sukusuku_foreign_claims", "Claims of other collectors, not believed", health.foreign.claims
    )
    yield CounterMetricFamily("sukusuku_foreign_states", "STATE messages of others on our topic", health.foreign.states)
    yield CounterMetricFamily(
        "sukusuku_unassigned_dropped", "Unassigned messages dropped for lack of space: lost", health.unassigned_dropped
    )


def _edges(edges: Sequence[EdgeOut]) -> Iterator[Metric]:
    ages = {edge.id: None if edge.last is None else edge.last.age for edge in edges}
    yield _gauge("edge_heard_age_seconds", "Age of the newest reading of an edge node or its assets", ages)
    yield _gauge("edge_waiting_readings", "Readings in its outbox, as last told", {it.id: it.waiting for it in edges})
    yield _counter(
        "edge_dropped_readings", "Readings that it dropped: its outbox was full", {it.id: it.dropped for it in edges}
    )
    proved = {it.id: it.proofs for it in edges if it.proofs is not None}
    yield _counter(
        "edge_refused_acknowledgements",
        "Forged acknowledgements that it refused since its start",
        {ident: proofs.refused for ident, proofs in proved.items()},
    )
    yield _gauge(
        "edge_proved",
        "1: it deletes a reading only on the collector's proof",
        {ident: proofs.state == "proved" for ident, proofs in proved.items()},
    )
    yield _gauge("edge_duplicate", "1: two edge nodes use this identity", {it.id: it.duplicate for it in edges})
    yield _gauge("edge_unreadable", "1: what it sends cannot be read", {it.id: bool(it.unreadable) for it in edges})


def _others(health: HealthOut) -> Iterator[Metric]:
    waiting = {channel.id: channel.waiting for channel in health.channels}
    dead = {channel.id: channel.dead for channel in health.channels}
    if health.mails is not None:
        waiting, dead = {"mail": health.mails.waiting, **waiting}, {"mail": health.mails.dead, **dead}
    yield _gauge("messages_waiting", "Messages that are still to be sent", waiting, "channel")
    yield _gauge("messages_dead", "Messages that were refused for good", dead, "channel")
    doors = {f"{door.door}/{door.id}": door for door in health.doors}
    ages = {
        name: None if door.taken is None else max(0.0, (health.time - door.taken).total_seconds())
        for name, door in doors.items()
    }
    yield _gauge(
        "door_age_seconds", "Since something was last taken; of backup/folder: since the last good one", ages, "door"
    )
    yield _gauge(
        "door_late", "1: nothing was taken for too long", {name: it.late for name, it in doors.items()}, "door"
    )
    ends = {f"{it.owner}/{it.node}" if it.node else it.owner: it.ends.timestamp() for it in health.certificates}
    yield _gauge("certificate_ends_timestamp_seconds", "When a certificate ends (Unix time)", ends, "certificate")
    quarantined = {reason.reason: reason.count for reason in health.quarantine}
    yield _gauge("quarantined_rows", "What was received and is no reading", quarantined, "reason")
    unassigned = {f"{it.edge}/{it.asset}": it.count for it in health.unassigned}
    yield _gauge("unassigned_messages", "Messages that wait for facility.toml to name their asset", unassigned, "asset")


def _own(figures: Mapping[str, float]) -> Iterator[Metric]:
    for figure in series.of(SeriesOwner.HOST):
        if figure.name in figures:
            name = _WORD.sub("_", figure.name).lower()
            yield GaugeMetricFamily(
                f"sukusuku_collector_{name}{_UNITS.get(figure.unit, '')}", figure.en, figures[figure.name]
            )


def _gauge(name: str, told: str, values: Values, label: str | None = "edge") -> Metric:
    """Return a gauge; what is not known is left out."""
    family = GaugeMetricFamily(f"sukusuku_{name}", told, labels=[] if label is None else [label])
    for ident, value in values.items():
        if value is not None:
            family.add_metric([] if label is None else [ident], float(value))
    return family


def _counter(name: str, told: str, values: Values) -> Metric:
    family = CounterMetricFamily(f"sukusuku_{name}", told, labels=["edge"])
    for ident, value in values.items():
        if value is not None:
            family.add_metric([ident], float(value))
    return family
