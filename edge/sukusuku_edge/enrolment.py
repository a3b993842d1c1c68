"""`sukusuku-edge enrol URL CODE`: gets this edge node its key, its certificate and its first settings.

What is secret goes into `edge.env`, which only its owner reads and systemd hands to the agent. What is in it besides
stays, and so do settings that are there: then only key, password, certificate and authority are new. What the agent
renews by itself is beside the outbox, where it may write.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.certificates import Request, read
from sukusuku_core.enrolment import Answer, Code, new_nonce
from sukusuku_core.errors import ConfigError, PermanentError
from sukusuku_core.proof import ProofKey, same
from sukusuku_edge import durable_file
from sukusuku_edge.http_client import Ask

SETTINGS, SECRETS, AUTHORITY, CERTIFICATE = "edge.toml", "edge.env", "ca.pem", "node.pem"
KEY, PASSWORD = "SUKUSUKU_NODE_KEY", "SUKUSUKU_BROKER_PASSWORD"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What was written. `missing` are the lines that settings which were there already need; empty: they are new."""

    written: list[Path]
    missing: list[str]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where files of an edge node go, and where it reaches the server."""

    folder: Path
    outbox: Path
    url: str


def enrol(url: str, text: str, folder: Path, outbox: Path, ask: Ask) -> Enrolled:
    """Enrol this node and write its files.

    Raises ConfigError for a wrong code or folder, PermanentError when the server refuses, or is not the one that made
    the code, TransientError when it does not answer. Nothing is written then.
    """
    try:
        code = Code.read(text)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder}: cannot be written by this account; run this as root, or give --folder")
    challenge, wanted = new_nonce(), Request.new(code.node)
    proof = code.request(challenge, wanted.text)
    asked = json.dumps({"challenge": challenge, "request": wanted.text, "proof": proof}).encode()
    told = ask(f"{url.rstrip('/')}/api/v1/enrolments/{code.node}", asked)
    answer = _believed(code, challenge, told)
    if answer.certificate and not wanted.fits(read(answer.certificate)[0]):
        raise PermanentError("the certificate that came is not for the key of this node; nothing was written")
    place = _Place(folder, outbox, _address(url.rstrip("/"), answer.url))
    return _write(code, code.key(challenge, answer.nonce), wanted.key, answer, place)


def _address(typed: str, told: str) -> str:
    """Return where the server is reached later: as it was now, unless that was a tunnel, which is not there later."""
    host = urlsplit(typed).hostname or ""
    try:
        local = ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return told if local and told else typed


def _believed(code: Code, challenge: str, told: bytes) -> Answer:
    try:
        outer = json.loads(told)
        raw, proof = outer["answer"].encode(), outer["proof"]
        answer = msgspec.json.decode(raw, type=Answer)
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError) as error:
        raise PermanentError(f"what answers there is no Sukusuku server: {error}") from error
    if not same(proof, code.answered(challenge, raw)):
        raise PermanentError("what answers there is not the server that made this code; nothing was written")
    return answer


def _write(code: Code, key: ProofKey, certificate_key: str, answer: Answer, place: _Place) -> Enrolled:
    password = answer.account and not answer.certificate
    secrets = {KEY: key.text} | ({PASSWORD: code.broker_password()} if password else {})
    written = []
    state = place.outbox.parent
    if answer.certificate:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        written.append(durable_file.replace(state / CERTIFICATE, answer.certificate + certificate_key, 0o600))
    if answer.ca:
        authority = (state if answer.certificate else place.folder) / AUTHORITY
        written.append(durable_file.replace(authority, answer.ca, 0o644))
    written.append(durable_file.replace(place.folder / SECRETS, _with(place.folder / SECRETS, secrets), 0o600))
    settings = place.folder / SETTINGS
    lines = _settings(code.node, answer, place)
    if settings.exists():
        return Enrolled(written, lines)
    head = (
        "# Written by `sukusuku-edge enrol`. Add devices and what they measure: edge.example.toml explains every key."
    )
    identity = [f'group = "{answer.group}"', f'node = "{code.node}"', f'primary_host = "{answer.primary_host}"', ""]
    outbox = ["", "[outbox]", f'path = "{place.outbox}"', ""]
    written.append(durable_file.replace(settings, "\n".join([head, *identity, *lines, *outbox]), 0o644))
    return Enrolled(written, [])


def _with(path: Path, secrets: Mapping[str, str]) -> str:
    """Return the text of a file of secrets in which these have their new values."""
    before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in before if line.partition("=")[0].strip() not in secrets]
    return "".join(f"{line}\n" for line in (*kept, *(f"{name}={value}" for name, value in secrets.items())))


def _settings(node: str, answer: Answer, place: _Place) -> list[str]:
    """Return the lines of `edge.toml` about broker and server; what is measured is added by hand, or by `init`."""
    lines = ["[broker]", f'host = "{answer.host}"', f"port = {answer.port}"]
    if answer.others:
        lines.append(f"others = {json.dumps(answer.others)}")
    if answer.subscribe_qos != BrokerSettings().subscribe_qos:
        lines.append(f"subscribe_qos = {answer.subscribe_qos}")
    if answer.certificate:
        state = place.outbox.parent
        lines += [f'ca_file = "{state / AUTHORITY}"', f'cert_file = "{state / CERTIFICATE}"']
        lines += ["", "[renewal]", f'url = "{place.url}"']
    else:
        if answer.account:
            lines += [f'username = "{node}"', f'password = "env:{PASSWORD}"']
        if answer.ca:
            lines.append(f'ca_file = "{AUTHORITY}"')
    return [*lines, "", "[uplink]", f'key = "env:{KEY}"']
