"""`python -m sukusuku_demo.iotcore_broker PORT`: the pip-installed broker, on loopback only.

Its own command line can neither raise the payload limit of 20 kB nor silence its per-packet log.
"""

import logging
import sys

from iotcore import Broker

from sukusuku_core import logs
from sukusuku_demo.settings import HOST

MAX_PAYLOAD_BYTES = 1024 * 1024

if __name__ == "__main__":
    logs.begin(level=logging.WARNING)
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    Broker(port=int(sys.argv[1]), listen=HOST, max_payload_size=MAX_PAYLOAD_BYTES).run_forever()
