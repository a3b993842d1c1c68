"""A certificate authority of the test's own, and a certificate that it has signed for loopback."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

DAYS = "2"
LOOPBACK = "DNS:localhost, IP:127.0.0.1"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: the authority, and the server's certificate with its key."""

    authority: Path
    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        """Return what a TLS server needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make(folder: Path, name: str = "sukusuku-test", hosts: str = LOOPBACK) -> Certificates:
    """Make an authority and a certificate for these hosts, with openssl."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    names, request, authority_key = folder / "names", folder / "server.csr", folder / "ca.key"
    names.write_text(f"subjectAltName = {hosts}\n", encoding="ascii")
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    _openssl(
        "req", "-x509", *new_key, "-keyout", authority_key, "-out", made.authority, "-days", DAYS,
        "-subj", f"/CN={name} authority",
    )  # fmt: skip
    _openssl("req", *new_key, "-keyout", made.key, "-out", request, "-subj", "/CN=localhost")
    _openssl(
        "x509", "-req", "-in", request, "-CA", made.authority, "-CAkey", authority_key, "-CAcreateserial",
        "-out", made.certificate, "-days", DAYS, "-extfile", names,
    )  # fmt: skip
    return made


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
