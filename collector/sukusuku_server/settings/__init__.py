"""`facility.toml`: the operator, its centres, their units and rooms, and how the server's parts are reached.

The collector and the API read the same file. Each module holds the tables of one subject; `facility` is the whole.
"""

from sukusuku_server.settings.alerts import AlertLevels, Levels
from sukusuku_server.settings.base import WEEKDAYS, Language, Text, Weekday
from sukusuku_server.settings.bookings import BookingSettings, Feed
from sukusuku_server.settings.certificates import CertificateSettings
from sukusuku_server.settings.channels import MAIL, Channel
from sukusuku_server.settings.collection import Collection
from sukusuku_server.settings.facility import (
    Asset,
    Contact,
    Facility,
    Limits,
    MailServer,
    Place,
    Site,
    Unit,
    Web,
    leaves,
    left,
    present,
    there,
)
from sukusuku_server.settings.facility_checks import check, from_text, read
from sukusuku_server.settings.gateways import Gateway, GatewayMetric
from sukusuku_server.settings.home_assistant import HomeAssistant
from sukusuku_server.settings.index import FacilityIndex
from sukusuku_server.settings.mail_address import MailAddress
from sukusuku_server.settings.ngsi_ld import NgsiLd
from sukusuku_server.settings.oidc import Oidc
from sukusuku_server.settings.opening import Band, Calendar, NamedDay, Opening, Service
from sukusuku_server.settings.report_mail import ReportMail
from sukusuku_server.settings.rooms import AGES, Age, Change, Counting, Room, Shift, Standards, Zone
from sukusuku_server.settings.rounds import Crew, Depot, Pair, Round, Routing, Vehicle
from sukusuku_server.settings.secret import Secret
from sukusuku_server.settings.ward_plan import WardPlan

__all__ = [
    "AGES",
    "MAIL",
    "WEEKDAYS",
    "Age",
    "AlertLevels",
    "Asset",
    "Band",
    "BookingSettings",
    "Calendar",
    "CertificateSettings",
    "Change",
    "Channel",
    "Collection",
    "Contact",
    "Counting",
    "Crew",
    "Depot",
    "Facility",
    "FacilityIndex",
    "Feed",
    "Gateway",
    "GatewayMetric",
    "HomeAssistant",
    "Language",
    "Levels",
    "Limits",
    "MailAddress",
    "MailServer",
    "NamedDay",
    "NgsiLd",
    "Oidc",
    "Opening",
    "Pair",
    "Place",
    "ReportMail",
    "Room",
    "Round",
    "Routing",
    "Secret",
    "Service",
    "Shift",
    "Site",
    "Standards",
    "Text",
    "Unit",
    "Vehicle",
    "WardPlan",
    "Web",
    "Weekday",
    "Zone",
    "check",
    "from_text",
    "leaves",
    "left",
    "present",
    "read",
    "there",
]
