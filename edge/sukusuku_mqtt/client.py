"""One MQTT session on asyncio, over paho-mqtt.

paho is driven by the event loop's readers and writers, without a thread of its own, so that many messages become one
batch. A new object serves every session and nothing reconnects by itself: paho would otherwise resend the publishes of
older sessions after the new birth.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sukusuku_core.broker_settings import MqttSettings
from sukusuku_core.ending import end
from sukusuku_core.errors import TransientError
from sukusuku_mqtt import broker_limits, paho_client
from sukusuku_mqtt.broker_limits import BrokerLimits
from sukusuku_mqtt.messages import Message, Outgoing, TooLargeError, Will
from sukusuku_mqtt.paho_client import Client
from sukusuku_mqtt.subscriptions import Subscriptions

BATCH = 256
"""Most messages that one readiness of the socket hands on."""


class MqttSession:
    """`async with MqttSession(settings, will) as session`: connected on entry, disconnected on exit.

    A will may also be made when it is needed: once the server has accepted the connection, before CONNECT is sent.

    Raises TransientError on entry when the broker cannot be reached or refuses, and from `receive`, `publish` and
    `flush` when the session has ended. The broker keeps nothing of it: clean session in MQTT 3.1.1, clean start and
    session expiry 0 in MQTT 5. Limits that a broker names in MQTT 5 are kept: QoS 1 messages beyond its receive maximum
    wait here, and one that is too large raises TooLargeError instead of ending the session. Topic aliases are not used.
    One that acknowledges nothing for one and a half `keepalive` though something waits for it has ended the session: it
    answers pings, and may be cut off from the rest of its cluster.
    A packet above `paho_client.LARGEST_PACKET` ends the session before it is in memory; in MQTT 5 the broker does not
    send it.
    """

    def __init__(self, settings: MqttSettings, will: Will | Callable[[], Awaitable[Will]] | None = None) -> None:
        self._settings = settings
        self._five = settings.protocol == "5"
        self._client = Client(
            self._take,
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if self._five else True,
            protocol=MQTTProtocolVersion.MQTTv5 if self._five else MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.max_queued_messages_set(0)
        self._client.max_inflight_messages_set(1000)
        if settings.username is not None:
            self._client.username_pw_set(settings.username, settings.password)
        self._make_will: Callable[[], Awaitable[Will]] | None = None
        if isinstance(will, Will):
            self._set_will(will)
        else:
            self._make_will = will
        self._inbox: deque[Message] = deque()
        self._arrived = asyncio.Event()
        self._limits = BrokerLimits()
        self._subscriptions = Subscriptions(self._ask, self._later)
        self._unacknowledged: dict[int, Callable[[], None] | None] = {}
        self._acknowledged = 0.0
        """When the broker last acknowledged one of these, or the first of them was sent; by the event loop."""
        self._waiting: deque[Outgoing] = deque()
        """Messages behind one at QoS 1 for which the broker has no room yet."""
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._closed: str | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connack: asyncio.Future[None] | None = None
        self._socket: Any = None

    # ------------------------------------------------------------ life

    async def __aenter__(self) -> Self:
        where = f"{self._settings.host}:{self._settings.port}"
        self._loop = asyncio.get_running_loop()
        self._connack = self._loop.create_future()
        self._client.connect_timeout = self._settings.connect_timeout
        try:
            await asyncio.to_thread(self._connect)
        except (OSError, ValueError, ssl.SSLError) as error:
            self._end(str(error))
            raise TransientError(f"MQTT broker {where}: cannot connect: {error}") from error
        except BaseException as error:  # no will could be made, or this was cancelled
            self._end(str(error))
            raise
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_socket_register_write = lambda *_: self._watch_writes(on=True)
        self._client.on_socket_unregister_write = lambda *_: self._watch_writes(on=False)
        self._client.on_socket_close = lambda *_: self._unwatch()
        self._socket = self._client.socket()
        if self._socket is None:  # in TLS 1.3 a server judges our certificate after the handshake
            self._end("ended by the broker")
            raise TransientError(f"MQTT broker {where}: it ends the connection at once: see its log{self._shown()}")
        self._loop.add_reader(self._socket, self._read)
        if self._client.want_write():
            self._watch_writes(on=True)
        self._ticker = asyncio.create_task(self._tick(), name=f"mqtt-{self._settings.client_id}")
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                await self._connack
        except TimeoutError:
            await self.close()
            raise TransientError(f"MQTT broker {where}: no answer to CONNECT") from None
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _shown(self) -> str:
        file = self._settings.cert_file
        return "" if file is None else f"; it may not accept the certificate {file}"

    def _set_will(self, will: Will) -> None:
        self._client.will_set(will.topic, will.payload, will.qos, will.retain)

    def _opened(self, *_: Any) -> None:
        """Make the will. Runs in the thread that connects, between the connection of the sockets and CONNECT."""
        if self._make_will is not None and self._loop is not None:
            made = asyncio.run_coroutine_threadsafe(_awaited(self._make_will()), self._loop)
            self._set_will(made.result(self._settings.connect_timeout))

    def _connect(self) -> None:
        host, port = self._settings.host, self._settings.port
        self._trust()
        self._client.on_socket_open = self._opened
        keepalive = max(1, self._settings.keepalive * 3 // 4)  # paho takes two of its own to give up
        if not self._five:
            self._client.connect(host, port, keepalive)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it without types
        properties.SessionExpiryInterval = 0
        properties.MaximumPacketSize = paho_client.LARGEST_PACKET  # the broker drops what is larger
        self._client.connect(host, port, keepalive, clean_start=True, properties=properties)

    def _trust(self) -> None:
        settings = self._settings
        if settings.ca_file is None:
            return
        try:
            self._client.tls_set(
                str(settings.ca_file),
                str(settings.cert_file) if settings.cert_file else None,
                str(settings.key_file) if settings.key_file else None,
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )
        except OSError as error:
            named = [str(file) for file in (settings.ca_file, settings.cert_file, settings.key_file) if file]
            raise OSError(f"TLS files {', '.join(named)}: {error}") from error

    async def close(self, *, with_will: bool = False) -> None:
        """DISCONNECT and let go of the socket.

        The broker drops the will, unless it is asked for `with_will`; MQTT 3.1.1 has no way to ask for it.
        """
        ticker, self._ticker = self._ticker, None
        try:
            if ticker is not None:
                await end([ticker])
        finally:
            self._let_go(with_will=with_will)

    def _let_go(self, *, with_will: bool) -> None:
        if self._closed is None:
            self._client.send_joined()
            kept = self._five and with_will
            self._client.disconnect(
                ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message") if kept else None
            )
            self._client.loop_write()
        self._end("closed here")

    async def abort(self) -> None:
        """Drop the connection without DISCONNECT: the broker sends the will, as after a crash."""
        self._end("aborted here")
        await self.close()

    # ------------------------------------------------------------ talk

    def subscribe(self, filters: list[str] | tuple[str, ...]) -> None:
        """Ask for topics. The broker's answer is not waited for: messages follow it on the same connection.

        What it refuses is asked for again, with growing pauses.
        """
        self._check()
        self._client.send_joined()
        self._subscriptions.ask(filters)

    def _ask(self, filters: Sequence[str]) -> int | None:
        if self._closed is not None:
            return None
        qos: int = self._settings.subscribe_qos
        return self._client.subscribe([(item, qos) for item in filters])[1]

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        if self._loop is not None:
            self._loop.call_later(seconds, what)

    def _on_subscribe(self, _client: Any, _data: Any, mid: int, reasons: Sequence[Any], _properties: Any) -> None:
        self._subscriptions.answered(mid, reasons)

    def unsubscribe(self, filters: list[str] | tuple[str, ...]) -> None:
        """Ask for topics no more. What the broker has sent already still arrives."""
        self._check()
        self._subscriptions.drop(filters)
        self._client.send_joined()
        self._client.unsubscribe(list(filters))

    @property
    def largest(self) -> int | None:
        """Bytes of the largest payload that the broker takes on any topic of ours; None: it has not said."""
        return self._limits.payload

    def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 0,
        *,
        retain: bool = False,
        confirmed: Callable[[], None] | None = None,
    ) -> None:
        """Hand a message to the socket. `flush` waits until QoS 1 messages are acknowledged by the broker.

        `confirmed` is called when this one is. Raises TooLargeError when the broker has said that it takes no message
        so large.
        """
        self._check()
        size = self._limits.too_large(topic, payload)
        if size is not None:
            raise TooLargeError(
                f"MQTT publish to {topic}: {size} bytes; the broker {self._settings.host}:{self._settings.port} takes "
                f"{self._limits.packet}: raise its limit (Mosquitto: max_packet_size)"
            )
        qos = min(qos, self._limits.qos)
        message = Outgoing(topic, payload, qos, retain and self._limits.retain, confirmed)
        if self._waiting or not self._has_room(message):
            self._waiting.append(message)  # also at QoS 0: no message overtakes another
        else:
            self._send(message)

    def _has_room(self, message: Outgoing) -> bool:
        return message.qos == 0 or len(self._unacknowledged) < self._limits.unacknowledged

    def _send(self, message: Outgoing) -> None:
        if message.qos == 0:
            if self._client.join(message.topic, message.payload, retain=message.retain):
                asyncio.get_running_loop().call_soon(self._client.send_joined)
            if message.confirmed is not None:
                message.confirmed()  # the broker can do no better
            return
        self._client.send_joined()
        info = self._client.publish(message.topic, message.payload, message.qos, message.retain)
        if info.rc not in {paho.MQTT_ERR_SUCCESS, paho.MQTT_ERR_AGAIN}:
            raise TransientError(f"MQTT publish to {message.topic}: {paho.error_string(info.rc)}")
        if not info.is_published():
            if not self._unacknowledged:
                self._acknowledged = self._now()
            self._unacknowledged[info.mid] = message.confirmed
            self._quiet.clear()

    async def flush(self) -> None:
        """Wait until every QoS 1 message is acknowledged by the broker."""
        while self._unacknowledged:
            self._check()
            await self._quiet.wait()
        self._check()

    async def receive(self) -> list[Message]:
        """Return the messages that have arrived, at least one."""
        while not self._inbox:
            self._check()
            self._arrived.clear()
            await self._arrived.wait()
        batch = list(self._inbox)
        self._inbox.clear()
        return batch

    # ------------------------------------------------------------ inside

    def _check(self) -> None:
        if self._closed is not None:
            raise TransientError(f"MQTT session with {self._settings.host}:{self._settings.port} ended: {self._closed}")

    def _read(self) -> None:
        for _ in range(BATCH):
            before = len(self._inbox)
            if self._client.loop_read() != paho.MQTT_ERR_SUCCESS:
                break
            if len(self._inbox) == before and not self._client.unread:
                break
        if self._inbox:
            self._arrived.set()
        if self._client.unread and self._closed is None:  # the socket will not tell of it
            asyncio.get_running_loop().call_soon(self._read)

    def _write(self) -> None:
        self._client.loop_write()

    async def _tick(self) -> None:
        patience = self._settings.keepalive * 1.5
        while self._client.loop_misc() == paho.MQTT_ERR_SUCCESS:
            if self._unacknowledged and self._now() - self._acknowledged > patience:
                self._end(f"the broker has acknowledged nothing for {patience:g} s: is it cut off from its cluster?")
                return
            await asyncio.sleep(1)
        self._end("no answer from the broker within the keep-alive time")

    def _now(self) -> float:
        return 0.0 if self._loop is None else self._loop.time()

    def _watch_writes(self, *, on: bool) -> None:
        if self._loop is None or self._socket is None:
            return
        if on:
            self._loop.add_writer(self._socket, self._write)
        else:
            self._loop.remove_writer(self._socket)

    def _unwatch(self) -> None:
        if self._loop is not None and self._socket is not None and self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket = None

    def _end(self, why: str) -> None:
        if self._closed is None:
            self._closed = why
            sock = self._client.socket()
            self._unwatch()
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.close()
        self._arrived.set()
        self._quiet.set()
        if self._connack is not None and not self._connack.done():
            self._connack.set_exception(TransientError(f"MQTT session ended: {why}"))
            self._connack.exception()  # seen: nobody may be waiting any more

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if self._connack is None or self._connack.done():
            return
        if reason.is_failure:
            self._connack.set_exception(TransientError(f"MQTT broker refuses: {reason}"))
        else:
            self._limits = broker_limits.told(properties)
            self._connack.set_result(None)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        refused = self._client.refused
        if refused is not None:
            reason = f"a packet of {refused} bytes came; limit them at the broker (Mosquitto: max_packet_size 1048576)"
        self._end(str(reason))

    def _take(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - for each message
        self._inbox.append(Message(topic, payload, retain))

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self._take(message.topic, bytes(message.payload), message.retain)

    def _on_publish(self, _client: Any, _data: Any, mid: int, _reason: Any, _properties: Any) -> None:
        confirmed = self._unacknowledged.pop(mid, None)
        self._acknowledged = self._now()
        if confirmed is not None:
            confirmed()
        with contextlib.suppress(TransientError):  # the session ends: whoever uses it next hears of that
            while self._waiting and self._closed is None and self._has_room(self._waiting[0]):
                self._send(self._waiting.popleft())
        if not self._unacknowledged:
            self._quiet.set()


async def _awaited(will: Awaitable[Will]) -> Will:
    return await will
