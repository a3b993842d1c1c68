"""What parents are told of a centre, in words: which children may come. Pure."""

from sukusuku_server.i18n import Translate
from sukusuku_server.settings.parents import ForParents

_YEAR = 12


def ages(found: ForParents, translate: Translate) -> str:
    """Return which children may come; empty: nothing is said of it."""
    months, years = found.from_months, found.to_years
    if months is None and years is None:
        return ""
    if months is None:
        return translate("up to age %(years)s") % {"years": years}
    first = translate("%(n)s months") % {"n": months}
    if months >= _YEAR and months % _YEAR == 0:
        first = translate("age %(n)s") % {"n": months // _YEAR}
    if years is None:
        return translate("from %(first)s until they go to school") % {"first": first}
    return translate("from %(first)s to age %(years)s") % {"first": first, "years": years}
