"""The shapes in which the API shows and changes the settings of the operator."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sukusuku_api.schemas.collection import Asked, Shape

_TIME = "2026-11-20T09:15:30+09:00"
_PATH = Field(
    min_length=1,
    max_length=200,
    description="Where: keys, and items of lists by id, name or place",
    examples=["site[tobu].room[0].capacity"],
)
PathText = Annotated[str, _PATH]


class SettingsOut(Shape):
    """The settings as they stand in the document now, in use or not."""

    version: str = Field(description="Names exactly this text; send it with a change")
    settings: dict[str, Any] = Field(description="The document as JSON; values that may be secret are null")


class VersionOut(Shape):
    """One version of the document."""

    number: int
    time: datetime = Field(examples=[_TIME])
    by: str | None = Field(description="null: edited by hand, nobody said by whom")
    why: str
    origin: Literal["found", "by_hand", "saved", "undone"]
    changes: list[str] = Field(description="What is different from the version before, in words")


class VersionsOut(Shape):
    """Versions of the document, the newest first."""

    versions: list[VersionOut]


class _Edit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: PathText


class PutIn(_Edit):
    """Give a key a value."""

    op: Literal["put"]
    value: str | int | float | bool | list[Any] | dict[str, Any]


class AddIn(_Edit):
    """Add an item to a list, behind the others."""

    op: Literal["add"]
    item: dict[str, Any]


class TakeOutIn(_Edit):
    """Take out a key, a table or an item of a list."""

    op: Literal["take_out"]


EditIn = Annotated[PutIn | AddIn | TakeOutIn, Field(discriminator="op")]


class ChangeIn(Asked):
    """A change of the settings: all edits or none."""

    version: str = Field(max_length=64, description="The version that was seen")
    why: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    edits: Annotated[list[EditIn], Field(min_length=1, max_length=50)]


class UndoIn(Asked):
    """Take back what a version changed; later changes stay."""

    version: str = Field(max_length=64, description="The version that was seen")
    why: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    number: int = Field(ge=1, lt=2**31, description="Of the version whose change is taken back")


class ChangedOut(Shape):
    """What a change came to. It is in use within five seconds."""

    version: str
    changes: list[str] = Field(description="What is different now, in words")
    restart: list[str] = Field(description="Keys whose change waits for a restart")


class SeenOut(Shape):
    """The newest value of a metric that has no place in the settings."""

    name: str = Field(examples=["Fill/Percent"])
    value: bool | int | float | str | None
    time: datetime = Field(examples=[_TIME])
    unit: str
    ja: str
    en: str


class CandidateOut(Shape):
    """A device that an edge node reports and nobody has assigned."""

    edge: str
    device: str
    reason: str = Field(description="`unknown-node`: its readings wait at the edge node; else they are kept here")
    first: datetime = Field(examples=[_TIME])
    last: datetime = Field(examples=[_TIME])
    kind: Literal["unit", "room"] | None = Field(description="What its metrics say that it is")
    metrics: list[SeenOut]
    zones: list[str]


class CandidatesOut(Shape):
    """All of them."""

    devices: list[CandidateOut]


class AdoptIn(Asked):
    """Give a device its place. A device that the settings know keeps its name and centre."""

    version: str = Field(max_length=64, description="The version that was seen")
    why: str = Field("", max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
    edge: str = Field(max_length=63)
    device: str = Field(max_length=63)
    site: str = Field("", max_length=63, description="Id of its centre")
    kind: Literal["unit", "room"] | None = Field(None, description="Where its metrics do not tell")
    ja: str = Field("", max_length=80, description="Its name")
    en: str = Field("", max_length=80, description="Its name")
    capacity: int | None = Field(None, ge=0, le=1000, description="Of a room")
