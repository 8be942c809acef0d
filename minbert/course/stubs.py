"""What a learner begins with: functions that raise a sentence until they are written."""

from __future__ import annotations

import ast


def unwritten(stub: str) -> str:
    """A stub whose functions raise a sentence until they are written.

    Only bodies that are three dots or return None are replaced.
    """
    lines = stub.splitlines()
    for node in reversed(ast.parse(stub).body):
        if not isinstance(node, ast.FunctionDef) or not _is_empty(node):
            continue
        first = node.body[-1]
        says = f'raise NotImplementedError("{node.name} is not written yet")'
        if first.lineno == node.lineno:
            lines[first.lineno - 1 : first.end_lineno] = [
                lines[first.lineno - 1][: first.col_offset].rstrip(),
                f"    {says}",
            ]
        else:
            lines[first.lineno - 1 : first.end_lineno] = [f"    {says}"]
    return "\n".join(lines)


def _is_empty(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if len(body) != 1:
        return False
    if isinstance(body[0], ast.Return):
        value = body[0].value
        return value is None or (isinstance(value, ast.Constant) and value.value is None)
    return (
        isinstance(body[0], ast.Expr)
        and isinstance(body[0].value, ast.Constant)
        and body[0].value.value is Ellipsis
    )
