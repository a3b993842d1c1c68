"""What Sukusuku watches for, with the stages and causes of a bag that is due."""

from enum import IntEnum, StrEnum


class Rule(StrEnum):
    """What Sukusuku watches for. `KG_LIMIT` and `STOCK_LOW` are about a site, the others about a unit or room."""

    COLLECTION = "collection"
    UNIT_FAULT = "unit_fault"
    FILM_LOW = "film_low"
    ROOM_OVER_CAPACITY = "room_over_capacity"
    ZONE_OVER_CAPACITY = "zone_over_capacity"
    ASSET_SILENT = "asset_silent"
    KG_LIMIT = "kg_limit"
    STOCK_LOW = "stock_low"


class Stage(IntEnum):
    """What has to be done about a bag. A mail goes out again only when this rises."""

    PLAN = 1
    """See that a round takes it."""
    TODAY = 2
    """Have it emptied today."""
    NOW = 3
    """Change the bag now."""


class Cause(StrEnum):
    """Why a bag must be collected."""

    LEVEL = "level"
    OVERFLOW_RISK = "overflow_risk"
    """It may be full (10 %) before anybody can come."""
    BEFORE_NEXT = "before_next"
    """It will be full, or over age, before the next round."""
    FULL_TODAY = "full_today"
    AGE_TODAY = "age_today"
    FULL = "full"
    BAG_FULL = "bag_full"
    """The unit says so itself."""
    OVER_AGE = "over_age"
