"""Lists the imports of Python files. Input: [[path, size], ...] as a line of JSON, then the files' bytes.
Output: {path: [import, ...] or {line, problem}} as JSON.
"""

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

    def visit_Try(self, node):
        self.visit_parts(node.body, any(catches(handler.type) for handler in node.handlers))
        self.visit_parts(node.handlers + node.orelse + node.finalbody)

    def visit_If(self, node):
        name = getattr(node.test, "id", getattr(node.test, "attr", None))
        self.visit_parts(node.body, name == "TYPE_CHECKING")
        self.visit_parts(node.orelse)

    def visit_parts(self, nodes, optional=False):
        before, self.optional = self.optional, self.optional or optional
        for node in nodes:
            self.visit(node)
        self.optional = before


def catches(kind):
    """Returns whether an `except` clause catches ImportError."""
    if isinstance(kind, ast.Tuple):
        return any(map(catches, kind.elts))
    return kind is None or getattr(kind, "id", "") in ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


def imports(path, source):
    visitor = Imports()
    try:
        # Pass bytes, so that an encoding declaration (PEP 263) takes effect.
        visitor.visit(ast.parse(source, path))
        # Some errors, such as `return` outside a function, are found only here.
        compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return dict(line=error.lineno or 1, problem=error.msg)
    except (ValueError, RecursionError) as error:
        return dict(line=1, problem=str(error))
    return visitor.found


warnings.simplefilter("ignore")
sizes = json.loads(sys.stdin.buffer.readline())
found = {path: imports(path, sys.stdin.buffer.read(size)) for path, size in sizes}
json.dump(dict(version="%d.%d" % sys.version_info[:2], files=found), sys.stdout)
