"""The one maker of Jinja environments: for mails, pages and reports."""

from functools import lru_cache
from gettext import NullTranslations

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined, select_autoescape


@lru_cache
def environment(package: str, texts: NullTranslations) -> Environment:
    """Return the templates of a package in the language of `texts`, and as `mail/` those that all mails share.

    HTML is escaped, a name that is missing fails.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PrefixLoader({"mail": PackageLoader("sukusuku_server.mail")})]),
        autoescape=select_autoescape(["html"], default=False),
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    made.install_gettext_callables(texts.gettext, texts.ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    return made
