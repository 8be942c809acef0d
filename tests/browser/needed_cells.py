"""The explorers of a notebook, and of its other cells only those that they need."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

from nbformat import NotebookNode

from minbert.course.notebooks import tags


def explorers_only(notebook: NotebookNode) -> NotebookNode:
    """Cells tagged `explorer`, and each code cell that sets a name which one of them needs.

    Read from the syntax, backwards: a statement asks for the global names that it loads, and those
    that it sets nobody asks for any longer. Strict nbval runs the whole notebook.
    """
    wanted: set[str] = set()
    kept = []
    for cell in reversed(notebook.cells):
        if cell.cell_type != "code":
            continue
        statements = ast.parse(cell.source).body
        if "explorer" in tags(cell) or any(wanted & changed(one) for one in statements):
            for one in reversed(statements):
                wanted = (wanted - bound(one)) | loaded(one)
            kept.append(cell)
    return NotebookNode({**notebook, "cells": kept[::-1]})


def loaded(statement: ast.stmt) -> set[str]:
    """Global names that a statement reads, also inside functions and comprehensions."""
    top = symtable.symtable(ast.unparse(statement), "cell", "exec")
    inside = {
        symbol.get_name()
        for table in _below(top)
        for symbol in table.get_symbols()
        if symbol.is_global()
    }
    at_top = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    return at_top | (inside - bound(statement))


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)


def bound(statement: ast.stmt) -> set[str]:
    """Names that a statement sets in every case."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(one.asname or one.name).partition(".")[0] for one in statement.names}
    if isinstance(statement, ast.Assign):
        return {
            node.id
            for target in statement.targets
            for node in ast.walk(target)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    return set()


def changed(statement: ast.stmt) -> set[str]:
    """Names that a statement sets, or whose items or attributes it writes to."""
    names = bound(statement)
    for node in ast.walk(statement):
        if isinstance(getattr(node, "ctx", None), ast.Store):
            while isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
                node = node.value
            if isinstance(node, ast.Name):
                names.add(node.id)
    return names
