"""Pages for people: the wall."""

from sukusuku_api.web.views import install

__all__ = ["install"]
