"""Certificates (X.509) and requests for them. Beside the authority of the server this alone knows `cryptography`. Pure.

Keys are on the curve P-256: small, and every TLS library has it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says: for whom it is, its number (hexadecimal), and from when to when it holds (UTC ms)."""

    name: str
    serial: str
    begins: int
    ends: int
    parsed: x509.Certificate = field(repr=False, compare=False)

    @classmethod
    def of(cls, parsed: x509.Certificate) -> Self:
        """Return what one says."""
        found = parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        name = str(found[0].value) if found else parsed.subject.rfc4514_string()
        begins, ends = _ms(parsed.not_valid_before_utc), _ms(parsed.not_valid_after_utc)
        return cls(name, f"{parsed.serial_number:x}", begins, ends, parsed)

    @property
    def pem(self) -> str:
        """The same as text."""
        return self.parsed.public_bytes(Encoding.PEM).decode("ascii")

    def signed_by(self, other: "Certificate") -> bool:
        """Tell whether it was signed with the key of another one."""
        try:
            self.parsed.verify_directly_issued_by(other.parsed)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


def read(pem: str | bytes) -> list[Certificate]:
    """Return all certificates in a text, at least one; remarks in it do no harm. Raises ValueError."""
    raw = pem.encode() if isinstance(pem, str) else pem
    return [Certificate.of(parsed) for parsed in x509.load_pem_x509_certificates(raw)]


def of_der(der: bytes) -> Certificate:
    """Return the certificate that a TLS connection has shown. Raises ValueError."""
    return Certificate.of(x509.load_der_x509_certificate(der))


@dataclass(frozen=True, slots=True)
class Request:
    """A new private key, and the request (PEM) that shows that its owner has it."""

    key: str = field(repr=False)
    text: str

    @classmethod
    def new(cls, name: str) -> Self:
        """Make a key, and a request for a certificate of that name."""
        key = new_key()
        made = x509.CertificateSigningRequestBuilder().subject_name(named(name)).sign(key, SHA256())
        return cls(key_text(key), made.public_bytes(Encoding.PEM).decode("ascii"))

    def fits(self, certificate: Certificate) -> bool:
        """Tell whether a certificate is for this key."""
        asked = x509.load_pem_x509_csr(self.text.encode()).public_key()
        return bool(asked == certificate.parsed.public_key())


def new_key() -> ec.EllipticCurvePrivateKey:
    """Make a private key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_text(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a private key as PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def named(name: str) -> x509.Name:
    """Return a name as certificates have it."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def first_end(pem: str | bytes) -> int:
    """Return when the first of the certificates in a text ends (UTC ms). Raises ValueError when there is none."""
    return min(certificate.ends for certificate in read(pem))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
