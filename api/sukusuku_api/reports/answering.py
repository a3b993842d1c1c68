"""How a report that somebody asks for is made in its turn, and handed to them as a file."""

from enum import StrEnum
from typing import cast

from fastapi import Request, Response

from sukusuku_api.reports.download import File
from sukusuku_api.reports.generate import MEDIA
from sukusuku_api.work_queue import WorkQueue


class Format(StrEnum):
    """The kind of a file."""

    XLSX = "xlsx"
    PDF = "pdf"
    ZIP = "zip"


def queue(request: Request) -> WorkQueue:
    """Return the queue in which reports are made."""
    return cast("WorkQueue", request.app.state.reports)


def answer(made: File, ending: str) -> Response:
    """Return a file for whoever saves it."""
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"}
    return Response(made.content, media_type=MEDIA[ending], headers=headers)
