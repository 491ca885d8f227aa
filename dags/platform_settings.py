"""What differs between deployments, from `platform.json` beside this file: rendered from infra/settings, never edited.

It is read once, when a DAG file is parsed, and with the standard library alone: Airflow parses every file every 30
seconds or so.
"""

import json
from pathlib import Path

PLATFORM = json.loads(Path(__file__).with_name("platform.json").read_text(encoding="utf-8"))
