"""The lines of a mail header, folded here: RFC 5322, RFC 2047.

The folding of the standard library is another one in each version of Python, and none is right: blanks between encoded
words are lost or doubled, an encoded word may be broken, and a long Message-ID in `In-Reply-To` is encoded, so that
no mail program finds the mail that is followed up.
"""

import textwrap
from base64 import b64encode
from collections.abc import Iterator
from email.headerregistry import Address

_LINE = 76
"""Characters. RFC 2047 allows no more on a line with an encoded word; RFC 5322 recommends at most 78."""
_WORD = 64
"""Characters of a word, encoded or not: behind the name of any header of ours it stands on the first line."""
_OPEN, _CLOSE = "=?utf-8?b?", "?="
_BYTES = (_WORD - len(_OPEN + _CLOSE)) // 4 * 3


def text(name: str, value: str) -> str:
    """Return a header for people to read, such as Subject. Its value has no control characters."""
    return _folded(name, value if _plain(value) else " ".join(_encoded(value)))


def mailbox(name: str, address: Address) -> str:
    """Return a header that holds one address, such as From."""
    who = address.display_name
    return _folded(name, str(address) if _plain(who) else " ".join([*_encoded(who), f"<{address.addr_spec}>"]))


def _plain(value: str) -> bool:
    """Whether the words of a text come through as they are, folded at the blanks between them."""
    words = value.split()
    return value.isascii() and value == " ".join(words) and all(len(word) <= _WORD for word in words)


def _encoded(value: str) -> Iterator[str]:
    """Yield encoded words; each has whole characters, and the blanks that stand between two do not count."""
    piece = b""
    for char in value:
        more = char.encode()
        if len(piece + more) > _BYTES:
            yield _encoded_word(piece)
            piece = b""
        piece += more
    yield _encoded_word(piece)


def _encoded_word(piece: bytes) -> str:
    return f"{_OPEN}{b64encode(piece).decode()}{_CLOSE}"


def _folded(name: str, value: str) -> str:
    lines = textwrap.wrap(
        f"{name}: {value}", _LINE, subsequent_indent=" ", break_long_words=False, break_on_hyphens=False
    )
    return "\r\n".join(lines)
