"""One identity, one program: an edge node's group and id, a host application's id."""

import pytest

from tests.sparkplug.identity_conflicts import Rivals


@pytest.mark.sparkplug(
    "intro-edge-node-id-uniqueness",
    "topic-structure-namespace-unique-edge-node-descriptor",
    "payloads-nbirth-edge-node-descriptor",
)
def test_two_edge_nodes_with_one_descriptor_are_never_connected_together_and_are_told(rivals: Rivals) -> None:
    own = [each for each in rivals.edge.connections if each.connect.client_id == "toshima:tobu-pi"]
    assert (
        len(own) > 3
    )  # two agents, one of them started again: more connections than that, so they push each other off
    for ended, after_next in zip(own, own[2:], strict=False):
        assert ended.frames[-1].packet.time < after_next.frames[0].packet.time
    assert "two edge nodes use the identity toshima/tobu-pi" in rivals.warned


@pytest.mark.sparkplug("payloads-nbirth-edge-node-descriptor")
def test_the_same_node_id_in_another_group_is_another_node(rivals: Rivals) -> None:
    clients = {each.connect.client_id for each in rivals.edge.connections}
    assert clients == {"toshima:tobu-pi", "another-city:tobu-pi"}


@pytest.mark.sparkplug("operational-behavior-host-application-host-id")
def test_a_second_collector_with_the_same_host_id_ends_without_a_word_to_the_edge_nodes(rivals: Rivals) -> None:
    assert rivals.refused == 3
    assert "host id 'sukusuku' is in use by another collector" in rivals.why
    first, *others = rivals.host.connections
    assert others
    for each in others:
        assert each.connect.client_id != first.connect.client_id
        assert each.sent("STATE", "NCMD") == []
    assert rivals.first_lives
