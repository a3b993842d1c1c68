"""What settings allow and a careful operator would not: secrets in clear, open doors. Pure."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.settings import SECRETS
from sukusuku_edge.settings import EdgeSettings
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.settings import Facility

IN_FILE = (
    N_("it is written in the file, which is copied, mailed and backed up"),
    N_('write "env:NAME" and give the value in the environment (secrets.env, readable by the service only)'),
)
_IN_THE_CLEAR = N_("it is sent to %(host)s without TLS: whoever is on the way can read it")
_BROKER_TLS = N_("name the broker's authority: `ca_file`, and its TLS port (8883)")
_MAIL_TLS = N_('set `security = "starttls"` (port 587) or "tls" (port 465)')
_POSTGRES_TLS = N_("end the address with ?sslmode=verify-full&sslrootcert=FILE")
_HTTPS = N_("write https:// and, for an authority of your own, `ca_file`")
_ANONYMOUS = (
    N_("no account for %(host)s: whoever reaches the broker can send readings and read all of them"),
    N_("give each edge node and the collector an account and set `allow_anonymous false`"),
)
_NO_KEY = (
    N_("no key: whoever may publish on %(host)s can make this edge node delete readings that nobody has stored"),
    N_("make one on the server with `sukusuku nodes FACILITY.toml key NODE`, and put it under [uplink]"),
)
_OPEN_WEB = (
    N_("found %(host)s: pages, passwords and keys go over the network without TLS"),
    N_('set host = "127.0.0.1" and put a reverse proxy with TLS in front'),
)


@dataclass(frozen=True, slots=True)
class Risk:
    """What is risky at a key path, and what to do."""

    where: str
    said: str
    todo: str


def risks(facility: Facility, data: Mapping[str, Any], _: Translate) -> Iterator[Risk]:
    """Yield every risk; `data` is the file as it is written, before the environment is asked."""
    yield from _in_file(data, _)
    yield from _brokers("broker", facility.broker, _)
    for where, host, todo in _unprotected(facility):
        yield Risk(where, _(_IN_THE_CLEAR) % {"host": host}, _(todo))
    if not is_loopback(facility.web.host):
        yield Risk("web.host", _(_OPEN_WEB[0]) % {"host": facility.web.host}, _(_OPEN_WEB[1]))


def edge_risks(edge: EdgeSettings, data: Mapping[str, Any], _: Translate) -> Iterator[Risk]:
    """Yield every risk of an `edge.toml`; `data` as for `risks`."""
    yield from _in_file(data, _)
    yield from _brokers("broker", edge.broker, _)
    if edge.sensors is not None:
        yield from _brokers("sensors", edge.sensors, _)
    keyless = edge.uplink.key_file is None and edge.uplink.key is None
    if edge.acknowledge and keyless and not is_loopback(edge.broker.host):
        yield Risk("uplink", _(_NO_KEY[0]) % {"host": edge.broker.host}, _(_NO_KEY[1]))


def _in_file(data: Mapping[str, Any], _: Translate) -> Iterator[Risk]:
    for where in secrets_in(data):
        yield Risk(where, _(IN_FILE[0]), _(IN_FILE[1]))


def _brokers(where: str, broker: BrokerSettings, _: Translate) -> Iterator[Risk]:
    """Yield what is risky with the first server that another computer may reach: all are used alike."""
    far = next((server for server in broker.each() if not is_loopback(server.host)), None)
    if far is not None:
        yield from _broker(where, far, _)


def _broker(where: str, broker: BrokerSettings, _: Translate) -> Iterator[Risk]:
    if broker.password is not None and broker.ca_file is None:
        yield Risk(f"{where}.password", _(_IN_THE_CLEAR) % {"host": broker.host}, _(_BROKER_TLS))
    if broker.username is None and broker.cert_file is None:
        yield Risk(where, _(_ANONYMOUS[0]) % {"host": broker.host}, _(_ANONYMOUS[1]))


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches a host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def secrets_in(data: object, where: str = "") -> Iterator[str]:
    """Yield the key paths of secrets that stand in a file themselves."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            path = f"{where}.{key}" if where else str(key)
            if key in SECRETS and isinstance(value, str) and not value.startswith("env:"):
                yield path
            yield from secrets_in(value, path)
    elif isinstance(data, list):
        for n, value in enumerate(data):
            yield from secrets_in(value, f"{where}[{n}]")


def _unprotected(facility: Facility) -> Iterator[tuple[str, str, str]]:
    """Yield key path, host and cure of every secret that goes over the wire as it is."""
    mail, influx, ngsi = facility.mail, facility.store.influx, facility.ngsi_ld
    if mail is not None and mail.username is not None and mail.security == "none" and not is_loopback(mail.host):
        yield "mail.password", mail.host, _MAIL_TLS
    if facility.store.kind == "influx":
        for key in ("token", "password"):
            if getattr(influx, key) is not None and (host := _clear(influx.url)) is not None:
                yield f"store.influx.{key}", host, _HTTPS
    postgres = facility.store.postgres
    far = [host for host in postgres.in_the_clear if not is_loopback(host)]
    if facility.store.kind == "postgres" and far:
        yield "store.postgres.url", far[0], _POSTGRES_TLS
    if ngsi is not None and ngsi.token is not None and (host := _clear(ngsi.url)) is not None:
        yield "ngsi_ld.token", host, _HTTPS


def _clear(url: str) -> str | None:
    """Return the host of an address without TLS on another computer."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return host if parts.scheme == "http" and not is_loopback(host) else None
