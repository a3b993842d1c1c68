"""What the demo says while it works: lines on standard error, so that standard output stays free for JSON."""

import sys
import time


class Progress:
    """Steps with their duration."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the program began."""
        return time.monotonic() - self._begin

    def step(self, text: str) -> None:
        """One finished step."""
        self.say(f"  {self.seconds:5.1f} s  {text}")

    def say(self, text: str = "") -> None:
        """Print a line as it is."""
        print(text, file=sys.stderr, flush=True)
