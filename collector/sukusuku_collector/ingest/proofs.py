"""The keys of edge nodes in the collector: which proofs their births ask for, and making them."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from sukusuku_core import sparkplug
from sukusuku_core.host_session import Ack, NodeKey
from sukusuku_core.model import Value
from sukusuku_core.proof import ProofKey, Request
from sukusuku_server.model.proofs import CURES, ProofState, proof_key
from sukusuku_server.timeseries.protocols import Notes

_LEVELS = {ProofState.NO_KEY: logging.WARNING, ProofState.NOT_ASKED: logging.WARNING}

_log = logging.getLogger("sukusuku_collector.ingest.proofs")


class KeyRing:
    """The keys that hold, by node. They are told from outside, also while the collector runs."""

    def __init__(self, keys: Mapping[str, Iterable[ProofKey]] = {}) -> None:
        self.take(keys)

    def take(self, keys: Mapping[str, Iterable[ProofKey]]) -> None:
        """Let these hold from now on, and no others."""
        self._keys = {node: {key.ident: key for key in own} for node, own in keys.items()}

    def find(self, node: str, ident: str) -> ProofKey | None:
        """Return the key of a node by what its birth calls it."""
        return self._keys.get(node, {}).get(ident)

    def has(self, node: str) -> bool:
        """Whether there is any key of a node."""
        return bool(self._keys.get(node))

    def __bool__(self) -> bool:
        """Whether any node has a key."""
        return bool(self._keys)


class Proofs:
    """What the births of this session ask for, and what became of it."""

    def __init__(self, ring: KeyRing, store: Notes) -> None:
        self._ring = ring
        self._store = store
        self._requests: dict[NodeKey, tuple[Request, str]] = {}
        self._states: dict[NodeKey, ProofState] = {}
        self._news: dict[NodeKey, str] = {}

    def begin_session(self) -> None:
        """Forget what births have asked for."""
        self._requests.clear()

    def asked(self, key: NodeKey, metrics: Iterable[Any], noted_as: str) -> bool:
        """Take note of the birth of a node of ours; whether its acknowledgements must be proved."""
        value = next((item.string_value for item in metrics if item.name == sparkplug.ACK_PROOF), None)
        request = Request.read(value)
        if request is None:
            self._requests.pop(key, None)
            self._note(key, ProofState.NOT_ASKED if self._ring.has(key.node) else ProofState.NO_KEY, noted_as)
            return False
        self._requests[key] = request, noted_as
        self._found(key, request, noted_as)
        return True

    def acknowledgement(self, ack: Ack) -> tuple[tuple[str, Value], ...] | None:
        """Return what an acknowledgement says; None: nothing, because the key for its proof is not here."""
        said: tuple[tuple[str, Value], ...] = ((sparkplug.ACK_BIRTH, ack.birth), (sparkplug.ACK_COUNT, ack.count))
        asked = self._requests.get(ack.node)
        if asked is None or ack.chain is None:
            return said
        key = self._found(ack.node, *asked)  # since the birth it may have been made or revoked
        if key is None:
            return None
        proved = key.acknowledgement(ack.node.group, ack.node.node, ack.birth, ack.count, ack.chain)
        return *said, (sparkplug.ACK_PROOF, proved)

    def tell(self) -> None:
        """Note and log which nodes have changed. Raises TransientError when the store cannot."""
        if not self._news:
            return
        self._store.note_all({proof_key(noted_as): self._states[key] for key, noted_as in self._news.items()})
        for key in self._news:
            state = self._states[key]
            if state is ProofState.PROVED:
                _log.info("edge node %s believes only what is proved with its key", key.node)
            else:
                _log.log(_LEVELS.get(state, logging.ERROR), "edge node %s: %s", key.node, CURES[state])
        self._news.clear()

    def _found(self, key: NodeKey, request: Request, noted_as: str) -> ProofKey | None:
        """Return the key that a birth has asked for, and take note of whether it is here."""
        found = self._ring.find(key.node, request.key)
        self._note(key, ProofState.UNKNOWN_KEY if found is None else ProofState.PROVED, noted_as)
        return found

    def _note(self, key: NodeKey, state: ProofState, noted_as: str) -> None:
        if self._states.get(key) is not state:
            self._states[key] = state
            self._news[key] = noted_as
