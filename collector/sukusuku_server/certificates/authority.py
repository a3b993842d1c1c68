"""The authority that signs the certificates of edge nodes, and tells the broker which are revoked. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from sukusuku_core.certificates import Certificate, key_text, named, new_key, read
from sukusuku_core.time import DAY_MS, HOUR_MS

LASTS_DAYS = 3650
EARLIER_MS = HOUR_MS
"""From so long before it is made a certificate holds: clocks differ."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: its own certificate, and the key (PEM) that signs."""

    certificate: Certificate
    key: str = field(repr=False)

    @classmethod
    def new(cls, name: str, now: int) -> Self:
        """Make one. `now`: UTC ms."""
        key = new_key()
        made = (
            _begun(name, name, key.public_key(), now, now + LASTS_DAYS * DAY_MS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, SHA256())
        )
        return cls(Certificate.of(made), key_text(key))

    @classmethod
    def read(cls, certificate: str, key: str) -> Self:
        """Return the one in two PEM texts. Raises ValueError."""
        return cls(read(certificate)[0], key)

    def sign(self, request: str, node: str, now: int, ends: int) -> Certificate:
        """Return a certificate for the key of a request (PEM), with the name of an edge node whatever it asks for.

        It never outlives the authority. Raises ValueError when the request cannot be read, is not signed with its own
        key, or is for a key of another kind.
        """
        try:
            asked = x509.load_pem_x509_csr(request.encode())
            key, signed = asked.public_key(), asked.is_signature_valid
        except UnsupportedAlgorithm as error:
            raise ValueError(str(error)) from error
        if not signed or not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != ec.SECP256R1.name:
            raise ValueError("a request must be signed with its own key, which is on the curve P-256")
        made = (
            _begun(node, self.certificate.name, key, now, min(ends, self.certificate.ends))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(self._identifier(), critical=False)
        )
        return Certificate.of(made.sign(self._private(), SHA256()))

    def revoked(self, serials: Iterable[tuple[str, int]], now: int) -> str:
        """Return the list (PEM) of certificates that hold no more; each with its serial, and since when (UTC ms).

        It says that it is of a day ago, as a broker whose clock is behind would believe nobody; and it holds as long as
        the authority, as one that has ended would lock out all nodes.
        """
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.parsed.subject)
            .last_update(_moment(now - DAY_MS))
            .next_update(_moment(self.certificate.ends))
            .add_extension(x509.CRLNumber(now), critical=False)
            .add_extension(self._identifier(), critical=False)
        )
        for serial, since in serials:
            row = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(_moment(since))
            made = made.add_revoked_certificate(row.build())
        return made.sign(self._private(), SHA256()).public_bytes(Encoding.PEM).decode("ascii")

    def _private(self) -> ec.EllipticCurvePrivateKey:
        key = load_pem_private_key(self.key.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is not on an elliptic curve")
        return key

    def _identifier(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._private().public_key())


def _begun(name: str, issuer: str, key: ec.EllipticCurvePublicKey, now: int, ends: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_moment(now - EARLIER_MS))
        .not_valid_after(_moment(ends))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time // 1000, UTC)
