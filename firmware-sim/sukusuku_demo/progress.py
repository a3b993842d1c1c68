"""What the demo says while it works: lines on standard error, so that standard output stays free for JSON."""

import sys
import time


class Progress:
    """Steps with their duration, and a bar for long ones. The bar is drawn only on a terminal."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._bar = sys.stderr.isatty()

    @property
    def seconds(self) -> float:
        """Since the program began."""
        return time.monotonic() - self._begin

    def step(self, text: str) -> None:
        """One finished step."""
        self._clear()
        print(f"  {self.seconds:5.1f} s  {text}", file=sys.stderr, flush=True)

    def say(self, text: str = "") -> None:
        """A line as it is."""
        self._clear()
        print(text, file=sys.stderr, flush=True)

    def bar(self, text: str, done: int, whole: int) -> None:
        """Redraw the bar of the step that is running."""
        if not self._bar:
            return
        width = 30
        full = width * done // max(whole, 1)
        line = f"  {self.seconds:5.1f} s  {text} [{'#' * full}{'.' * (width - full)}] {done:,}/{whole:,}"
        print(f"\r{line}", end="", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._bar:
            print("\r\x1b[K", end="", file=sys.stderr)
