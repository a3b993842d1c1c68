"""Sparkplug's rules for what an edge node says within a session, read from recorded packets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sukusuku_core import sparkplug, topics
from sukusuku_core.topics import MessageType
from tests.support.mqtt_packets import Direction, Kind, Packet

SEQ_MODULUS = 256


@dataclass(slots=True)
class _Session:
    bdseq: object = None
    seq: int | None = None
    asked: bool = False
    """Something came down that may ask for a birth: a command, or STATE."""
    born: set[str | None] = field(default_factory=set)


def breaches(packets: Iterable[Packet]) -> Iterator[str]:
    """What is wrong with the messages that went up, in words: births twice, gaps in `seq`, a foreign `bdSeq`."""
    sessions: dict[int, _Session] = {}
    for packet in packets:
        session = sessions.setdefault(packet.connection, _Session())
        if packet.connect is not None:
            session.bdseq = _bdseq(packet.connect.will_payload)
        elif packet.kind is Kind.PUBLISH and packet.direction is Direction.DOWN:
            session.asked = True
        elif packet.kind is Kind.PUBLISH and topics.parse(packet.topic).type is not MessageType.NDEATH:
            for fault in _message(session, packet):
                yield f"connection {packet.connection}, {packet.topic}: {fault}"


def _message(session: _Session, packet: Packet) -> Iterator[str]:
    topic = topics.parse(packet.topic)
    seq = sparkplug.decode(packet.payload).seq
    if topic.type is MessageType.NBIRTH:
        if session.born and not session.asked:
            yield "a second birth that nobody asked for"
        session.born, session.seq, session.asked = {None}, None, False
        if _bdseq(packet.payload) != session.bdseq:
            yield f"bdSeq {_bdseq(packet.payload)}, the will has {session.bdseq}"
    expected = 0 if session.seq is None else (session.seq + 1) % SEQ_MODULUS
    if seq != expected:
        yield f"seq {seq} instead of {expected}"
    session.seq = seq
    if topic.type is MessageType.DBIRTH:
        if topic.device in session.born:
            yield "born twice"
        session.born.add(topic.device)
    elif topic.type is MessageType.DDEATH:
        session.born.discard(topic.device)


def _bdseq(payload: bytes) -> object:
    return sparkplug.metric_value(sparkplug.decode(payload).metrics, sparkplug.BDSEQ)
