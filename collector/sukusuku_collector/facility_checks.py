"""What is wrong in a facility beyond its keys, as the collector sees it: in its mails, its channels and its store."""

from collections.abc import Iterator

from sukusuku_collector.channels import registry as channels
from sukusuku_core.errors import Mistake
from sukusuku_server.mail import facility_checks as mails
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import backends


def mistakes(facility: Facility) -> Iterator[Mistake]:
    """Yield them, each with its key path; nothing is sent."""
    yield from mails.mistakes(facility)
    yield from backends.mistakes(facility.store)
    yield from channels.mistakes(facility)
