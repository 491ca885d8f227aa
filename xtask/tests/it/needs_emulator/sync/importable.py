"""Imports every Python file of each state of a bucket: [{key: text}, ...] on standard input. Says what does not import."""

import importlib
import json
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
standard = set(sys.modules)
for number, state in enumerate(json.load(sys.stdin)):
    with tempfile.TemporaryDirectory() as folder:
        files = {Path(folder, key.removeprefix("dags/")): text for key, text in state.items() if key.endswith(".py")}
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        sys.path.insert(0, folder)
        for file in files:
            for name in set(sys.modules) - standard:
                del sys.modules[name]
            importlib.invalidate_caches()
            parts = file.relative_to(folder).with_suffix("").parts
            try:
                importlib.import_module(".".join(parts).removesuffix(".__init__"))
            except ImportError as error:
                print(f"after {number} writes: {'/'.join(parts)}: {error}; there are {sorted(state)}")
        sys.path.remove(folder)
