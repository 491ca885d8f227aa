"""Says what Python files import: [[path, size], ...] as a line of JSON and then the files' bytes come in,
{path: [import, ...] or {line, problem}} goes out.
"""

import ast
import json
import sys
import warnings


class Imports(ast.NodeVisitor):
    """Goes through what runs when a file is imported, then through the functions that nothing of this calls."""

    def __init__(self):
        self.found = []
        self.optional = False
        self.lazy = False
        # The classes around, the names of what is called, and the functions that were not gone through yet, each with the
        # class around it and whether it stands where imports are optional.
        self.around = [None]
        self.called = set()
        self.functions = []

    def add(self, line, level, module, names):
        marks = dict(optional=self.optional, lazy=self.lazy)
        self.found.append(dict(line=line, level=level, module=module, names=names, **marks))

    def visit_Import(self, node):
        for alias in node.names:
            self.add(node.lineno, 0, alias.name, [])

    def visit_ImportFrom(self, node):
        names = [alias.name for alias in node.names if alias.name != "*"]
        self.add(node.lineno, node.level, node.module or "", names)

    def visit_ClassDef(self, node):
        # Its body runs now, and so may what it inherits.
        self.called.update(map(name, node.decorator_list + node.bases))
        self.around.append(node.name)
        self.generic_visit(node)
        self.around.pop()

    def visit_FunctionDef(self, node):
        # Decorators and defaults run now, the body does not.
        self.called.update(map(name, node.decorator_list))
        for part in (*node.decorator_list, node.args):
            self.visit(part)
        self.functions.append((node, self.around[-1], self.optional))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Call(self, node):
        self.called.add(name(node.func))
        self.generic_visit(node)

    def runs(self, function, around):
        """Whether a function may run on import: something that runs calls one of its name, or it is one that Python calls
        by itself, as `__init__` of a class that is called, or a module's `__getattr__`."""
        by_itself = function.name.startswith("__") and function.name.endswith("__")
        return function.name in self.called or (by_itself and (around is None or around in self.called))

    def file(self, tree):
        self.visit(tree)
        while self.functions:
            now, self.functions, waiting = [], [], self.functions
            for found in waiting:
                (now if not self.lazy and self.runs(*found[:2]) else self.functions).append(found)
            if not now:
                self.lazy, now, self.functions = True, self.functions, []
            for function, around, self.optional in now:
                self.around = [around]
                for statement in function.body:
                    self.visit(statement)
        return sorted(self.found, key=lambda found: found["line"])

    def optionally(self, nodes):
        before, self.optional = self.optional, True
        for node in nodes:
            self.visit(node)
        self.optional = before

    def visit_Try(self, node):
        if not any(caught(handler.type) for handler in node.handlers):
            return self.generic_visit(node)
        self.optionally(node.body)
        for part in node.handlers + node.orelse + node.finalbody:
            self.visit(part)

    def visit_If(self, node):
        test = node.test
        if getattr(test, "id", getattr(test, "attr", None)) != "TYPE_CHECKING":
            return self.generic_visit(node)
        self.optionally(node.body)
        for part in node.orelse:
            self.visit(part)


def name(callee):
    callee = callee.func if isinstance(callee, ast.Call) else callee
    return getattr(callee, "id", getattr(callee, "attr", None))


def caught(kind):
    if isinstance(kind, ast.Tuple):
        return any(map(caught, kind.elts))
    return kind is None or getattr(kind, "id", "") in ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


def imports(path, source):
    try:
        # Of bytes, so that a coding line (PEP 263) counts as it does for Airflow.
        tree = ast.parse(source, path)
    except SyntaxError as error:
        return dict(line=error.lineno or 1, problem=error.msg)
    except (ValueError, RecursionError) as error:
        return dict(line=1, problem=str(error))
    return Imports().file(tree)


warnings.simplefilter("ignore")
sizes = json.loads(sys.stdin.buffer.readline())
found = {path: imports(path, sys.stdin.buffer.read(size)) for path, size in sizes}
json.dump(dict(version="%d.%d" % sys.version_info[:2], files=found), sys.stdout)
