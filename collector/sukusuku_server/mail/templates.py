"""The Jinja environment of mail templates."""

from gettext import NullTranslations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def environment(package: str, texts: NullTranslations) -> Environment:
    """Return the mail templates of a package in the language of `texts`.

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
