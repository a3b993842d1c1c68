"""What can happen between an edge node and its host: good days and bad days, drawn by chance."""

from collections.abc import Callable
from random import Random

from sukusuku_core.proof import ProofKey
from tests.core.simulated_link import ASSETS, World


class Field:
    """What happens in the field. `World` asserts on every delivery and on every message."""

    def __init__(self, chance: Random, events: int = 120, key: ProofKey | None = None) -> None:
        self.world = World(key)
        self.world.edge.bdseq = chance.choice((-1, 253, 254, 255))
        self.chance = chance
        self.events = events
        self.log: list[str] = []
        self.trouble = self.chance.choice((0.2, 1.0, 4.0))

    def run(self) -> int:
        """The number of resends that the end needs, beyond one for each command that was on its way."""
        self.world.host_up()
        self.all_is_well()
        names, weights = zip(*self.weighted().items(), strict=True)
        for event in self.chance.choices(names, weights, k=self.events):
            before = len(self.log)
            event()
            self.log.insert(before, event.__name__)
        self.world.edge.clock_error = 0
        asked = len(self.world.to_edge)
        return self.world.heal() - asked

    def weighted(self) -> dict[Callable[[], None], float]:
        trouble = self.trouble
        return {
            self.all_is_well: 30,
            self.readings_are_sent: 60,
            self.reading_waits: 10,
            self.time_passes: 10,
            self.host_works: 20,
            self.edge_hears: 20,
            self.messages_to_host_vanish: 6 * trouble,
            self.command_vanishes: 4 * trouble,
            self.messages_change_places: 2 * trouble,
            self.message_comes_twice: 2 * trouble,
            self.device_flaps: 5,
            self.seq_comes_round_unheard: 1.5 * trouble,
            self.edge_is_cut_off: 2 * trouble,
            self.late_wills_arrive: 3,
            self.edge_clock_steps: 1,
            self.commit_fails: trouble,
            self.host_is_cut_off: trouble,
            self.host_comes_back: 2 * trouble,
        }

    def count(self, most: int) -> int:
        number = self.chance.randint(1, most)
        self.log.append(f"  {number}")
        return number

    def asset(self) -> str:
        asset = self.chance.choice(ASSETS)
        self.log.append(f"  {asset}")
        return asset

    # ------------------------------------------------------------ good days

    def all_is_well(self) -> None:
        self.world.step()
        for _ in range(2):
            self.world.deliver_to_edge(len(self.world.to_edge))
            self.world.deliver_to_host(len(self.world.to_host))

    def readings_are_sent(self) -> None:
        for _ in range(self.count(4)):
            asset = self.asset()
            for _ in range(self.count(9)):
                self.world.produce(asset)
            self.world.step()

    def reading_waits(self) -> None:
        self.world.produce(self.asset())

    def time_passes(self) -> None:
        self.world.now += self.chance.choice((10, 900, 5_100, 11_000, 70_000))
        self.world.step()

    def host_works(self) -> None:
        self.world.deliver_to_host(self.count(12))

    def edge_hears(self) -> None:
        self.world.deliver_to_edge(self.count(4))

    # ------------------------------------------------------------ bad days

    def messages_to_host_vanish(self) -> None:
        at = self.chance.randrange(8)
        del self.world.to_host[at : at + self.count(self.chance.choice((1, 3, 60)))]

    def command_vanishes(self) -> None:
        at = self.chance.randrange(4)
        queue = self.world.to_edge
        queue[at : at + 1] = [item for item in queue[at : at + 1] if "/STATE/" in item.topic]  # STATE has QoS 1

    def messages_change_places(self) -> None:
        """As through brokers that are bridged."""
        at, queue = self.chance.randrange(8), self.world.to_host
        queue[at : at + 2] = reversed(queue[at : at + 2])

    def message_comes_twice(self) -> None:
        at, queue = self.chance.randrange(8), self.world.to_host
        later = at + self.chance.choice((1, 1, 2, 9, 256, 257))
        queue[later:later] = queue[at : at + 1]

    def device_flaps(self) -> None:
        self.world.flap(self.asset())

    def seq_comes_round_unheard(self) -> None:
        """As many messages vanish as it takes until `seq` fits again, or nearly."""
        asset, before = self.asset(), len(self.world.to_host)
        lost = self.chance.choice((254, 256, 256, 256, 512))
        if self.chance.random() < 0.5:
            self.readings_are_sent()
        while len(self.world.to_host) < before + lost:
            length = len(self.world.to_host)
            self.world.flap(asset)
            if len(self.world.to_host) == length:
                break
        del self.world.to_host[before : before + lost]

    def edge_is_cut_off(self) -> None:
        self.world.cut_edge(self.chance.randrange(6), late_will=self.chance.random() < 0.5)

    def late_wills_arrive(self) -> None:
        self.world.to_host += self.world.late_wills
        self.world.late_wills = []

    def edge_clock_steps(self) -> None:
        self.world.edge.clock_error = self.chance.choice((0, -3_600_000, 5_000))

    def commit_fails(self) -> None:
        self.world.deliver_to_host(self.count(9), commit_fails=True)

    def host_is_cut_off(self) -> None:
        if self.world.host_online:
            self.world.host_cut()

    def host_comes_back(self) -> None:
        self.world.host_up(forgetful=self.chance.random() < 0.5)
