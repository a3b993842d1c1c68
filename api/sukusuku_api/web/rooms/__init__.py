"""The page of rooms."""

from sukusuku_api.web.rooms.page import install, prepare

__all__ = ["install", "prepare"]
