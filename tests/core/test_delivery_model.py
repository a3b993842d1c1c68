"""Edge and host sessions joined by a channel that loses, cuts and delays: no row is ever deleted unstored."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.core.world import ASSETS, World

_FEW = st.integers(0, 6)
_MANY = st.integers(1, 80)


class Delivery(RuleBasedStateMachine):
    """Every rule is one thing that happens in the field. `World` asserts on every delivery and every message."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize(host_first=st.booleans())
    def start(self, host_first: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        if host_first:
            self.world.host_up()
        self.world.step()

    @rule(asset=st.sampled_from(ASSETS), count=st.integers(1, 40))
    def readings(self, asset: str, count: int) -> None:
        for _ in range(count):
            self.world.produce(asset)

    @rule(ms=st.sampled_from((10, 900, 5_100, 11_000, 70_000)))
    def time_passes(self, ms: int) -> None:
        self.world.now += ms
        self.world.step()

    @rule()
    def edge_works(self) -> None:
        self.world.step()

    @rule(count=_MANY)
    def host_works(self, count: int) -> None:
        self.world.deliver_to_host(count)

    @rule(count=st.integers(1, 20))
    def commit_fails(self, count: int) -> None:
        self.world.deliver_to_host(count, commit_fails=True)

    @rule(count=_MANY)
    def edge_hears(self, count: int) -> None:
        self.world.deliver_to_edge(count)

    @rule(at=_FEW, count=_MANY)
    def messages_to_host_vanish(self, at: int, count: int) -> None:
        del self.world.to_host[at : at + count]

    @rule(at=_FEW)
    def command_vanishes(self, at: int) -> None:
        queue = self.world.to_edge
        queue[at : at + 1] = [item for item in queue[at : at + 1] if "/STATE/" in item.topic]  # STATE has QoS 1

    @rule(asset=st.sampled_from(ASSETS), times=st.sampled_from((1, 2, 126, 127, 128, 256)))
    def device_flaps_unheard(self, asset: str, times: int) -> None:
        """Aims at the 8 bits of `seq`: as many messages vanish as it takes to come round."""
        before = len(self.world.to_host)
        for _ in range(times):
            self.world.flap(asset)
            self.world.flap(asset)
        del self.world.to_host[before:]

    @rule(asset=st.sampled_from(ASSETS))
    def device_flaps(self, asset: str) -> None:
        self.world.flap(asset)

    @rule(unsent=_FEW, late_will=st.booleans())
    def edge_is_cut_off(self, unsent: int, late_will: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        self.world.cut_edge(unsent, late_will=late_will)

    @rule()
    def late_wills_arrive(self) -> None:
        self.world.to_host += self.world.late_wills
        self.world.late_wills = []

    @rule(ms=st.sampled_from((0, -3_600_000, 5_000)))
    def edge_clock_steps(self, ms: int) -> None:
        self.world.edge.clock_error = ms

    @rule()
    def host_is_cut_off(self) -> None:
        if self.world.host_online:
            self.world.host_cut()

    @rule(forgetful=st.booleans())
    def host_comes_back(self, forgetful: bool) -> None:  # noqa: FBT001 - hypothesis passes by name
        self.world.host_up(forgetful=forgetful)

    def teardown(self) -> None:
        """Delivered in the end, with a bounded number of resends."""
        self.world.edge.clock_error = 0
        asked = len(self.world.to_edge)  # every command on the way may ask for one more birth
        assert self.world.heal() <= asked + 6


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, print_blob=True)
