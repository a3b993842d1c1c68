"""Takes a change back while later ones stay, line by line."""

from difflib import SequenceMatcher


def undone(before: str, after: str, now: str) -> str | None:
    """Return `now` without the change that made `after` out of `before`; None: later changes touch the same lines."""
    if now == after:
        return before
    then, made, lines = (text.splitlines(keepends=True) for text in (before, after, now))
    kept = [
        (start, end, place)
        for start, place, size in SequenceMatcher(None, made, lines, autojunk=False).get_matching_blocks()
        for end in (start + size,)
    ]
    result = list(lines)
    for tag, first, last, start, end in reversed(SequenceMatcher(None, then, made, autojunk=False).get_opcodes()):
        if tag == "equal":
            continue
        # With the lines around it: where something was only taken out, they alone tell the place.
        outer = max(start - 1, 0), min(end + 1, len(made))
        block = next((item for item in kept if item[0] <= outer[0] and outer[1] <= item[1]), None)
        if block is None:
            return None
        offset = block[2] - block[0]
        result[start + offset : end + offset] = then[first:last]
    return "".join(result)
