"""Values as TOML writes them."""

import json
from collections.abc import Iterable


def quoted(text: str) -> str:
    """Return a text as a basic string."""
    return json.dumps(text, ensure_ascii=False)


def listed(texts: Iterable[str]) -> str:
    """Return texts as an array."""
    return f"[{', '.join(map(quoted, texts))}]"


def named(ja: str, en: str) -> str:
    """Return a name in both languages."""
    return f"{{ ja = {quoted(ja)}, en = {quoted(en)} }}"


def remark(text: str) -> str:
    """Return a comment, whatever line ends are in the text."""
    return "# " + " ".join(text.split())


def line(key: str, value: str, said: str = "") -> str:
    """Return `key = value`, with what is said of it behind."""
    text = f"{key} = {value}"
    return f"{text:<34} {remark(said)}" if said else text
