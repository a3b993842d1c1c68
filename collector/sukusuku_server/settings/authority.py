"""The file of a certificate authority that a server's certificate is checked by."""

import ssl
from pathlib import Path

from sukusuku_core.certificates import read
from sukusuku_core.errors import ConfigError


def checked(folder: Path, given: str, where: str) -> str:
    """Return the path of a file with certificates, which is relative to `folder`. `where` is its key path in errors.

    Raises ConfigError when there is no such file, or no certificate in it.
    """
    path = (folder / given).resolve()
    if not path.is_file():
        raise ConfigError(f"{where}: there is no file {path}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{where}: {path} holds no certificate that can be read ({error}); expected PEM, which begins with "
            "-----BEGIN CERTIFICATE-----"
        ) from error
    return str(path)


def pem(file: str | None) -> str:
    """Return the certificates of a file that `checked` has accepted, without the remarks in it; empty: there is none.

    Raises ConfigError when it cannot be read any more.
    """
    if file is None:
        return ""
    try:
        return "".join(certificate.pem for certificate in read(Path(file).read_bytes()))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: expected certificates as PEM: {error}") from error
