"""What people say about an emptying that was found, from a form."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from sukusuku_api.dependencies import Context
from sukusuku_api.web import forms
from sukusuku_server.db.emptyings import Emptyings, UnknownEmptyingError

_LONGEST_NAME = 80


class Verdict(BaseModel):
    """What the form says of an emptying: its id under `confirm`, `reject` or `withdraw`, and who says so."""

    by: Annotated[forms.Line, Field(max_length=_LONGEST_NAME)] = ""
    confirm: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    reject: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    withdraw: Annotated[int, Field(ge=0, lt=2**63)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if [self.confirm, self.reject, self.withdraw].count(None) != 2:  # noqa: PLR2004 - of three
            raise ValueError("`confirm`, `reject` or `withdraw` is wanted, with the id of an emptying")
        return self


def keep(context: Context, verdict: Verdict, by: str, unit: str | None = None) -> None:
    """Keep a verdict, about an emptying of `unit` only if given. Raises UnknownEmptyingError or EmptyingClashError."""
    book, now = Emptyings(context.operations), context.clock()
    about = next(ident for ident in (verdict.confirm, verdict.reject, verdict.withdraw) if ident is not None)
    asset = book.one(about).asset
    if not context.sees(asset) or unit not in {None, asset}:
        raise UnknownEmptyingError(about)
    if verdict.confirm is not None:
        book.confirm(verdict.confirm, by, now)
    if verdict.reject is not None:
        book.reject(verdict.reject, by, now)
    if verdict.withdraw is not None:
        book.withdraw(verdict.withdraw, by, now)
