"""What people call something, in the shape in which the API shows it."""

from pydantic import Field

from sukusuku_api.schemas.collection import Shape
from sukusuku_server.settings import Text


class NameOut(Shape):
    """A name in both languages."""

    ja: str = Field(examples=["東部こども家庭センター"])
    en: str = Field(examples=["Tobu Child and Family Centre"])


def name(text: Text) -> NameOut:
    """Return a name for the border."""
    return NameOut(ja=text.ja, en=text.en)
