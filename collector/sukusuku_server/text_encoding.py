"""Text files as people send them: UTF-8 with or without a mark, UTF-16, or Excel's Japanese CP932. Pure."""

import codecs

ENCODINGS = "UTF-8, UTF-16 or Shift_JIS (CP932)"
_MARKED = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def decoded(content: bytes) -> str | None:
    """Return the text of a file; None when it is in none of the `ENCODINGS`."""
    marked = [encoding for mark, encoding in _MARKED if content.startswith(mark)]
    for encoding in marked or ["utf-8", "cp932"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None
