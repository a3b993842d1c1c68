"""The shapes in which the API shows whether the parts are there: edge nodes, mails, quarantine."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from sukusuku_api.schemas.collection import Shape
from sukusuku_api.schemas.live import LastOut

Unassignable = Literal["unknown-asset", "wrong-edge", "unknown-zone"]

Unreadable = Literal["no-birth", "alias", "two-nodes", "message"]

_TIME = "2026-11-20T09:15:30+09:00"


class LossOut(Shape):
    """What an edge node had to drop when its buffer was full."""

    told: datetime = Field(description="When the edge node dropped it", examples=[_TIME])
    start: datetime = Field(description="The oldest dropped reading was measured then", examples=[_TIME])
    end: datetime = Field(description="The newest", examples=[_TIME])
    assets: list[str] = Field(description="Ids")
    more: int = Field(description="Assets that found no room in `assets`")


class UnreadableOut(Shape):
    """Why nothing of an edge node, or of one of its devices, can be stored. Its assets are stale meanwhile."""

    reason: Unreadable
    since: datetime = Field(examples=[_TIME])
    cure: str = Field(description="What a person can do")


class PassedOverOut(Shape):
    """Metrics of an edge node that are not stored, by design. They do no harm."""

    reason: Literal["unmapped", "type"]
    count: int = Field(description="Different metrics since the collector's start; its log names them")
    cure: str = Field(description="Why, and what a person can do")


class ProofsOut(Shape):
    """Whether an edge node of ours believes an acknowledgement only with the collector's proof."""

    state: Literal["no_key", "proved", "not_asked", "unknown_key"] = Field(
        description="`unknown_key`: it has a key that the collector has not, and its readings wait there"
    )
    refused: int = Field(description="Acknowledgements that it has refused since its start: somebody forges them")
    cure: str = Field(description="What a person can do; empty: nothing needs to be done")


class ForeignOut(Shape):
    """What somebody else has said in the collector's name since its start. It is not believed."""

    claims: int = Field(description="Times that another collector said, without a proof, that it came first")
    states: int = Field(description="STATE messages of others on the topic of our host id")


class EdgeOut(Shape):
    """An edge node that speaks for assets: a Raspberry Pi, or a gateway of another make."""

    id: str
    last: LastOut | None = Field(description="The newest reading of it or its assets; null: never heard")
    version: str | None = Field(description="Of our edge agent; null: unknown, or of another make")
    update: str | None = Field(description="What became of its newest update; null: it has made none")
    waiting: int | None = Field(description="Readings in its outbox, as last reported")
    dropped: int = Field(description="Readings dropped so far because its outbox was full")
    last_loss: LossOut | None = Field(description="The last dropped readings")
    clock_set: bool | None = Field(
        description="false: not set, its times are checked against the time of receipt; null: unknown"
    )
    duplicate: bool = Field(
        description="Two edge nodes use this identity: nothing from either is stored until one stops"
    )
    proofs: ProofsOut | None = Field(description="null: not born since the collector's first start, or of another make")
    passed_over: list[PassedOverOut]
    unreadable: list[UnreadableOut] = Field(description="What it sends cannot be read, for ten seconds or more")


class MailsOut(Shape):
    """Mails that have not arrived."""

    waiting: int = Field(description="Mails that are still to be sent")
    dead: int = Field(description="Mails that the mail server refused for good")


class ChannelOut(Shape):
    """Messages of a channel beside mail (`[[channel]]`)."""

    id: str = Field(examples=["teams"])
    kind: str | None = Field(description="null: it is not in the settings, and what waits for it is not sent")
    ok: bool = Field(
        description="false: a message that waits has been tried in vain, or the newest that was settled was set aside"
    )
    waiting: int = Field(description="Messages that are still to be sent")
    dead: int = Field(description="Messages that were refused for good, or could not be sent in time")
    oldest: datetime | None = Field(description="When the oldest one was written that still waits")
    sent: datetime | None = Field(description="When the newest one was taken")
    reason: str = Field(description="Why the newest one that was not taken was not; without addresses and tokens")


class DoorOut(Shape):
    """What data come from or go to: a feed or folder of bookings, a context broker, backups, reports by mail."""

    door: Literal["bookings", "ngsi_ld", "backup", "reports"]
    id: str = Field(description="`folder`, `feed/ID`, `broker` or `outbox`", examples=["feed/reservations"])
    ok: bool = Field(description="The newest exchange has succeeded")
    late: bool = Field(
        description="Nothing was taken for longer than the settings allow, or the folder holds what is refused; of "
        "`reports`: they are due for more than two hours"
    )
    taken: datetime | None = Field(
        description="When something was last taken; of `backup`: when the last good one was made; of `reports`: when "
        "all mails that were due were made; null: never",
        examples=[_TIME],
    )
    failing: datetime | None = Field(description="Since when nothing is taken; null: it is")
    reason: str = Field(description="Why the newest exchange failed; without addresses and contents of files")


class CertificateOut(Shape):
    """A certificate by which edge nodes and broker know each other."""

    owner: Literal["node", "broker", "broker_authority", "nodes_authority"]
    node: str = Field(description="Of `node`: which; else empty")
    ends: datetime = Field(examples=[_TIME])
    late: bool = Field(description="It ends within 14 days, or has ended")
    text: str = Field(description="The same in words")
    cure: str = Field(description="What a person can do; empty: nothing needs to be done")


class SecondCopyOut(Shape):
    """Readings that edge nodes keep, because a second copy lacks them (`[store] acknowledge = "replicated"`)."""

    since: datetime = Field(description="Since when nothing is acknowledged to some edge node", examples=[_TIME])
    cure: str = Field(description="What a person can do")


class CollectorOut(Shape):
    """A collector that works, or stands by."""

    name: str = Field(examples=["process 812 on server-1"])
    since: datetime = Field(description="By the clock of the database", examples=[_TIME])
    trouble: str | None = Field(default=None, description="Why it cannot work for this operator; null: it can")


class LeaseOut(Shape):
    """The collectors of this operator, of which only the holder of the lease works."""

    holder: CollectorOut | None = Field(description="null: none works, and one that stands by takes over in seconds")
    standbys: list[CollectorOut]


class GroupOut(Shape):
    """A group of sites, and the collectors that share the groups of this operator."""

    id: str
    lease: LeaseOut | None = Field(description="null: no collector has ever worked for it")


class ReasonOut(Shape):
    """What is in the quarantine for one reason."""

    reason: str = Field(examples=["unknown-metric"])
    count: int
    last: datetime = Field(description="When the last one was received", examples=[_TIME])


class UnassignedOut(Shape):
    """Readings that `facility.toml` does not assign. They are kept, and stored at the next start once it does."""

    edge: str = Field(description="The edge node that sent them")
    asset: str = Field(description="Asset id as the edge node sends it")
    reason: Unassignable
    count: int = Field(description="Messages")
    first: datetime = Field(description="When the first one was received", examples=[_TIME])
    last: datetime = Field(description="When the last one was received", examples=[_TIME])


class QuarantinedOut(Shape):
    """A message, or a metric of it, that could not be stored as a reading."""

    received: datetime = Field(examples=[_TIME])
    topic: str
    reason: str = Field(examples=["unknown-metric"])
    detail: str


class QuarantineOut(Shape):
    """The newest of the quarantine."""

    time: datetime = Field(examples=[_TIME])
    messages: list[QuarantinedOut]


Cause = Literal["outvoted", "stepped", "behind", "long_away", "not_set", "starting"]


class AgainstOut(Shape):
    """An edge node whose clock contradicts that of the server."""

    edge: str
    seconds: float = Field(description="Its time minus that of the server")


class ClockOut(Shape):
    """Whether the collector believes the server's clock. While it does not, alerts, mails and derived series wait."""

    believed: bool
    cause: Cause | None = Field(
        default=None,
        description="`outvoted`: edge nodes agree on another time. `stepped`: it has jumped. `behind`: before what is "
        "stored. `long_away`: a day or more after it, and nobody confirms it. `not_set`: before 2025. `starting`: the "
        "server has just started",
    )
    since: datetime | None = Field(default=None, description="In doubt since", examples=[_TIME])
    ahead: float | None = Field(default=None, description="Seconds (negative: behind); null: not known")
    against: list[AgainstOut] = Field(default=[], description="Edge nodes that contradict it")


class MistakeOut(Shape):
    """What is wrong in `facility.toml`."""

    where: str = Field(description="Key path; empty: the whole file", examples=["site[0].unit[1].id"])
    text: str = Field(description="What was found and what is allowed; empty where the value may be secret")


class DocumentOut(Shape):
    """Whether `facility.toml` as it is now is in use. While it is wrong, the settings of before are."""

    right: bool
    since: datetime | None = Field(default=None, description="Wrong since", examples=[_TIME])
    mistakes: list[MistakeOut] = Field(default=[], description="Only for whoever sees the whole operator")
    restart: list[str] = Field(default=[], description="Keys whose change waits for a restart", examples=[["web.port"]])


class LeftOutOut(Shape):
    """A room or unit that was measured and is not in the settings any more."""

    asset: str = Field(examples=["tobu-room"])
    last: datetime = Field(description="When it was last measured", examples=[_TIME])


class HealthOut(Shape):
    """State of the parts of the system."""

    status: Literal["ok", "degraded"] = Field(
        description="`degraded`: store, operations or collector is false, a channel takes nothing, readings are "
        "unassigned, an edge node is unreadable, the clock is in doubt, the settings are wrong, a door is late, a "
        "certificate ends within 14 days, or acknowledgements wait for a second copy"
    )
    version: str
    time: datetime = Field(examples=[_TIME])
    store: bool = Field(description="Readings can be read")
    operations: bool = Field(description="Alerts can be read")
    collector: bool = Field(
        description="false: the collector has not said for 90 seconds that it hears its broker, so nothing that is "
        "stored can be taken for the present, and every unit and room is `silent`"
    )
    lease: LeaseOut | None = Field(description="null: only one can run, or the operations data are unreadable")
    groups: list[GroupOut] = Field(default=[], description="Groups of sites; the lease of all else is `lease`")
    clock: ClockOut = Field(description="The server's clock, as the collector judges it")
    document: DocumentOut = Field(description="The settings")
    newest: LastOut | None = Field(description="The newest reading of all assets")
    foreign: ForeignOut
    edges: list[EdgeOut]
    mails: MailsOut | None = Field(description="null: the operations data cannot be read")
    channels: list[ChannelOut] = Field(
        description="Channels beside mail; empty when the operations data are unreadable"
    )
    doors: list[DoorOut] = Field(description="Empty when the operations data are unreadable")
    certificates: list[CertificateOut] = Field(description="Of edge nodes and broker; empty: there are none")
    second_copy: SecondCopyOut | None = Field(description="null: nothing waits for it")
    quarantine: list[ReasonOut]
    unassigned: list[UnassignedOut]
    left_out: list[LeftOutOut] = Field(
        description="Rooms and units that are in no figure, also not of their time, because `facility.toml` has them "
        "no more. One that is given up stays there, with its last day (`until`)"
    )
    unassigned_dropped: int = Field(description="Unassigned messages dropped for lack of space: lost")
    packed_before: datetime | None = Field(
        description="Readings from before this are packed into little room; null: none are yet", examples=[_TIME]
    )
    undeleted_before: datetime | None = Field(
        description="Raw counts of rooms from before this should be gone from InfluxDB for two days and are not; "
        "null: as it should be",
        examples=[None],
    )
