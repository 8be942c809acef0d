"""The similarity explorer in JupyterLab, on the real notebook."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

ORIGINAL = "original"
RANKED = "after ranking"


@pytest.fixture(scope="module")
def notebook(run_notebook):
    return run_notebook("11")


@pytest.mark.timeout(400)
def test_typing_compares(notebook) -> None:
    explorer = notebook.explorer("Similarity explorer")
    before = explorer.caption("Cosines")
    explorer.type("Second sentence", "How do I train a guinea pig?")
    same = explorer.wait_for_change("Cosines", before)
    assert same.count("cosine 1.00, above 100% of them") == 3
    expect(explorer.panel("Cosines").locator("img")).to_have_attribute("alt", same)
    explorer.type("Second sentence", "<script>document.title = 'taken'</script> \u202eabc")
    after = explorer.wait_for_change("Cosines", same)
    assert "<script>" in after and "cosine 1.00" not in after
    assert notebook.page.title() != "taken"
    explorer.type("Second sentence", "   ")
    explorer.wait_for("Heads", "the second sentence has no word")
    explorer.type("Second sentence", "Can a cavy learn tricks?")
    explorer.wait_for("Cosines", "“Can a cavy learn tricks?”")
    assert not notebook.errors()


def test_a_model_with_heads_answers(notebook) -> None:
    explorer = notebook.explorer("Similarity explorer")
    explorer.choose("Model", ORIGINAL)
    explorer.wait_for("Heads", "has no trained head for sentiment and paraphrase")
    before = explorer.caption("Heads")
    explorer.choose("Model", RANKED)
    after = explorer.wait_for_change("Heads", before)
    assert "Most likely sentiment: first sentence" in after and "Paraphrase: probability" in after
    explorer.panel("Heads").locator("summary").press("Enter")
    explorer.panel("Heads").locator("td", has_text="4 very positive").first.wait_for()
    assert not notebook.errors()


def test_sentences_are_swapped_and_shuffled_by_keyboard(notebook) -> None:
    explorer = notebook.explorer("Similarity explorer")
    logit = "tr:has(td:text-is('logit')) td >> nth=4"
    before = explorer.panel("Heads").locator(logit).inner_text()
    explorer.press("Swap: exchange the two sentences", "Space")
    explorer.wait_for("Heads", "“Can a cavy learn tricks?” / “How do I train")
    explorer.wait_for("Heads", f"paraphrase logit {before}")
    expect(explorer.panel("Heads").locator(logit)).not_to_have_text(before)
    explorer.press("Shuffle words of the second sentence", "Space")
    explorer.wait_for("Cosines", "“a Can cavy learn tricks?” / “How do I train")
    explorer.press("Swap: exchange the two sentences", "Space")
    explorer.wait_for("Cosines", "/ “a Can cavy learn tricks?”")
    explorer.press("Shuffle words of the second sentence", "Space")
    explorer.wait_for("Cosines", "/ “Can a cavy learn tricks?”")
    assert not notebook.errors()


def test_it_is_reached_by_tab(notebook) -> None:
    assert notebook.explorer("Similarity explorer").tab_order(5) == [
        "First sentence",
        "Second sentence",
        "Model",
        "Swap: exchange the two sentences",
        "Shuffle words of the second sentence",
    ]


def test_it_is_looked_at(notebook, screenshots) -> None:
    notebook.explorer("Similarity explorer").screenshots(screenshots, "similarity")
