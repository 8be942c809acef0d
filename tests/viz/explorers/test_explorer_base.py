"""Panels and explorers: faults are said and not raised, one picture at a time, seen without a
kernel too."""

from __future__ import annotations

import threading
import time

import ipywidgets as widgets
import matplotlib.pyplot as plt
import pytest
from explorers import all_widgets, check_every_control, check_static

from minbert.viz import Table
from minbert.viz.explorers import Explorer, Panel, View
from minbert.viz.explorers.base.accessibility import Accessibility
from minbert.viz.explorers.base.controls import choice, one_of, switch, text_field, whole_number
from minbert.viz.explorers.base.explorer import LONGEST_TEXT, MOST_REMEMBERED, typed
from minbert.viz.style import new_axes


def view(alt: str = "A line that rises.", note: str = "") -> View:
    axes = new_axes()
    axes.plot([1, 2])
    return View(axes, alt, Table(["a"], [[1]]), note)


class Example(Explorer):
    """One of each control, two panels, one of which depends on one control only."""

    def __init__(self) -> None:
        self.words = text_field("Words", "abc")
        self.layer = whole_number("Layer", 1, 0, 4)
        self.scale = one_of("Scale", (1.0, 2.5, 20.0), 2.5)
        self.stage = choice("Stage", {"first": 1, "second": 2})
        self.on = switch("On")
        controls = [self.words, self.layer, self.scale, self.stage, self.on]
        super().__init__("Example", "Try it.", controls)
        self.looks = {"all": 0, "layer": 0}
        self.add_panel("All", lambda: self.look("all", self.words.value))
        self.add_panel("Of the layer", lambda: self.look("layer", self.layer.value), [self.layer])

    def look(self, name: str, value: object) -> View:
        self.looks[name] += 1
        return view(f"A line for {value!r:.20}, rising.")


def test_every_control_has_a_label_and_waits_until_a_change_is_finished() -> None:
    explorer = Example()
    check_every_control(explorer)
    for control in explorer.controls:
        if control.has_trait("continuous_update"):
            assert control.continuous_update is False
    assert explorer.state == {
        "Words": "abc",
        "Layer": "1",
        "Scale": "2.5",
        "Stage": "first",
        "On": "False",
    }


def test_a_panel_is_looked_at_when_its_controls_change_and_only_then() -> None:
    explorer = Example()
    assert explorer.looks == {"all": 1, "layer": 1}
    explorer.words.value = "other"
    assert explorer.looks == {"all": 2, "layer": 1}
    explorer.layer.value = 3
    assert explorer.looks == {"all": 3, "layer": 2}
    assert "for 3" in explorer.panels["Of the layer"].alt


def test_without_a_kernel_there_are_pictures_and_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    check_static(Example(), monkeypatch)


def test_what_cannot_be_shown_is_said() -> None:
    wanted: list[Exception | View] = [
        ValueError("two sentences are needed\nand more"),
        KeyError("a fault"),
        view(note="Cut <here>."),
    ]

    def look() -> View:
        found = wanted[0]
        if isinstance(found, Exception):
            raise found
        return found

    panel = Panel("P", look)
    panel.refresh()
    assert panel.note == "two sentences are needed"
    assert panel.error is None and panel.png == b"" and panel.alt == "" and not panel.table.rows
    wanted.pop(0)
    panel.refresh()
    assert isinstance(panel.error, KeyError) and "a fault" in panel.note
    wanted.pop(0)
    panel.refresh()
    assert panel.error is None and panel.note == "Cut <here>." and panel.png


def test_a_live_picture_is_drawn_only_for_those_who_cannot_have_it() -> None:
    drawn = []

    def draw():
        drawn.append(1)
        return new_axes()

    live = widgets.HTML("live")
    panel = Panel("P", lambda: View(draw, "A map of points.", Table(["a"], [[1]])), live=live)
    panel.refresh()
    panel.refresh()
    assert not drawn and live in all_widgets(panel.widget)
    assert panel.png and len(drawn) == 1
    assert panel.png and len(drawn) == 1


def test_pictures_are_not_in_pyplots_keeping() -> None:
    Example()
    assert plt.get_fignums() == []


def test_two_threads_do_not_draw_at_once_and_the_last_value_wins() -> None:
    inside, most = 0, 0
    value = [0]

    def look() -> View:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        found = value[0]
        time.sleep(0.01)
        inside -= 1
        return view(f"A line for the value {found}.")

    panels = [Panel(f"P{number}", look) for number in range(2)]

    def change(number: int) -> None:
        value[0] = number
        for panel in panels:
            panel.refresh()

    threads = [threading.Thread(target=change, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert all(panel.alt == f"A line for the value {value[0]}." for panel in panels)


def test_slow_work_is_remembered_but_not_for_ever() -> None:
    explorer, done = Example(), []
    for _ in range(2):
        for key in range(MOST_REMEMBERED):
            assert explorer.remember(key, lambda: done.append(1) or "x") == "x"
    assert len(done) == MOST_REMEMBERED
    explorer.remember("one more", lambda: 0)
    explorer.remember(0, lambda: done.append(1))
    assert len(done) == MOST_REMEMBERED + 1


def test_a_cut_text_is_said() -> None:
    assert typed("abc") == ("abc", "")
    assert typed("a\ud83d b\udfff") == (
        "a b",
        "Left out, because they are halves of characters: 2.",
    )
    text, note = typed("x" * (LONGEST_TEXT + 1))
    assert len(text) == LONGEST_TEXT and "Only the first 2,000 of 2,001 characters" in note


def test_names_and_captions_for_screen_readers_are_part_of_it() -> None:
    explorer = Example()
    assert any(isinstance(widget, Accessibility) for widget in all_widgets(explorer.widget))
    said = [w for w in all_widgets(explorer.widget) if "minbert-said" in w._dom_classes]
    assert len(said) == 2 * len(explorer.panels)
    quiet = Panel("P", view, spoken=False)
    assert not any("minbert-said" in widget._dom_classes for widget in all_widgets(quiet.widget))
