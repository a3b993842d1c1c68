"""`sukusuku rounds rekey`: a new key for the links of round mails, when somebody may have seen the present one."""

from argparse import Namespace
from contextlib import closing

from sukusuku_server.db import Operations
from sukusuku_server.db.shared_secrets import LINKS, renew
from sukusuku_server.facility_document import places
from sukusuku_server.i18n import texts


def run(arguments: Namespace) -> str:
    """Make the key; say what to do next. Raises SukusukuError."""
    facility = places.read(arguments.facility)
    with closing(Operations(facility.operations.address)) as operations:
        renew(operations, LINKS)
    return texts("sukusuku_server", arguments.lang).gettext(
        "There is a new key. Start the API again, then the collector. Links in mails that were sent before stay valid;"
        " to end them, too, do the same once more."
    )
