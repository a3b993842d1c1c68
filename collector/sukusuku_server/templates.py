"""The one maker of Jinja environments: for mails, pages and reports."""

from functools import lru_cache
from gettext import NullTranslations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


@lru_cache
def environment(package: str, texts: NullTranslations) -> Environment:
    """Return the templates of a package in the language of `texts`.

    HTML is escaped, a name that is missing fails.
    """
    made = Environment(
        loader=PackageLoader(package),
        autoescape=select_autoescape(["html"], default=False),
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.install_gettext_callables(texts.gettext, texts.ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    return made
