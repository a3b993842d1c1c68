"""Compressed payloads, as Tahu and the programs after it send them. Pure.

The message that is meant stands in `body`, as DEFLATE or GZIP, and `uuid` says so. What comes out is bounded: a few
hundred bytes may be written so that they inflate to gigabytes.
"""

import zlib

from sukusuku_core.errors import DecodeError

_ANY_HEADER = 32 + zlib.MAX_WBITS
"""Of zlib, which is what programs mean by DEFLATE, or of gzip."""
_NO_HEADER = -zlib.MAX_WBITS


def inflate(body: bytes, limit: int) -> bytes:
    """Return the inflated bytes, at most `limit`. Raises DecodeError (`compression`, `oversized`)."""
    for form in (_ANY_HEADER, _NO_HEADER):
        inflater = zlib.decompressobj(form)
        try:
            found = inflater.decompress(body, limit + 1)
        except zlib.error:
            continue
        if len(found) > limit:
            raise DecodeError("oversized", f"the payload inflates to more than the {limit} bytes that are read")
        if inflater.eof:
            return found
    raise DecodeError(
        "compression",
        "the compressed payload is neither DEFLATE nor GZIP, or is cut off; choose one of them at the gateway, "
        "or switch the compression of payloads off there",
    )
