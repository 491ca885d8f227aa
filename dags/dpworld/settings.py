"""The deployment settings, read from `platform.json` in the DAG folder. That file is generated from infra/settings; do
not edit it.

Only the standard library is used, because Airflow parses every DAG file about every 30 seconds.
"""

import json
from pathlib import Path

PLATFORM = json.loads((Path(__file__).parents[1] / "platform.json").read_text(encoding="utf-8"))

# The sources that are loaded, by name; the others have no DAG.
SOURCES = {name: source for name, source in PLATFORM["sources"].items() if source["enabled"]}
