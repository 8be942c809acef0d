"""The embedding explorer: every control, both ways to choose a point, export, and hostile text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from explorers import HOSTILE, check_every_control, check_sound, check_static

from minbert import encode, from_pretrained
from minbert.analysis.neighbours import cosine_matrix
from minbert.analysis.sentence_space import SentenceSpace
from minbert.viz.explorers.embeddings import (
    explorer as embeddings,
    labelled_sentences as labelled,
    map as sentence_map,
)
from minbert.viz.explorers.embeddings.explorer import EmbeddingExplorer
from minbert.viz.explorers.embeddings.labelled_sentences import (
    MOST_GROUPS,
    OTHERS,
    group_by,
    rows_with,
)
from minbert.viz.explorers.embeddings.map import ALL_STAGES, MOST_LISTED, OWN, TSNE, UMAP, draw_map
from minbert.viz.explorers.embeddings.neighbours import Nearest, compute_random, draw_nearest

QUESTIONS = [
    f"How do I {verb} a {thing}?"
    for verb in ("train", "feed", "sell")
    for thing in ("guinea pig", "horse", "car", "piano")
]
REVIEWS = [
    f"The {thing} is {how}."
    for how in ("dull", "splendid")
    for thing in ("film", "plot", "music", "cast")
]
SENTENCES = [*QUESTIONS, *REVIEWS]
SPACE = SentenceSpace(
    tuple(SENTENCES), ("quora",) * 12 + ("sst",) * 8, (None,) * 12 + (0, 4) * 4, {}
)
DRAW = np.random.default_rng(0)
VECTORS = {
    "original": DRAW.normal(size=(20, 6)).astype(np.float32),
    "mnrl": DRAW.normal(size=(20, 6)).astype(np.float32),
    "wide": DRAW.normal(size=(20, 9)).astype(np.float32),
}


@pytest.fixture
def explorer(tmp_path: Path) -> EmbeddingExplorer:
    return EmbeddingExplorer(SPACE, VECTORS, folder=str(tmp_path / "projector"))


def places(explorer: EmbeddingExplorer) -> np.ndarray:
    return np.frombuffer(explorer.points.positions, np.float32).reshape(-1, 2)


def marks(explorer: EmbeddingExplorer) -> list[int]:
    return np.flatnonzero(np.frombuffer(explorer.points.highlighted, np.uint8)).tolist()


def test_everything_starts_with_the_first_stage(explorer: EmbeddingExplorer) -> None:
    check_sound(explorer)
    state = explorer.state
    assert (state["Map by"], state["Stage"], state["Colour by"]) == ("PCA", "original", "task")
    assert [kind["name"] for kind in explorer.points.legend] == ["quora", "sst"]
    alt = explorer.panels["Map"].alt
    assert "20 sentences, coloured by task: quora (12), sst (8)" in alt
    assert "all stages together" in alt


def test_a_point_chosen_in_the_page_moves_the_control_and_back(explorer) -> None:
    explorer.points.set_state({"selected": 7})  # as the page does
    assert explorer.point.value == 7
    assert f"point 7, “{SENTENCES[7]}”" in explorer.panels["Neighbours"].alt
    explorer.point.value = 3
    assert explorer.points.selected == 3
    assert f"point 3, “{SENTENCES[3]}”" in explorer.panels["Neighbours"].alt
    explorer.points.set_state({"selected": 10_000})
    assert explorer.point.value == explorer.points.selected == 19


def test_neighbours_are_those_of_the_full_space(explorer: EmbeddingExplorer) -> None:
    explorer.stage.value, explorer.point.value, explorer.k.value = "mnrl", 4, 3
    cosines = cosine_matrix(VECTORS["mnrl"][4:5], VECTORS["mnrl"])[0]
    expected = [row for row in np.argsort(-cosines) if row != 4][:3]
    itself, *rows = explorer.panels["Neighbours"].table.rows
    assert itself[0] == "itself" and itself[-1] == SENTENCES[4]
    assert [int(row[2]) for row in rows] == expected
    assert [float(row[0]) for row in rows] == pytest.approx(cosines[expected], abs=6e-4)
    lines = np.frombuffer(explorer.points.neighbours, np.uint32).tolist()
    assert lines == [4, *expected]
    far = np.linalg.norm(places(explorer) - places(explorer)[4], axis=1)
    assert [int(row[1]) for row in rows] == [int((far < far[other]).sum()) for other in expected]


def test_search_marks_counts_and_lists(explorer: EmbeddingExplorer) -> None:
    explorer.search.value = "GUINEA pig"
    assert marks(explorer) == [0, 4, 8]
    panel = explorer.panels["Map"]
    assert panel.note == "3 of 20 sentences contain “GUINEA pig”."
    assert "Black edges mark those that contain “GUINEA pig”: 3." in panel.alt
    listed = [row for row in panel.table.rows if "(found)" in row[0]]
    assert [row[-1] for row in listed] == [SENTENCES[row] for row in (0, 4, 8)]
    explorer.search.value = "zebra"
    assert marks(explorer) == [] and len(explorer.points.highlighted) == 20
    assert panel.note.startswith("0 of 20")
    explorer.search.value = "  "
    assert explorer.points.highlighted == b"" and not panel.note


def test_colours_change_and_points_stay(explorer: EmbeddingExplorer) -> None:
    before = explorer.points.positions
    explorer.colour.value = "sentiment"
    assert [kind["name"] for kind in explorer.points.legend] == ["none", "0", "4"]
    assert [kind["count"] for kind in explorer.points.legend] == [12, 4, 4]
    assert explorer.points.positions == before
    assert "share its sentiment (none)" in explorer.panels["Neighbours"].alt


def test_points_move_with_the_stage_and_the_directions(explorer: EmbeddingExplorer) -> None:
    first = places(explorer)
    explorer.stage.value = "mnrl"
    second = places(explorer)
    assert not np.allclose(first, second)
    explorer.directions.value = OWN
    assert "turned and mirrored to fit that of original" in explorer.panels["Map"].alt
    assert not np.allclose(places(explorer), second)
    explorer.directions.value = "mnrl"
    assert "largest variance of mnrl" in explorer.panels["Map"].alt
    explorer.stage.value = "wide"
    assert "in all 9 dimensions of wide" in explorer.panels["Neighbours"].alt
    check_sound(explorer)


def test_slow_maps_are_made_once_and_only_when_chosen(explorer, monkeypatch) -> None:
    calls, said = [], []

    def slow(vectors, stage: str, method: str, seed: int) -> sentence_map.SentenceMap:
        calls.append((stage, method))
        said.append(explorer.points.busy)
        return sentence_map.pca_maps(vectors, OWN)[stage]

    monkeypatch.setattr(sentence_map, "neighbour_map", slow)
    explorer.search.value = "car"
    assert calls == []
    explorer.method.value = TSNE
    assert calls == [("original", TSNE)]
    assert said == ["Computing t-SNE of original: this takes some seconds."]
    assert explorer.points.busy == ""
    for control, value in [
        (explorer.search, "horse"),
        (explorer.colour, "sentiment"),
        (explorer.k, 2),
        (explorer.directions, OWN),
    ]:
        control.value = value
    for row in range(20):
        explorer.points.selected = row
    assert len(calls) == 1
    explorer.stage.value = "mnrl"
    explorer.stage.value = "original"
    assert calls == [("original", TSNE), ("mnrl", TSNE)]


def test_a_display_control_computes_no_map_again(explorer, monkeypatch) -> None:
    calls = []
    real = sentence_map.pca_maps
    monkeypatch.setattr(sentence_map, "pca_maps", lambda *given: calls.append(1) or real(*given))
    for control in (explorer.search, explorer.point, explorer.k, explorer.colour, explorer.stage):
        control.value = {"Search": "car", "Point": 5, "Neighbours": 9, "Colour by": "sentiment",
                         "Stage": "mnrl"}[control.description]  # fmt: skip
    assert calls == []
    explorer.directions.value = OWN
    assert len(calls) == 1


def test_umap_says_that_it_is_missing_and_the_rest_works(monkeypatch) -> None:
    monkeypatch.setattr(sentence_map, "umap_is_there", lambda: False)
    explorer = EmbeddingExplorer(SPACE, VECTORS)
    assert explorer.method.options[2][0] == "UMAP (umap-learn is not installed)"
    explorer.method.value = UMAP
    assert "pip install umap-learn" in explorer.panels["Map"].note
    assert explorer.points.positions == b"" and explorer.panels["Map"].error is None
    assert explorer.panels["Neighbours"].table.rows[1][1] == "", "no map, no rank on it"
    explorer.method.value = "PCA"
    assert len(places(explorer)) == 20


def test_export_writes_both_files_and_says_where(explorer, tmp_path: Path) -> None:
    explorer.stage.value = "wide"
    explorer.export.click()
    note = explorer.panels["Export"].note
    assert "vectors.tsv (20 lines) and metadata.tsv (21 lines) of wide" in note
    assert str(tmp_path / "projector") in note
    read = np.loadtxt(tmp_path / "projector" / "vectors.tsv", delimiter="\t")
    assert read == pytest.approx(VECTORS["wide"], rel=1e-5)
    lines = (tmp_path / "projector" / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "sentence\ttask\tsentiment"
    assert lines[1] == f"{SENTENCES[0]}\tquora\tnone"
    explorer.stage.value = "mnrl"
    assert explorer.panels["Export"].note == "", "these vectors were not written yet"


def test_a_folder_that_cannot_be_written_is_said(explorer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder, reason in [
        (tmp_path / "file", "exists"),
        (tmp_path / "file" / "in", "is a file"),
        ("", "type the name of a folder"),
        ("a\x00b", "null"),
    ]:
        explorer.folder.value = str(folder)
        explorer.export.click()
        note = explorer.panels["Export"].note
        assert note.startswith("Nothing was written into") and reason in note
    check_sound(explorer)


def test_hostile_folders_do_not_break_it(explorer, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for text in HOSTILE:
        explorer.folder.value = text
        explorer.export.click()
        check_sound(explorer)
        assert explorer.panels["Export"].note


@pytest.mark.parametrize(
    ("vectors", "said"),
    [(np.full((20, 4), np.nan), "hold NaN or infinity"), (np.ones((20, 4)), "are the same")],
)
def test_a_stage_without_a_map_says_why(vectors: np.ndarray, said: str) -> None:
    explorer = EmbeddingExplorer(SENTENCES, {**VECTORS, "broken": vectors})
    explorer.stage.value = "broken"
    for name in ("Map", "Neighbours"):
        assert said in explorer.panels[name].note and explorer.panels[name].error is None
    assert explorer.points.positions == b""
    explorer.stage.value = "original"
    check_sound(explorer)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((["a", "b"], np.eye(2)), "at least 3 sentences, got 2"),
        ((SENTENCES,), "no vectors"),
        ((SENTENCES, np.eye(3)), r"shape \(3, 3\), expected \(20,"),
        ((SENTENCES, np.ones((20, 1))), "2 or more"),
        ((SENTENCES, VECTORS, {"x": [1]}), "column 'x' has 1 values for 20 sentences"),
    ],
)
def test_what_does_not_fit_together_is_refused(given: tuple, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        EmbeddingExplorer(*given)


def test_one_set_of_vectors_and_no_columns_need_fewer_controls(monkeypatch) -> None:
    explorer = EmbeddingExplorer(SENTENCES, VECTORS["original"])
    labels = [control.description for control in explorer.controls]
    assert labels == ["Map by", "Search", "Point", "Neighbours", "Folder", "Export"]
    assert explorer.points.legend[0]["name"] == "sentence"
    check_static(explorer, monkeypatch)


def test_three_sentences_are_enough() -> None:
    explorer = EmbeddingExplorer(["a", "b", "c"], np.eye(3), k=9)
    check_sound(explorer)
    assert explorer.k.max == 2
    explorer.method.value = TSNE
    check_sound(explorer)


def test_a_zero_vector_and_twins_are_no_fault() -> None:
    vectors = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    explorer = EmbeddingExplorer(["same", "same", "other"], vectors)
    check_sound(explorer)
    assert "random pairs" not in explorer.panels["Neighbours"].alt


def test_of_too_many_sentences_a_sample_is_kept_and_said(monkeypatch) -> None:
    monkeypatch.setattr(labelled, "MOST_SENTENCES", 15)
    explorer = EmbeddingExplorer(SPACE, VECTORS)
    assert len(explorer.points.sentences) == 15
    assert "5 more sentences are left out" in explorer.panels["Map"].note
    rows = [SENTENCES.index(sentence) for sentence in explorer.data.sentences]
    assert rows == sorted(rows)
    assert explorer.data.vectors["wide"] == pytest.approx(VECTORS["wide"][rows])


def test_groups_are_in_an_order_and_few() -> None:
    assert group_by(["b", "a", "b"]).names == ("b", "a")
    assert group_by(["10", "none", "9", "10"]).names == ("none", "9", "10")
    many = group_by([str(i) for i in range(40)] + ["39"])
    assert len(many.names) == MOST_GROUPS and many.names[:2] == (OTHERS, "39")
    assert many.counts[0] == 40 - (MOST_GROUPS - 1) and sum(many.counts) == 41
    alike = group_by(["x" * 30 + "1", "x" * 30 + "2", ""])
    assert len(set(alike.names)) == 3


def test_search_ignores_case_and_outer_space() -> None:
    assert rows_with(" STRASSE ", ["Straße", "Strasse", "Weg"]).tolist() == [0, 1]
    assert rows_with("", ["a"]).tolist() == []


def test_the_random_pairs_are_the_mean_of_all_cosines() -> None:
    cosines = cosine_matrix(VECTORS["original"], VECTORS["original"])
    assert compute_random(VECTORS["original"]) == pytest.approx(
        cosines[np.triu_indices(20, k=1)].mean(), abs=1e-5
    )
    assert compute_random(np.zeros((5, 3))) is None


def test_the_picture_has_ring_lines_and_edges(explorer: EmbeddingExplorer) -> None:
    placed, near = explorer.placed(), Nearest(2, (5, 6), (0.9, 0.8))
    axes = draw_map(placed, explorer.groups(), near, [1, 13])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["quora (12)", "sst (8)"]
    ring = axes.get_lines()[-1]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == pytest.approx(placed.positions[2])
    line = np.stack(axes.get_lines()[1].get_data(), axis=1)
    assert line == pytest.approx(placed.positions[[2, 6]])
    edged = np.concatenate([np.asarray(part.get_offsets()) for part in axes.collections[2:]])
    assert edged == pytest.approx(placed.positions[[1, 13]])


def test_bars_are_as_long_as_their_cosines() -> None:
    near = Nearest(0, (2, 1), (0.75, -0.25))
    axes = draw_nearest(near, SENTENCES, np.zeros(20, int), 0.4)
    assert [bar.get_width() for bar in axes.patches] == [0.75, -0.25]
    assert axes.texts[0].get_text() == f"0.75  {SENTENCES[2]}"
    assert axes.get_lines()[0].get_xdata() == [0.4, 0.4]
    assert axes.get_xlim()[0] == -0.25


def test_hostile_sentences_labels_and_names_are_data(monkeypatch, tmp_path: Path) -> None:
    columns = {"<b>title</b> $x$": HOSTILE, "second": list(HOSTILE[::-1])}
    vectors = {"$stage$ <i>": VECTORS["original"][:10], "two": VECTORS["mnrl"][:10]}
    explorer = EmbeddingExplorer(list(HOSTILE), vectors, columns, folder=str(tmp_path / "x"))
    for row in range(len(HOSTILE)):
        explorer.points.selected = row
        check_static(explorer, monkeypatch)
    explorer.search.value = "<script>"
    assert marks(explorer) == [3]
    explorer.export.click()
    metadata = (tmp_path / "x" / "metadata.tsv").read_text(encoding="utf-8")
    assert metadata.count("\n") == 11
    check_sound(explorer)


def test_only_some_of_many_found_are_listed() -> None:
    vectors = DRAW.normal(size=(60, 4))
    explorer = EmbeddingExplorer([f"word {i}" for i in range(60)], vectors)
    explorer.search.value = "word"
    listed = [row for row in explorer.panels["Map"].table.rows if "(found)" in row[0]]
    assert len(listed) == MOST_LISTED and len(marks(explorer)) == 60


def test_nothing_that_is_set_breaks_it(explorer, monkeypatch) -> None:
    check_every_control(explorer)
    check_static(explorer, monkeypatch)


@pytest.mark.parametrize("name", ["tiny", "minilm"])
def test_it_takes_the_vectors_of_an_encoder(name: str, request) -> None:
    if name == "minilm":
        request.getfixturevalue("minilm_folder")
    encoder, tokenizer = from_pretrained(name)
    vectors = encode(SENTENCES, encoder, tokenizer)
    explorer = EmbeddingExplorer(SENTENCES, vectors)
    check_sound(explorer)
    assert f"in all {encoder.config.hidden_size} dimensions" in explorer.panels["Neighbours"].alt


def test_all_choices_are_there(explorer: EmbeddingExplorer) -> None:
    assert [value for _, value in explorer.method.options] == [embeddings.PCA, TSNE, UMAP]
    assert explorer.directions.options == (ALL_STAGES, *VECTORS, OWN)
