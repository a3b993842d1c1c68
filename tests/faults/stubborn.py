"""`python -m tests.faults.stubborn facility.toml`: the collector, made to believe that it holds its lease.

It does so as on a virtual machine that was paused with all its clocks, and does not hear that a renewal failed. So what
keeps it from doing harm is neither: it is the fence of the operations data, the counter of the readings, and the claim
of the other one at the broker.
"""

import sys
from unittest.mock import patch

from sukusuku_collector.__main__ import main
from sukusuku_collector.lease import Lease
from sukusuku_server.db.leases import Leases

_renew = Leases.renew


def _believed(leases: Leases, epoch: int) -> bool:
    _renew(leases, epoch)
    return True


if __name__ == "__main__":
    with patch.object(Leases, "renew", _believed), patch.object(Lease, "held", lambda _: True):
        sys.exit(main())
