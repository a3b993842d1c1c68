"""The files of Mosquitto that follow from the settings: who is let in where, and who may say what. Pure.

Edge nodes come to a listener where they show a certificate, or to the first one with a password, as the collector does.
The sensors of a centre come to a listener of their own. It puts everything that is said there below `sensors/CENTRE/`,
whatever topic a sensor names, and has accounts of its own; so no sensor speaks for another centre or for an edge node.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sukusuku_core.errors import ConfigError
from sukusuku_server.settings import Facility
from sukusuku_server.settings.facility import Site
from sukusuku_server.settings.shard import shards

CONFIGURATION, RULES, ACCOUNTS = "sukusuku.conf", "sukusuku.acl", "passwords"
OWN_RULES = "own.acl"
"""Rules that the operator has written; they are put behind ours."""
_HEAD = (
    "# Written by `sukusuku nodes FACILITY.toml broker {folder}`; what you change here is gone when it writes again."
)
_LIMITS = """
# Nobody is let in without TLS and an account; who may say what is in the *.acl files. Each listener has its own.
per_listener_settings true

# One message of ours has at most 256 kB. Without a limit three of 100 MB fill the memory of whoever reads them.
max_packet_size 1048576
message_size_limit 1048576
# What waits for a client that does not read. Edge nodes keep their readings until they are acknowledged.
max_queued_messages 10000
max_queued_bytes 67108864
memory_limit 536870912
max_keepalive 300
persistent_client_expiration 1d
"""
_LISTENER = """
{what}
listener {port}
{mount}max_connections {connections}
tls_version tlsv1.2
cafile {folder}/{authority}
certfile {folder}/server.pem
keyfile {folder}/server.key
allow_anonymous false
{entrance}
acl_file {folder}/{rules}
"""
_NODE = """
# Every edge node, for itself; %u is the name of the account, or the name in the certificate. An account that is not
# called like a node gets topics that nobody reads.
"""
_OF_NODE = """\
pattern write spBv1.0/{group}/NBIRTH/%u
pattern write spBv1.0/{group}/NDATA/%u
pattern write spBv1.0/{group}/NDEATH/%u
pattern write spBv1.0/{group}/DBIRTH/%u/+
pattern write spBv1.0/{group}/DDATA/%u/+
pattern write spBv1.0/{group}/DDEATH/%u/+
pattern read spBv1.0/{group}/NCMD/%u
pattern read spBv1.0/{group}/DCMD/%u/+
pattern read spBv1.0/STATE/{host_id}
"""
_COLLECTOR = """
# Without a line that allows it, nothing is allowed.
user collector
"""
_COLLECTED = """\
topic read spBv1.0/{group}/+/+
topic read spBv1.0/{group}/+/+/+
topic write spBv1.0/{group}/NCMD/+
topic readwrite spBv1.0/STATE/{host_id}
topic readwrite sukusuku/{group}/#
"""
_VIEWER = """
# Displays and other programs that only look.
user viewer
"""
_VIEWED = """\
topic read sukusuku/{group}/+/+/state
"""


def configuration(facility: Facility, folder: Path) -> str:
    """Return what belongs into Mosquitto's folder conf.d.

    Raises ConfigError when the collector does not use TLS, or two listeners would have one port.
    """
    if facility.broker.ca_file is None:
        raise ConfigError(
            'broker.ca_file: expected the authority of the broker, such as "ca.pem", found none; these files are for '
            "TLS, so tell the collector first where the broker listens (port = 8883) and whom it trusts"
        )
    listeners = [
        _listener(folder, "# The collector, displays, and edge nodes with a password.", facility.broker.port, 500)
    ]
    if facility.certificates is not None:
        if facility.certificates.port == facility.broker.port:
            raise ConfigError(
                f"certificates.port: port {facility.broker.port} is already broker.port; give another one, such as 8884"
            )
        listeners.append(
            _listener(
                folder,
                "# Edge nodes with a certificate of their own, and no password.",
                facility.certificates.port,
                500,
                authority="nodes-ca.pem",
                entrance=f"crlfile {folder}/nodes-revoked.pem\nrequire_certificate true\nuse_identity_as_username true",
            )
        )
    for site, port in _listening(facility):
        listeners.append(
            _listener(
                folder,
                f"# Sensors of {site.id} and their gateways: what they say comes below {_topic(site)}.",
                port,
                100,
                mount=f"mount_point {_topic(site)}\n",
                entrance=f"password_file {folder}/{_name(site)}.passwords",
                rules=f"{_name(site)}.acl",
            )
        )
    return _head(folder) + _LIMITS + "".join(listeners)


def rules(facility: Facility, folder: Path, own: str) -> Mapping[str, str]:
    """Return the rules of all listeners, as name and text. `own`: more rules for those of collector and edge nodes."""
    parts = [{"group": it.own.operator.id, "host_id": it.own.host_id} for it in shards(facility)]
    home = facility.home_assistant
    text = _head(folder) + _COLLECTOR + "".join(_COLLECTED.format(**words) for words in parts)
    text += "" if home is None else f"topic readwrite {home.prefix}/#\n"
    text += _VIEWER + "".join(_VIEWED.format(**words) for words in parts) + "".join(_readers(facility))
    text += _NODE + "".join(_OF_NODE.format(**words) for words in parts)
    made = {RULES: text + (f"\n# From {OWN_RULES}:\n{own}" if own else "")}
    for site, _ in _listening(facility):
        said = f"# Sensors of {site.id}: they say what is below their own topic, and read nothing.\n"
        made[f"{_name(site)}.acl"] = f"{_head(folder)}\n{said}pattern write {_topic(site)}#\n"
    return made


def accounts(facility: Facility) -> Iterable[str]:
    """Return the names of the files of accounts, without which the broker does not start."""
    return [ACCOUNTS, *(f"{_name(site)}.passwords" for site, _ in _listening(facility))]


def _readers(facility: Facility) -> Iterator[str]:
    own = facility.own_edges()
    read: dict[str, list[str]] = {}
    for asset in facility.assets():
        if asset.site.sensors_port is not None and asset.edge in own:
            topics = read.setdefault(asset.edge, [])
            if _topic(asset.site) not in topics:
                topics.append(_topic(asset.site))
    if read:
        yield "\n# The edge nodes of a centre read its sensors.\n"
    for node, topics in read.items():
        yield f"user {node}\n" + "".join(f"topic read {topic}#\n" for topic in topics)


def _listening(facility: Facility) -> Iterator[tuple[Site, int]]:
    return ((site, site.sensors_port) for site in facility.site if site.sensors_port is not None)


def _listener(
    folder: Path,
    what: str,
    port: int,
    connections: int,
    *,
    mount: str = "",
    authority: str = "ca.pem",
    entrance: str | None = None,
    rules: str = RULES,
) -> str:
    return _LISTENER.format(
        what=what,
        port=port,
        connections=connections,
        mount=mount,
        folder=folder,
        authority=authority,
        entrance=entrance or f"password_file {folder}/{ACCOUNTS}",
        rules=rules,
    )


def _head(folder: Path) -> str:
    return _HEAD.format(folder=folder) + "\n"


def _name(site: Site) -> str:
    return f"sensors-{site.id}"


def _topic(site: Site) -> str:
    return f"sensors/{site.id}/"
