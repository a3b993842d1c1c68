"""Stories that want an event loop of their own."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def play(story: Coroutine[Any, Any, None]) -> None:
    """Play a story in a thread: a browser of other tests may have the event loop here."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, story).result()
