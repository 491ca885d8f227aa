"""Says what Python files import: {path: source} as JSON comes in, {path: [import, ...] or {line, problem}} goes out."""

import ast
import json
import sys
import warnings


class Imports(ast.NodeVisitor):
    def __init__(self):
        self.found = []
        self.optional = False

    def add(self, line, level, module, names):
        self.found.append(dict(line=line, level=level, module=module, names=names, optional=self.optional))

    def visit_Import(self, node):
        for alias in node.names:
            self.add(node.lineno, 0, alias.name, [])

    def visit_ImportFrom(self, node):
        names = [alias.name for alias in node.names if alias.name != "*"]
        self.add(node.lineno, node.level, node.module or "", names)

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


def caught(kind):
    if isinstance(kind, ast.Tuple):
        return any(map(caught, kind.elts))
    return kind is None or getattr(kind, "id", "") in ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


def imports(path, source):
    try:
        tree = ast.parse(source, path)
    except SyntaxError as error:
        return dict(line=error.lineno or 1, problem=error.msg)
    except (ValueError, RecursionError) as error:
        return dict(line=1, problem=str(error))
    visitor = Imports()
    visitor.visit(tree)
    return visitor.found


warnings.simplefilter("ignore")
sources = json.load(sys.stdin)
found = {path: imports(path, source) for path, source in sources.items()}
json.dump(dict(version="%d.%d" % sys.version_info[:2], files=found), sys.stdout)
