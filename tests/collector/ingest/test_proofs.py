"""Which keys of edge nodes are here, as health shows it."""

from types import SimpleNamespace

from sukusuku_collector.ingest.proofs import KeyRing, Proofs
from sukusuku_core import sparkplug
from sukusuku_core.host_session import Ack, NodeKey
from sukusuku_core.proof import ProofKey, Request
from sukusuku_server.model.proofs import ProofState, proof_key
from sukusuku_server.timeseries.sqlite import SqliteStore

NODE = NodeKey("toshima", "tobu-pi")
ACK = Ack(NODE, 1_800_000_000_000, 5, b"chain")


def test_a_key_that_is_revoked_or_made_while_its_node_is_up_shows_with_the_next_acknowledgement(
    store: SqliteStore,
) -> None:
    key = ProofKey.new()
    ring = KeyRing({NODE.node: [key]})
    proofs = Proofs(ring, store)
    birth = [SimpleNamespace(name=sparkplug.ACK_PROOF, string_value=str(Request(key.ident, "c1")))]

    def noted() -> int | None:
        proofs.tell()
        return store.noted(proof_key("tobu-pi"))

    assert proofs.asked(NODE, birth, "tobu-pi")
    assert proofs.acknowledgement(ACK) is not None
    assert noted() == ProofState.PROVED
    ring.take({})
    assert proofs.acknowledgement(ACK) is None
    assert noted() == ProofState.UNKNOWN_KEY
    ring.take({NODE.node: [key]})
    assert proofs.acknowledgement(ACK) is not None
    assert noted() == ProofState.PROVED
