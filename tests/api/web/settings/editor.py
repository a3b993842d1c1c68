"""Somebody who changes the settings over the pages, without a browser: what a form shows is what is sent."""

from collections.abc import Iterator
from html.parser import HTMLParser

import httpx

Fields = dict[str, list[str]]


class _Form(HTMLParser):
    """What a browser would send of the last form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: Fields = {}
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.fields = {}
        elif tag == "input" and given.get("name") and (given.get("type") != "checkbox" or "checked" in given):
            self.fields.setdefault(str(given["name"]), []).append(given.get("value") or "")
        elif tag == "select":
            self._select, self._options = given.get("name"), []
        elif tag == "option":
            self._options.append((given.get("value") or "", "selected" in given))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            chosen = next((value for value, selected in self._options if selected), self._options[0][0])
            self.fields.setdefault(self._select, []).append(chosen)
            self._select = None


def fields_of(page: str) -> Fields:
    """Return what the last form of a page holds."""
    form = _Form()
    form.feed(page)
    return form.fields


class Editor:
    """Opens a form, types into it, and goes on as the buttons do."""

    def __init__(self, api: httpx.Client, word: str, *names: str) -> None:
        self._api = api
        self.path = f"/settings/edit/{word}"
        page = api.get(self.path, params={"lang": "en", "of": list(names)})
        assert page.status_code == 200, page.text
        self.fields = fields_of(page.text)

    def send(self, step: str, **typed: str | list[str]) -> httpx.Response:
        """Type and press a button; `__` in a name stands for a dot."""
        for key, text in typed.items():
            self.fields[key.replace("__", ".")] = text if isinstance(text, list) else [text]
        answer = self._api.post(f"{self.path}?lang=en", data={**self.fields, "step": step})
        if answer.status_code in {200, 409, 422}:
            self.fields = fields_of(answer.text)
        return answer

    def save(self, **typed: str | list[str]) -> httpx.Response:
        """Type, look at the difference, and save it."""
        shown = self.send("check", **typed)
        assert shown.status_code == 200, shown.text
        return self.send("save", by="Anna", why="spring")


def mistakes(page: str) -> list[str]:
    """Return what a page says beside its fields and above them."""
    return list(_between(page, '<strong class="mistake">', "</strong>")) + list(
        _between(page, '<p class="error" role="alert">', "</p>")
    )


def _between(page: str, start: str, end: str) -> Iterator[str]:
    for part in page.split(start)[1:]:
        yield part.split(end)[0].strip()
