"""What is told to displays that are open: the parts of the wall that are not what they were, as HTML."""

from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.live_state import State, changed
from sukusuku_api.web import base
from sukusuku_api.web.wall import view_model
from sukusuku_server.settings import Language


def shown(state: State, seen: Context, language: Language, site: str | None) -> view_model.Wall:
    """Return a display of the centres that somebody sees, or of one of them."""
    views, alerts = state.seen(seen)
    sites = [found for found in seen.facility.site if site in {None, found.id}]
    reader = base.Locale(language, base.texts(language).gettext, seen.clock())
    return view_model.wall(
        seen.index,
        sites,
        views,
        alerts,
        reader,
        state.doubt,
        settings_wrong=not state.settings_right,
        away=state.away,
        silences=state.silences,
        asked=state.asked,
    )


@dataclass(frozen=True, slots=True)
class News:
    """For displays in a language, of one centre or (None) of all that somebody sees."""

    language: Language
    site: str | None

    def whole(self, state: State, seen: Context) -> str:
        """Return everything on the display that changes."""
        return self._told(state, seen, None)

    def change(self, before: State, state: State, seen: Context) -> str:
        """Return the tiles that differ, with warnings, summary and alerts, which are about all; empty: nothing does."""
        tiles = {view.id for view in changed(before, state, seen) if self.site in {None, view.site}}
        if not tiles and _around(before) == _around(state):
            return ""
        return self._told(state, seen, tiles)

    def _told(self, state: State, seen: Context, tiles: set[str] | None) -> str:
        return (
            base.environment(self.language)
            .get_template("news.html")
            .render(
                wall=shown(state, seen, self.language, self.site),
                changed=tiles,
                rows=view_model.ROWS,
                language=self.language,
                site=self.site,
            )
        )


def _around(state: State) -> tuple[object, ...]:
    return (state.alerts, state.silences, state.doubt, state.settings_right, state.away)
