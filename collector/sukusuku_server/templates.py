"""The one maker of Jinja environments: for mails, pages and reports."""

from functools import lru_cache
from gettext import NullTranslations

from jinja2 import (
    BytecodeCache,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    select_autoescape,
)
from jinja2.bccache import Bucket


class _Compiled(BytecodeCache):
    """What templates were compiled to, for all languages: texts are looked up when a template is rendered."""

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, where it has been compiled in another language."""
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template that has just been compiled."""
        self._codes[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


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
        bytecode_cache=_compiled,
    )
    made.install_gettext_callables(texts.gettext, texts.ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    return made
