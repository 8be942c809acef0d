"""The attention explorer in JupyterLab, on the real notebook."""

from __future__ import annotations

from statistics import median

import pytest

TITLE = "Attention explorer"
DETAIL, TOKENS = "In detail", "Token by token"


@pytest.fixture(scope="module")
def notebook(open_notebook):
    opened = open_notebook("02")
    opened.run_all()
    return opened


@pytest.mark.timeout(400)
def test_each_key_is_answered(notebook, capsys) -> None:
    """How long a reader waits is printed, not tested: other programs may use the processor."""
    explorer = notebook.explorer(TITLE)
    keys = ["ArrowRight", "ArrowLeft"] * 5
    waited = [explorer.milliseconds("Layer", key, DETAIL) for key in keys]
    with capsys.disabled():
        print(
            f"\nfrom key to page, Layer, {len(waited)} times: median {median(waited):.0f} ms, "
            f"longest {max(waited):.0f} ms"
        )
    assert explorer.caption(DETAIL).startswith("Layer 0, head 0: heat map")


def test_every_control_changes_what_is_said(notebook) -> None:
    explorer = notebook.explorer(TITLE)
    before = explorer.caption(DETAIL)
    assert before.startswith("Layer 0, head 0: heat map")
    explorer.press("Layer", "ArrowRight")
    layer = explorer.wait_for_change(DETAIL, before)
    assert layer.startswith("Layer 1, head 0")
    explorer.press("Head", "ArrowRight", "ArrowRight")
    explorer.wait_for(DETAIL, "Layer 1, head 2: heat map")
    explorer.wait_for(TOKENS, "without layer 1, head 2")
    explorer.choose("Weights", "rollout up to the layer")
    explorer.wait_for(DETAIL, "Rollout up to layer 1")
    explorer.choose("View", "lines")
    explorer.wait_for(DETAIL, "lines from tokens that attend (left)")
    explorer.choose("Attending token", "4 train")
    explorer.wait_for(DETAIL, "The largest weights of “train” (position 4)")
    explorer.press("Without [CLS] and [SEP]", "Space")
    explorer.wait_for(DETAIL, "[CLS] and [SEP] are hidden")
    explorer.press("Without [CLS] and [SEP]", "Space")
    assert not notebook.errors()


def test_typing_asks_about_another_text(notebook) -> None:
    explorer = notebook.explorer(TITLE)
    explorer.type("Sentence", "Who eats hay?")
    explorer.panel(TOKENS).locator("summary").press("Enter")
    explorer.panel(TOKENS).locator("td", has_text="hay").first.wait_for()
    explorer.type("Second sentence", "The river is long.")
    explorer.wait_for("All heads", "to the other sentence in layer")
    explorer.type("Second sentence", "")
    explorer.type("Compared with", "Who eats hay?")
    explorer.wait_for(TOKENS, "Cosine 1.000")
    explorer.type("Compared with", "")
    explorer.wait_for(TOKENS, "There is no prediction to explain")
    explorer.type(
        "Compared with", "<img src=x onerror=\"document.title = 'taken'\"> $x^2$ \u202eabc"
    )
    explorer.wait_for(TOKENS, "The prediction is the cosine with “<img src=x")
    explorer.type("Sentence", "<script>document.title = 'taken'</script> " + "word " * 300)
    explorer.wait_for("All heads", "Only 40 pieces are read")
    assert notebook.page.title() != "taken"
    assert not notebook.errors()


def test_it_is_reached_by_tab(notebook) -> None:
    explorer = notebook.explorer(TITLE)
    order = explorer.tab_order(11)
    assert order[:4] == ["Sentence", "Second sentence", "Compared with", "Without [CLS] and [SEP]"]
    assert list(dict.fromkeys(order[4:])) == ["Layer", "Head", "Weights", "View", "Attending token"]


def test_it_is_looked_at(notebook, screenshots) -> None:
    explorer = notebook.explorer(TITLE)
    explorer.type("Sentence", "How do I train a guinea pig?")
    explorer.type("Compared with", "Can a cavy learn tricks?")
    explorer.choose("Weights", "one head")
    explorer.press("Layer", "Home")
    explorer.press("Head", "Home", "ArrowRight")
    explorer.wait_for(TOKENS, "without layer 0, head 1")
    explorer.choose("View", "matrix")
    explorer.choose("Attending token", "4 train")
    explorer.wait_for(DETAIL, "of “train” (position 4)")
    explorer.screenshots(screenshots, "attention")
    explorer.choose("View", "lines")
    explorer.wait_for(DETAIL, "lines from tokens")
    explorer.panel(DETAIL).screenshot(path=screenshots / "explorer-attention-lines.png")
    assert not notebook.errors()
