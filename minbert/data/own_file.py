"""A file of somebody's own: text, CSV, TSV, JSON lines; every row of it read, or named.

A file is cut into rows by `minbert.data.table`, as the course's files are. What is different here:
nobody knows beforehand what the columns are called, or whether there is a header at all.
"""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from minbert.data.course_file import check_share
from minbert.data.examples import Damage
from minbert.data.table import Row, table_rows
from minbert.data.text import decoded, read_text, text_lines, user_path

logger = logging.getLogger(__name__)

SUFFIXES = {".txt": "lines", ".csv": ",", ".tsv": "\t", ".tab": "\t", ".jsonl": "json",
            ".ndjson": "json"}  # fmt: skip
"""How a file is cut, by the end of its name; `.gz` may follow."""
SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "bars": "|||"}
"""Names of separators in a `--data` argument. `bars` is the ` ||| ` of `label ||| text` files."""
YES_NO = {"yes": True, "no": False}

KNOWN_NAMES = {
    "text": ("text", "sentence", "review", "comment", "message", "title", "content"),
    "label": ("label", "class", "category", "topic", "is_duplicate", "quality", "gold_label"),
    "first": ("first", "sentence1", "sentence_1", "text1", "question1", "anchor", "query",
              "question", "premise", "#1 string"),
    "second": ("second", "sentence2", "sentence_2", "text2", "question2", "positive", "answer",
               "passage", "hypothesis", "#2 string"),
    "score": ("score", "similarity", "similarity_score"),
    "negative": ("negative", "hard_negative", "hard negative"),
}  # fmt: skip
"""Headers that say by themselves what is in a column, in lower case."""

UNQUOTED_HEADERS = (
    ("sentence", "label"),
    ("id", "qid1", "qid2", "question1", "question2", "is_duplicate"),
    ("index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1",
     "sentence2", "score"),
    ("quality", "#1 id", "#2 id", "#1 string", "#2 string"),
)  # fmt: skip
"""Of GLUE's TSV files (SST-2, QQP, STS-B, MRPC), in which a quotation mark is only a mark: read as
CSV, a sentence that begins with one swallows the rows after it."""


@dataclass(frozen=True)
class Reading:
    """How a file is to be read; whatever is not said is found out, and said in the log."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Names of columns, or their numbers from 1, by what is in them: `first`, `label`, …"""
    header: bool | None = None
    separator: str | None = None
    quotes: bool | None = None
    """Whether a field may be quoted. None: yes, except in GLUE's TSV files."""


@dataclass(frozen=True)
class OwnTable:
    """The rows of a file: texts by what they are."""

    source: str
    columns: tuple[str, ...]
    """What is in each row, of `KNOWN_NAMES`."""
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    """Where each row begins in the file, counted from 1."""
    damage: tuple[Damage, ...] = ()
    empty_lines: int = 0
    """Passed over, of text files: they stand between paragraphs."""

    def column(self, name: str) -> tuple[str, ...] | None:
        """All values of a column; None where there is none."""
        if name not in self.columns:
            return None
        at = self.columns.index(name)
        return tuple(row[at] for row in self.rows)


def read_own(
    path: str | Path, needed: Sequence[str], optional: Sequence[str], reading: Reading
) -> OwnTable:
    """The rows of a file in which these columns stand.

    Args:
        path: .txt, .csv, .tsv, .jsonl, each also with .gz.
        needed: what every file of this kind has, of `KNOWN_NAMES`, in the order in which a file
            without a header has it.
        optional: what it may have besides.
        reading: what the user said of the file.

    Raises:
        OSError: there is no such file, or it cannot be read.
        ValueError: no such column, not UTF-8, no row, or more than 1 % of the rows damaged; the
            sentence names file and line.
    """
    path = user_path(path)
    kind = _kind(path)
    text = _whole_text(path)
    empty = 0
    if kind == "json":
        columns, found = _json_rows(text, path, needed, optional, reading)
    elif kind == "lines" and tuple(needed) == ("text",) and reading.separator is None:
        lines = text_lines(text)
        empty = sum(not line.strip() for line in lines)
        found = [
            Row(number, 1, (line,), _wrong(line))
            for number, line in enumerate(lines, start=1)
            if line.strip()
        ]
        columns = {"text": 0}
    else:
        columns, found = _table(text, path, kind, needed, optional, reading)
    return _checked(path, columns, found, needed, empty)


def _checked(
    path: Path, columns: Mapping[str, int], found: Sequence[Row], needed: Sequence[str], empty: int
) -> OwnTable:
    rows, lines, damage = [], [], []
    width = max(columns.values()) + 1
    for row in found:
        problem = row.problem
        if not problem and len(row.fields) < width:
            problem = f"fewer fields than columns: expected {width}, got {len(row.fields)}"
        if not problem:
            values = {name: row.fields[at].strip() for name, at in columns.items()}
            missing = [name for name in needed if not values[name]]
            if missing:
                problem = f"empty {', '.join(missing)}: expected a value, got none"
        if problem:
            damage.append(Damage(path.name, row.line, (row.fields or ("",))[0][:20], problem))
        else:
            rows.append(tuple(values.values()))
            lines.append(row.line)
    check_share(path, len(rows), damage)
    return OwnTable(str(path), tuple(columns), tuple(rows), tuple(lines), tuple(damage), empty)


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"]:
        suffixes.pop()
    kind = SUFFIXES.get(suffixes[-1] if suffixes else "")
    if kind is None:
        known = ", ".join(SUFFIXES)
        workbook = (
            ": save the workbook as CSV" if suffixes[-1:] in ([".xlsx"], [".xls"], [".ods"]) else ""
        )
        raise ValueError(
            f"{path}: expected a file that ends in {known}, perhaps with .gz, got {path.name!r}"
            f"{workbook}"
        )
    return kind


def _whole_text(path: Path) -> str:
    if path.suffix.lower() != ".gz":
        return read_text(path)
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise IsADirectoryError(f"{path}: expected a file, got a folder") from None
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(
            f"{path}: expected a gzip archive that is whole, got one that cannot be unpacked "
            f"({error}): is it cut off?"
        ) from None
    return decoded(content, str(path))


def _table(
    text: str,
    path: Path,
    kind: str,
    needed: Sequence[str],
    optional: Sequence[str],
    reading: Reading,
) -> tuple[dict[str, int], list[Row]]:
    first_line = text.partition("\n")[0]
    separator = reading.separator or _separator(kind, first_line)
    names = tuple(name.strip().lower() for name in first_line.rstrip("\r").split(separator))
    unquoted = names in UNQUOTED_HEADERS and separator == "\t"
    quotes = reading.quotes if reading.quotes is not None else not unquoted
    if separator == "|||":
        rows = list(_plain_rows(text, "|||", parts=len(needed)))
    elif quotes:
        rows = list(table_rows(text, separator))
    else:
        rows = list(_plain_rows(text, separator))
    if not rows:
        raise ValueError(f"{path}:1: expected rows, got an empty file")
    if separator == "|||" and reading.header is None and not reading.columns:
        order = ("label", *[name for name in needed if name != "label"])  # CMU's: label ||| text
        return {name: at for at, name in enumerate(order)}, rows
    header = [field.strip() for field in rows[0].fields]
    named = _named(header, needed, optional, reading)
    has_header = reading.header
    if has_header is None:
        known = {one for name in (*needed, *optional) for one in KNOWN_NAMES[name]}
        has_header = not known.isdisjoint(name.lower() for name in header) or any(
            not name.isdigit() for name in reading.columns.values()
        )
    if not has_header:
        return _by_place(header, path, needed, optional, reading, separator), rows
    missing = [name for name in needed if name not in named]
    if missing and len(header) == len(needed) and not named:
        named = {name: at for at, name in enumerate(needed)}
        missing = []
    wanted = [name for name in reading.columns if name not in named]
    if missing or wanted:
        shown = ", ".join(repr(name) for name in header[:12])
        what = (missing or wanted)[0]
        said = reading.columns.get(what)
        looked = f"a column {said!r}" if said else f"a column that is the {what}"
        raise ValueError(
            f"{path}:1: expected {looked}, got the columns {shown}: name yours, such as "
            f"{what}={header[0]!s:.40}, or say header=no where the first row is an example"
        )
    return named, rows[1:]


def _named(
    header: Sequence[str], needed: Sequence[str], optional: Sequence[str], reading: Reading
) -> dict[str, int]:
    """Columns by what is in them, as the user or their names say."""
    lower = [name.lower() for name in header]
    found: dict[str, int] = {}
    for name in (*needed, *optional):
        if name in reading.columns:
            said = reading.columns[name]
            if said in header:
                found[name] = header.index(said)
            elif said.lower() in lower:
                found[name] = lower.index(said.lower())
            elif said.isdigit() and 1 <= int(said) <= len(header):
                found[name] = int(said) - 1
            continue
        for known in KNOWN_NAMES[name]:
            if known in lower and lower.index(known) not in found.values():
                found[name] = lower.index(known)
                break
    return found


def _by_place(
    row: Sequence[str],
    path: Path,
    needed: Sequence[str],
    optional: Sequence[str],
    reading: Reading,
    separator: str,
) -> dict[str, int]:
    """Columns of a file without a header: by number where one is said, else in order."""
    found = {}
    for name, said in reading.columns.items():
        if not said.isdigit() or not 1 <= int(said) <= len(row):
            raise ValueError(
                f"{path}:1: expected the number of a column, from 1 to {len(row)}, as {name}, got "
                f"{said!r}: a file without a header has no names"
            )
        found[name] = int(said) - 1
    for at, name in enumerate(needed):
        found.setdefault(name, at)
    if len(row) == len(needed) + 1 and not reading.columns and optional:
        # the third column of pairs: a score where it is a number other than 0 and 1
        found["label"] = len(needed)
    if max(found.values()) >= len(row):
        shown = {value: name for name, value in SEPARATORS.items()}.get(separator, separator)
        raise ValueError(
            f"{path}:1: expected {len(needed)} columns ({', '.join(needed)}) with a {shown} "
            f"between them, got {len(row)}: say sep=tab, comma, semicolon or bars where it is "
            "another one"
        )
    logger.info(
        "%s: no header was recognised, so the first row is an example (header=yes says otherwise)",
        path,
    )
    return found


def _separator(kind: str, line: str) -> str:
    if kind == "lines":
        return "|||" if "|||" in line else "\t"
    if kind == ",":  # Excel writes semicolons where the comma is the decimal sign
        counts = {mark: line.count(mark) for mark in (",", ";", "\t")}
        best = max(counts, key=counts.__getitem__)
        return "," if counts[","] >= 1 and counts[","] >= counts[best] else best
    return kind


def _plain_rows(text: str, separator: str, parts: int = 0) -> Iterator[Row]:
    """Rows in which a quotation mark is only a mark."""
    for number, line in enumerate(text_lines(text), start=1):
        if not line.strip():
            yield Row(number, 1, (), "expected a row, got an empty line")
            continue
        fields = line.split(separator, parts - 1) if parts else line.split(separator)
        yield Row(number, 1, tuple(fields), _wrong(line))


def _wrong(line: str) -> str:
    if "\0" in line:
        return "expected text, got a NUL character: is the file broken, or UTF-16?"
    if "\r" in line:
        return "expected \\n or \\r\\n at line ends, got a carriage return inside the row"
    return ""


def _json_rows(
    text: str, path: Path, needed: Sequence[str], optional: Sequence[str], reading: Reading
) -> tuple[dict[str, int], list[Row]]:
    """An object a line; numbers are read as their text."""
    lines = text_lines(text)
    objects: list[tuple[int, dict | str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            objects.append((number, "expected a JSON object, got an empty line"))
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            objects.append((number, f"expected a JSON object ({error}), got {line[:30]!r}"))
            continue
        good = isinstance(value, dict)
        objects.append((number, value if good else f"expected a JSON object, got {line[:30]!r}"))
    whole = [value for _, value in objects if isinstance(value, dict)]
    if not whole:
        first = f", {objects[0][1]}" if objects else ""
        raise ValueError(f"{path}:1: expected a JSON object a line, got none{first}")
    header = list(whole[0])
    named = _named(header, needed, optional, reading)
    missing = [name for name in (*needed, *reading.columns) if name not in named]
    if missing:
        raise ValueError(
            f"{path}:1: expected an entry that is the {missing[0]}, got {', '.join(header)[:150]}: "
            f"name yours, such as {missing[0]}={header[0] if header else 'NAME'!s:.40}"
        )
    keys = [header[at] for at in named.values()]
    rows = []
    for number, value in objects:
        if isinstance(value, str):
            rows.append(Row(number, 1, (), value))
            continue
        fields, problem = [], ""
        for key in keys:
            said = value.get(key)
            if said is None:
                said = ""
            elif isinstance(said, dict | list):
                problem = f"{key}: expected a text or a number, got {str(said)[:30]}"
            fields.append(said if isinstance(said, str) else json.dumps(said))
        rows.append(Row(number, 1, tuple(fields), problem))
    return {name: at for at, name in enumerate(named)}, rows
