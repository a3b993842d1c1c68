"""What the things of the document are called on the page. Message ids are English."""

from sukusuku_server.i18n import N_

WEEKDAY_NAMES = {
    "mon": N_("Monday"),
    "tue": N_("Tuesday"),
    "wed": N_("Wednesday"),
    "thu": N_("Thursday"),
    "fri": N_("Friday"),
    "sat": N_("Saturday"),
    "sun": N_("Sunday"),
}
ORDINALS = {
    "1st": N_("1st"),
    "2nd": N_("2nd"),
    "3rd": N_("3rd"),
    "4th": N_("4th"),
    "5th": N_("5th"),
    "last": N_("last"),
}
REPORT_NAMES = {"collection": N_("Collection of used nappies"), "rooms": N_("Use of the temporary-childcare rooms")}
RULE_NAMES = {
    "collection": N_("Bag to be collected"),
    "unit_fault": N_("Fault of a unit"),
    "film_low": N_("Film low"),
    "room_over_capacity": N_("Room over its limit"),
    "zone_over_capacity": N_("Zone over its house rule"),
    "asset_silent": N_("No data"),
    "kg_limit": N_("Ward's weight limit"),
    "stock_low": N_("Stock low"),
}
REASONS = {
    "unknown-asset": N_("There is no unit or room of this name. Its readings are kept and wait."),
    "wrong-edge": N_("The settings expect it at another edge node. Its readings are kept and wait."),
    "unknown-zone": N_("It names a zone that its room does not have. Its readings are kept and wait."),
    "unknown-node": N_("No unit or room has this edge node. Its readings wait there."),
}
ORIGINS = {
    "found": N_("found at the first start"),
    "by_hand": N_("edited in the file"),
    "saved": N_("saved"),
    "undone": N_("taken back"),
}
