"""Files for Grafana's provisioning: one data source, one provider for each language, and the boards.

No secret is in them: Grafana takes those from its own environment.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.grafana import SOURCE, classic
from sukusuku_dashboards.queries import Queries
from sukusuku_server.settings import Facility, Language

TOKEN = "SUKUSUKU_GRAFANA_INFLUX_TOKEN"  # noqa: S105 - the name of a variable
PASSWORD = "SUKUSUKU_GRAFANA_INFLUX_PASSWORD"  # noqa: S105 - the name of a variable
FOLDER = {"ja": "すくすく", "en": "Sukusuku"}
LANGUAGES: tuple[Language, ...] = get_args(Language)


def files(facility: Facility, folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file as path and text. `folder` is where Grafana will find them."""
    yield Path("provisioning/datasources/sukusuku.yaml"), _yaml({"apiVersion": 1, "datasources": [source(facility)]})
    providers = [_provider(language, folder / "dashboards" / language) for language in LANGUAGES]
    yield Path("provisioning/dashboards/sukusuku.yaml"), _yaml({"apiVersion": 1, "providers": providers})
    for language in LANGUAGES:
        for board in boards(facility, language):
            text = json.dumps(classic(board), ensure_ascii=False, indent=1)
            yield Path(f"dashboards/{language}/{board.uid}.json"), text + "\n"


def source(facility: Facility) -> dict[str, Any]:
    """Return the data source, as Grafana 9 to 13 read it."""
    influx = facility.store.influx
    database = Queries(influx).database
    settings: dict[str, Any] = {
        "name": "Sukusuku InfluxDB",
        "uid": SOURCE,
        "type": "influxdb",
        "access": "proxy",
        "url": influx.url,
        "database": database,
        "jsonData": {"dbName": database, "httpMode": "POST"},
        "editable": False,
    }
    if influx.token is not None:
        settings["jsonData"]["httpHeaderName1"] = "Authorization"
        settings["secureJsonData"] = {"httpHeaderValue1": f"Token ${{{TOKEN}}}"}
    elif influx.username is not None:
        settings["user"] = "grafana"
        settings["secureJsonData"] = {"password": f"${{{PASSWORD}}}"}
    return settings


def folder_of(language: Language) -> tuple[str, str]:
    """Uid and title of the folder in Grafana that holds the boards of a language."""
    return f"sukusuku-{language}", f"{FOLDER[language]} ({language})"


def _provider(language: Language, path: Path) -> dict[str, Any]:
    uid, title = folder_of(language)
    return {
        "name": f"sukusuku-{language}",
        "type": "file",
        "folder": title,
        "folderUid": uid,
        "allowUiUpdates": False,
        "disableDeletion": True,
        "options": {"path": str(path)},
    }


def _yaml(content: object) -> str:
    """JSON is YAML."""
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
