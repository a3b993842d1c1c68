"""Whether the parts are there and data is coming."""

from sukusuku_api import health as parts
from sukusuku_api.dependencies import DevicesContext
from sukusuku_api.routes import resource
from sukusuku_api.schemas import health as out

router = resource(tag="health")


@router.get("/health", summary="Health")
def health(context: DevicesContext) -> out.HealthOut:
    """Report whether readings and alerts can be read, the age of the newest reading, and the state of each edge node.

    It also counts quarantined messages, readings that `facility.toml` does not assign, and unsent mails.
    The status is 200 as long as this process can answer; look at `status`.
    """
    return parts.health(context)
