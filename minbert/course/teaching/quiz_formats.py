"""The bank of questions as JSON, as Moodle's XML and as GIFT."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as xml

from nbconvert.filters import markdown2html

from minbert.course.pages import FORMULA
from minbert.course.teaching.questions import Question

CATEGORY = "minBERT"


def as_json(questions: Sequence[Question]) -> str:
    """Markdown as in the notebooks, with the letter of the right choice."""
    content = [
        {
            "name": question.name,
            "topic": question.topic,
            "question": question.text,
            "right": question.letter,
            "choices": [vars(choice) for choice in question.choices],
        }
        for question in questions
    ]
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def as_moodle_xml(questions: Sequence[Question]) -> str:
    """For Moodle's import of the format `Moodle XML`: a category for each notebook."""
    quiz = xml.Element("quiz")
    topic = ""
    for question in questions:
        if question.topic != topic:
            topic = question.topic
            category = xml.SubElement(xml.SubElement(quiz, "question", type="category"), "category")
            _text(category, f"$course$/{CATEGORY}/{topic.replace('/', '//')}")
        item = xml.SubElement(quiz, "question", type="multichoice")
        _text(xml.SubElement(item, "name"), question.name)
        _text(xml.SubElement(item, "questiontext", format="html"), html(question.text))
        for name, value in (
            ("defaultgrade", "1"),
            ("single", "true"),
            ("shuffleanswers", "false"),
            ("answernumbering", "ABCD"),
        ):
            xml.SubElement(item, name).text = value
        for choice in question.choices:
            fraction = "100" if choice.right else "0"
            answer = xml.SubElement(item, "answer", fraction=fraction, format="html")
            _text(answer, html(choice.text))
            _text(xml.SubElement(answer, "feedback", format="html"), html(choice.why))
    xml.indent(quiz)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(quiz, "unicode") + "\n"


def as_gift(questions: Sequence[Question]) -> str:
    """For the imports that read GIFT: Moodle, and many others."""
    parts = []
    topic = ""
    for question in questions:
        if question.topic != topic:
            topic = question.topic
            parts.append(f"$CATEGORY: $course$/{CATEGORY}/{topic.replace('/', '//')}")
        lines = [f"::{question.name}::[html]{_gift(html(question.text))}{{"]
        for choice in question.choices:
            mark = "=" if choice.right else "~"
            lines.append(f"\t{mark}{_gift(html(choice.text))}#{_gift(html(choice.why))}")
        parts.append("\n".join([*lines, "}"]))
    return "\n\n".join(parts) + "\n"


FORMATS: dict[str, Callable[[Sequence[Question]], str]] = {
    "json": as_json,
    "moodle-xml": as_moodle_xml,
    "gift": as_gift,
}


def html(markdown: str) -> str:
    r"""Markdown as HTML, with formulas as `\(…\)`, which learning platforms draw."""
    formulas: list[str] = []

    def kept(found: re.Match[str]) -> str:
        formulas.append((found["block"] or found["inline"]).strip())
        return f"FORMULA{len(formulas) - 1}END"

    drawn = str(markdown2html(FORMULA.sub(kept, markdown))).strip()
    drawn = re.sub(r"^<p>(.*)</p>$", r"\1", drawn) if drawn.count("<p>") == 1 else drawn
    for number, formula in enumerate(formulas):
        text = formula.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        drawn = drawn.replace(f"FORMULA{number}END", rf"\({text}\)")
    return drawn


def _gift(text: str) -> str:
    r"""Text in which GIFT's own characters mean nothing, on one line."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", " ".join(text.split()))


def _text(parent: xml.Element, text: str) -> None:
    xml.SubElement(parent, "text").text = text
