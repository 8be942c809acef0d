"""The point map as Python sees it: what is sent, and that both sides may choose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from explorers import HOSTILE

from minbert.viz.explorers.embeddings import point_map
from minbert.viz.explorers.embeddings.point_map import ASPECT, LONGEST_SHOWN, PointMap, into_frame
from minbert.viz.style import COLOURS, MARKERS

SOURCE = Path(point_map.__file__).with_suffix(".js").read_text(encoding="utf-8")


@pytest.fixture
def three() -> PointMap:
    return PointMap(["a", "b", "c"])


def test_places_travel_as_bytes_in_the_maps_own_units(three: PointMap) -> None:
    three.place(np.array([[10.0, 0.0], [10.0, 4.0], [12.0, 2.0]]), (8, 12, 0, 4), ["along", "up"])
    places = np.frombuffer(three.positions, np.float32).reshape(-1, 2)
    assert places.tolist() == [[0, -1], [0, 1], [1, 0]]
    assert three.axes == ["along", "up"]
    three.clear()
    assert three.positions == b""


def test_a_frame_just_fits_and_keeps_one_scale() -> None:
    wide = into_frame(np.array([[0.0, 0.0], [30.0, 1.0]]), (0, 30, 0, 1))
    assert wide[:, 0].tolist() == [-ASPECT, ASPECT]
    assert wide[1, 1] - wide[0, 1] == pytest.approx(2 * ASPECT / 30)
    one_place = into_frame(np.array([[5.0, 5.0]]), (5, 5, 5, 5))
    assert one_place.tolist() == [[0, 0]]


def test_groups_have_colour_and_marker_and_are_counted(three: PointMap) -> None:
    three.colour(["x", "y"], np.array([1, 0, 1]))
    assert np.frombuffer(three.groups, np.uint8).tolist() == [1, 0, 1]
    assert [kind["count"] for kind in three.legend] == [1, 2]
    assert [kind["colour"] for kind in three.legend] == list(COLOURS[:2])
    assert [kind["marker"] for kind in three.legend] == list(MARKERS[:2])


def test_every_marker_is_known_to_the_page() -> None:
    marks = SOURCE.partition("const MARKERS = {")[2].partition("};")[0]
    for marker in MARKERS:
        assert f"  {marker}: " in marks or f'  "{marker}": ' in marks


def test_what_is_looked_for_and_where_lines_lead(three: PointMap) -> None:
    three.highlight([2])
    assert np.frombuffer(three.highlighted, np.uint8).tolist() == [0, 0, 1]
    three.highlight([])
    assert three.highlighted == b"\x00\x00\x00", "nothing found is not the same as not searched"
    three.highlight(None)
    assert three.highlighted == b""
    three.lead_to(1, [0, 2])
    assert np.frombuffer(three.neighbours, np.uint32).tolist() == [1, 0, 2]


@pytest.mark.parametrize(("asked", "got"), [(2, 2), (99, 2), (-1, 0)])
def test_a_choice_stays_among_the_points(three: PointMap, asked: int, got: int) -> None:
    three.set_state({"selected": asked})  # as the page does
    assert three.selected == got


def test_only_what_changed_is_sent_and_all_at_once(three: PointMap) -> None:
    sent = []
    three.observe(lambda change: sent.append(change["name"]))
    for _ in range(2):
        three.place(np.eye(3)[:, :2], (0, 1, 0, 1), ["along", "up"])
        three.colour(["x"], np.zeros(3, int))
    assert sorted(sent) == ["axes", "groups", "legend", "positions"]


def test_sentences_are_sent_as_short_visible_text() -> None:
    shown = PointMap(list(HOSTILE)).sentences
    assert max(map(len, shown)) == LONGEST_SHOWN
    assert shown[3].startswith("<script>"), "escaping is the page's: it sets text"
    assert not any("\u202e" in text or "\x00" in text for text in shown)
    assert PointMap(["\ud800 alone"]).sentences[0].encode("utf-8")


def test_the_page_sets_text_only_and_loads_nothing() -> None:
    for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "://", "import "):
        assert danger not in SOURCE
    assert len(SOURCE.splitlines()) <= 250
