"""`sukusuku-edge enrol URL CODE`: gets this edge node its key, the broker's authority and its first settings.

What is secret goes into `edge.env`, which only its owner reads and systemd hands to the agent. What is in it besides
stays, and so do settings that are there: then only key, password and authority are new.
"""

import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import msgspec

from sukusuku_core.enrolment import Answer, Code, new_nonce
from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_core.proof import ProofKey, same

SETTINGS, SECRETS, AUTHORITY = "edge.toml", "edge.env", "ca.pem"
KEY, PASSWORD = "SUKUSUKU_NODE_KEY", "SUKUSUKU_BROKER_PASSWORD"
_SECONDS = 15
_LARGEST = 200_000
"""Bytes of an answer."""

Ask = Callable[[str, bytes], bytes]
"""Posts JSON to an address and returns the answer. Raises TransientError or PermanentError with its words."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What was written, and whether settings were there already."""

    written: list[Path]
    kept: bool


def enrol(url: str, text: str, folder: Path, outbox: str, ask: Ask) -> Enrolled:
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
    challenge = new_nonce()
    asked = json.dumps({"challenge": challenge, "proof": code.request(challenge)}).encode()
    told = ask(f"{url.rstrip('/')}/api/v1/enrolments/{code.node}", asked)
    answer = _believed(code, challenge, told)
    return _write(code, code.key(challenge, answer.nonce), answer, folder, outbox)


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


def _write(code: Code, key: ProofKey, answer: Answer, folder: Path, outbox: str) -> Enrolled:
    secrets = {KEY: key.text} | ({PASSWORD: code.broker_password()} if answer.account else {})
    written = [_store(folder / SECRETS, _with(folder / SECRETS, secrets), 0o600)]
    if answer.ca:
        written.append(_store(folder / AUTHORITY, answer.ca, 0o644))
    settings = folder / SETTINGS
    kept = settings.exists()
    if not kept:
        written.append(_store(settings, _settings(code.node, answer, outbox), 0o644))
    return Enrolled(written, kept)


def _with(path: Path, secrets: Mapping[str, str]) -> str:
    """Return the text of a file of secrets in which these have their new values."""
    before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in before if line.partition("=")[0].strip() not in secrets]
    return "".join(f"{line}\n" for line in (*kept, *(f"{name}={value}" for name, value in secrets.items())))


def _settings(node: str, answer: Answer, outbox: str) -> str:
    """Return a first `edge.toml`. What it measures is added by hand, or comes from `sukusuku init --edge`."""
    account = [f'username = "{node}"', f'password = "env:{PASSWORD}"'] if answer.account else []
    authority = [f'ca_file = "{AUTHORITY}"'] if answer.ca else []
    lines = [
        "# Written by `sukusuku-edge enrol`. Add devices and what they measure: edge.example.toml explains every key.",
        f'group = "{answer.group}"',
        f'node = "{node}"',
        f'primary_host = "{answer.primary_host}"',
        "",
        "[broker]",
        f'host = "{answer.host}"',
        f"port = {answer.port}",
        *account,
        *authority,
        "",
        "[uplink]",
        f'key = "env:{KEY}"',
        "",
        "[outbox]",
        f'path = "{outbox}"',
    ]
    return "\n".join([*lines, ""])


def _store(path: Path, text: str, mode: int) -> Path:
    """Replace a file in one step, durably."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(
        os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    return path


def ask_by_http(authority: Path | None) -> Ask:
    """Return how a server is asked. `authority`: PEM that its certificate is checked by; None: the system's."""

    def ask(url: str, body: bytes) -> bytes:
        if not url.startswith(("http://", "https://")):
            raise ConfigError(f"{url}: expected an address such as https://sukusuku.example.jp")
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - looked at above
        context = _context(authority) if url.startswith("https://") else None
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS, context=context) as answer:  # noqa: S310
                found: bytes = answer.read(_LARGEST)
                return found
        except urllib.error.HTTPError as error:
            raise PermanentError(f"{url}: status {error.code}: {_detail(error.read(_LARGEST))}") from error
        except OSError as error:
            raise TransientError(f"{url}: no answer: {getattr(error, 'reason', error)}") from error
        except HTTPException as error:
            raise PermanentError(f"{url}: what answers there is no Sukusuku server: {error!r}") from error

    return ask


def _context(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise ConfigError(f"--ca {authority}: expected certificates as PEM: {error}") from error


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "it does not say why"
