"""The exercises of a notebook, cut into what is given, what is asked for, and what checks it."""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nbformat import NotebookNode

from minbert.course.build_track.skeleton import body_begins
from minbert.course.notebooks import tags

CHECKS = "minbert.course.checks"


@dataclass(frozen=True)
class Marks:
    """The lines between which a grading tool looks for an answer."""

    begin: str
    end: str


@dataclass(frozen=True)
class Exercise:
    """One exercise; its answer stands under the names by which its checker calls it."""

    name: str
    """Of the checker, for example `weights`; with a number where the notebook uses it twice."""
    checker: str
    call: str
    """What the exercise's last cell asks, for example `check.weights(my_weights)`."""
    module: str
    """Where the checker is defined, for example `minbert.course.checks.attention`."""
    at: int
    """Place of the exercise's cell in the notebook."""
    solution_at: int
    given: str
    """What comes before the answer: imports."""
    answer: str
    """The definitions that are asked for, and their helpers."""
    targets: tuple[str, ...]
    """Names that the checker is given."""
    shown: str
    """What comes after the answer and shows it at work."""
    renamed: Mapping[str, str]
    """Names in the solution that are not those of the exercise, and what they become."""
    asked: str
    """The cell before it: heading, text and hints, in Markdown."""
    stub: str
    """What the learner begins with."""
    solution: str
    """The solution's cell, with the learner's names."""
    praise: str
    """What the checker says of the solution in the stored output: what was learned."""

    @property
    def title(self) -> str:
        """The heading that stands last before it, without marks."""
        return (re.findall(r"^#+ (.+)$", self.asked, re.MULTILINE) or ["Exercise"])[-1]

    @property
    def solved(self) -> str:
        """The learner's cell as the key fills it in: what was given there, then the solution."""
        missing = [line for line in self.given.splitlines() if line not in self.solution]
        return "\n".join([*missing, "", "", self.solution]) if missing else self.solution

    def marked(self, marks: Marks) -> str:
        """The cell with the answer, of which students get all but what is between the marks.

        The signature and docstring of a function are outside. Where helpers are defined before
        it, or the answer is no function, everything is inside and a comment says what is asked.
        """
        tree = ast.parse(self.answer)
        lines = self.answer.splitlines()
        whole = [node for node in tree.body if not _is_target(node, self.targets)]
        if whole:
            asked = [
                f"# Define: {_signature(node) if isinstance(node, ast.FunctionDef) else name}"
                for name, node in _definitions(tree).items()
                if name in self.targets
            ]
            parts = [*asked, marks.begin, self.answer, marks.end]
        else:
            parts = []
            for node in tree.body:
                assert isinstance(node, ast.FunctionDef)
                parts += (["\n"] if parts else []) + _split(node, lines, marks)
        given = [self.given, "\n"] if self.given else []
        return "\n".join([*given, *parts])


def exercises(notebook: NotebookNode) -> list[Exercise]:
    """All exercises of a notebook, in its order.

    Raises:
        ValueError: an exercise has no checker, no solution, or they do not ask alike.
    """
    module = _module(notebook)
    found: list[Exercise] = []
    seen: Counter[str] = Counter()
    cells = notebook.cells
    for at, cell in enumerate(cells):
        if "exercise" not in tags(cell):
            continue
        later = range(at + 1, len(cells))
        solution_at = next((place for place in later if "solution" in tags(cells[place])), None)
        between = cells[at + 1 : solution_at]
        if solution_at is None or any("exercise" in tags(one) for one in between):
            raise ValueError(f"an exercise has no solution after it: {cell.source!r}")
        exercise = _exercise(cells, module, at, solution_at)
        seen[exercise.name] += 1
        if seen[exercise.name] > 1:
            exercise = replace(exercise, name=f"{exercise.name}-{seen[exercise.name]}")
        found.append(exercise)
    return found


def renamed(source: str, names: Mapping[str, str]) -> str:
    """A cell's source with names replaced; attributes and names of arguments stay.

    Args:
        source: Python.
        names: old to new.
    """
    if not any(name in source for name in names):
        return source
    lines = source.splitlines(keepends=True)
    read = list(tokenize.generate_tokens(io.StringIO(source).readline))
    depth = 0
    places = []
    for number, token in enumerate(read):
        depth += (token.string in "([{") - (token.string in ")]}") if token.string else 0
        before = read[number - 1].string if number else ""
        is_argument = (
            depth > 0
            and read[number + 1 : number + 2]
            and (read[number + 1].string == "=" and before in "(,")
        )
        is_name = token.type == tokenize.NAME and token.string in names
        if is_name and before != "." and not is_argument:
            places.append(token)
    for token in reversed(places):
        row, column = token.start
        line = lines[row - 1]
        lines[row - 1] = line[:column] + names[token.string] + line[token.end[1] :]
    return "".join(lines)


def _exercise(cells: Sequence[NotebookNode], module: str, at: int, solution_at: int) -> Exercise:
    source, solution = cells[at].source, cells[solution_at].source
    stub, asked = ast.parse(source), _check_call(source)
    answered = _check_call(solution)
    if ast.unparse(asked.func) != ast.unparse(answered.func):
        raise ValueError(
            f"exercise and solution are checked alike, expected {ast.unparse(asked.func)}, got "
            f"{ast.unparse(answered.func)}"
        )
    pairs = list(zip(_arguments(answered), _arguments(asked), strict=True))
    names = {old: new for old, new in pairs if old != new}
    solution = renamed(solution, names)
    tree = ast.parse(solution)
    targets = tuple(name for name in _arguments(asked) if name in _definitions(stub))
    missing = [name for name in targets if name not in _definitions(tree)]
    if missing or not targets:
        raise ValueError(
            f"the solution of {ast.unparse(asked)} defines {', '.join(_definitions(tree))}, "
            f"expected {', '.join(missing) or 'what its checker is given'}"
        )
    rest = [node for node in tree.body if not _holds(node, ast.unparse(answered.func))]
    imports = [node for node in rest if isinstance(node, ast.Import | ast.ImportFrom)]
    others = [node for node in rest if node not in imports]
    last = max(number for number, node in enumerate(others) if set(_names(node)) & set(targets))
    given = [_text(source, node) for node in stub.body if _is_given(node, asked, targets)]
    given += [text for node in imports if (text := _text(solution, node)) not in given]
    called = asked.func
    assert isinstance(called, ast.Attribute)
    return Exercise(
        name=called.attr,
        checker=called.attr,
        call=ast.unparse(asked),
        module=module,
        at=at,
        solution_at=solution_at,
        given="\n".join(given),
        answer=_joined(solution, others[: last + 1]),
        targets=targets,
        shown=_joined(solution, others[last + 1 :]),
        renamed=names,
        asked=cells[at - 1].source if at and cells[at - 1].cell_type == "markdown" else "",
        stub=source,
        solution=solution,
        praise=_praise(cells[solution_at]),
    )


def _praise(cell: NotebookNode) -> str:
    """The line of its output that begins with `Right: `, without these words."""
    for output in cell.get("outputs", []):
        for line in output.get("text", "").splitlines():
            if line.startswith("Right: "):
                return line.removeprefix("Right: ")
    return ""


def _module(notebook: NotebookNode) -> str:
    """The module that a notebook imports as `check`."""
    for cell in notebook.cells:
        if cell.cell_type != "code" or CHECKS not in cell.source:
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and node.module == CHECKS:
                for alias in node.names:
                    if alias.asname == "check":
                        return f"{CHECKS}.{alias.name}"
    raise ValueError(f"no cell of the notebook imports a module of {CHECKS} as `check`")


def _check_call(source: str) -> ast.Call:
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "check"
        ):
            return node
    raise ValueError(f"a cell of an exercise asks no checker `check.…(…)`: {source!r}")


def _arguments(call: ast.Call) -> list[str]:
    return [argument.id for argument in call.args if isinstance(argument, ast.Name)]


def _holds(node: ast.AST, called: str) -> bool:
    """Whether a statement is the one that asks the checker."""
    return any(
        isinstance(part, ast.Call) and ast.unparse(part.func) == called for part in ast.walk(node)
    )


def _is_given(node: ast.stmt, asked: ast.Call, targets: tuple[str, ...]) -> bool:
    return not _holds(node, ast.unparse(asked.func)) and not set(_names(node)) & set(targets)


def _names(node: ast.AST) -> list[str]:
    """What a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    inner = [part for target in targets if target is not None for part in ast.walk(target)]
    return [part.id for part in inner if isinstance(part, ast.Name)]


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    return {name: node for node in tree.body for name in _names(node)}


def _is_target(node: ast.AST, targets: tuple[str, ...]) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name in targets


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


def _text(source: str, node: ast.stmt) -> str:
    lines = source.splitlines()[_first_line(node) - 1 : node.end_lineno]
    return "\n".join(lines)


def _joined(source: str, nodes: list[ast.stmt]) -> str:
    """Statements as they are in the source, with the comments between them."""
    if not nodes:
        return ""
    lines = source.splitlines()
    taken: list[str] = []
    end = 0
    for node in nodes:
        first = _first_line(node) - 1
        begin = first
        while begin > end and (not lines[begin - 1].strip() or lines[begin - 1].startswith("#")):
            begin -= 1
        taken += lines[begin : node.end_lineno]
        end = node.end_lineno or first
    return "\n".join(taken).strip("\n")


def _signature(node: ast.FunctionDef) -> str:
    """The head of a function on one line, for a comment."""
    return f"{node.name}({ast.unparse(node.args)})"


def _split(node: ast.FunctionDef, lines: list[str], marks: Marks) -> list[str]:
    """A function whose body stands between the marks."""
    body = node.body[0]
    indent = " " * 4
    if body.lineno == node.lineno:  # on the line of the signature
        head = [lines[node.lineno - 1][: body.col_offset].rstrip()]
        inner = [lines[node.lineno - 1][body.col_offset :]]
    else:
        first = body_begins(node)
        while lines[first - 2].lstrip().startswith("#"):  # a comment belongs to the body
            first -= 1
        head = lines[_first_line(node) - 1 : first - 1]
        inner = textwrap.dedent("\n".join(lines[first - 1 : node.end_lineno])).splitlines()
    kept = textwrap.indent("\n".join([marks.begin, *inner, marks.end]), indent)
    return [*head, kept]
