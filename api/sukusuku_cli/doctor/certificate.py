"""When a certificate ends, read from the certificate itself (X.509 in DER, RFC 5280). Pure."""

import ssl
from datetime import UTC, datetime

_CERTIFICATE, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_VERSION, _UTC_TIME, _LONG = 0xA0, 0x17, 0x80
_FIELDS_BEFORE_VALIDITY = 3
"""Serial number, algorithm and issuer."""
_HALF_CENTURY = 50


def first_end(pem: str) -> int:
    """Return when the first of the certificates in a PEM text ends (UTC ms). Raises ValueError when there is none."""
    blocks = [piece.partition(_END)[0] for piece in pem.split(_CERTIFICATE)[1:]]
    if not blocks:
        raise ValueError("no certificate in it")
    return min(_end(ssl.PEM_cert_to_DER_cert(f"{_CERTIFICATE}{block}{_END}")) for block in blocks)


def _end(der: bytes) -> int:
    try:
        _, certificate, _ = _element(der)
        _, fields, _ = _element(certificate)
        tag, _, rest = _element(fields)
        if tag == _VERSION:
            fields = rest
        for _n in range(_FIELDS_BEFORE_VALIDITY):
            fields = _element(fields)[2]
        _, validity, _ = _element(fields)
        tag, moment, _ = _element(_element(validity)[2])
        text = moment.decode("ascii")
        if tag == _UTC_TIME:
            text = ("20" if int(text[:2]) < _HALF_CENTURY else "19") + text
        end = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"not a certificate: {error}") from error
    return round(end.timestamp() * 1000)


def _element(data: bytes) -> tuple[int, bytes, bytes]:
    """Return tag and contents of the first element, and what follows it."""
    tag, length, start = data[0], data[1], 2
    if length & _LONG:
        start += length & ~_LONG
        length = int.from_bytes(data[2:start], "big")
    return tag, data[start : start + length], data[start + length :]
