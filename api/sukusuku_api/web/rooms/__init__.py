"""The page of rooms."""

from sukusuku_api.web.rooms.page import install

__all__ = ["install"]
