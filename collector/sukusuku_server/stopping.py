"""The end of a process that was asked to stop, also where what it waits for does not answer any more.

A server that is frozen keeps its connections open and says nothing. A statement sent to it cannot be told from one that
takes long, so none has a limit; only when the process is to end there is no more reason to wait. Nothing is lost by an
end in the middle: what was acknowledged is stored, and everything else comes again.
"""

import logging
import os
import threading

SECONDS = 10.0
"""For an orderly end. The services are killed after 15 (`TimeoutStopSec`)."""
STATUS = 5
"""The exit status of a process that had to be ended."""

_log = logging.getLogger(__name__)


def end_in_time() -> None:
    """End this process after `SECONDS`, whatever it is doing. Its end by itself forestalls that."""
    ending = threading.Timer(SECONDS, _end)
    ending.daemon = True
    ending.start()


def _end() -> None:
    _log.error(
        "not ended %g s after being asked to, since something that is waited for, such as a database, does not answer: "
        "ended now; nothing acknowledged is lost, and a lease ends by itself",
        SECONDS,
    )
    logging.shutdown()
    os._exit(STATUS)
