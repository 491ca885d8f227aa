"""Imports every Python file of each state of a bucket: [{key: text}, ...] on standard input. Prints the files that fail to
import. Modules named circle* may lack each other, because a sync uploads them in parallel."""

import ast
import importlib
import importlib.util
import json
import sys
import tempfile
from pathlib import Path


def modules(text, package):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield importlib.util.resolve_name("." * node.level + (node.module or ""), package)


sys.dont_write_bytecode = True
standard = set(sys.modules)
for number, state in enumerate(json.load(sys.stdin)):
    with tempfile.TemporaryDirectory() as folder:
        files = {Path(folder, key.removeprefix("dags/")): text for key, text in state.items() if key.endswith(".py")}
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        sys.path.insert(0, folder)
        for file, text in files.items():
            for name in set(sys.modules) - standard:
                del sys.modules[name]
            importlib.invalidate_caches()
            parts = file.relative_to(folder).with_suffix("").parts
            try:
                module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
                for name in modules(text, module.__package__):
                    if importlib.util.find_spec(name) is None:
                        raise ImportError(f"there is no {name}", name=name)
            except ImportError as error:
                if parts[-1].startswith("circle") and (error.name or "").startswith("circle"):
                    continue
                print(f"after {number} writes: {'/'.join(parts)}: {error}; there are {sorted(state)}")
        sys.path.remove(folder)
