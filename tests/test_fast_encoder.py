"""The fast pass: the numbers of the plain one, never of weights that are gone, or not at all."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from minbert import fast_encoder, from_pretrained, inference, packed_linear
from minbert.analysis.layers import layer_vectors
from minbert.attention import SelfAttention
from minbert.encoder import Encoder
from minbert.fast_encoder import ready
from minbert.inference import encode_rows, pooled_as
from minbert.pooling import EVERY_POOLING, pool


@pytest.fixture(autouse=True, params=[False, True], ids=["plain", "packed"])
def packed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Matrices as they are, or laid out, which wide encoders alone are without this."""
    monkeypatch.setattr(packed_linear, "LEAST_WIDTH", 0 if request.param else 10**9)
    return request.param


@pytest.fixture
def encoder(small_encoder: Encoder) -> Encoder:
    """Weights of a size at which attention, norms and biases matter."""
    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for weight in small_encoder.parameters():
            weight.add_(torch.randn(weight.shape, generator=draw), alpha=0.1)
    return small_encoder.eval()


IDS = torch.arange(1, 29).view(4, 7)
SEGMENTS = (torch.arange(7) > 3).long().expand(4, 7)
MASKS: dict[str, list[int] | None] = {
    "no mask": None,
    "nothing padded": [7, 7, 7, 7],
    "padded": [7, 5, 2, 1],
    "a row of padding alone": [7, 0, 3, 0],
    "padding alone": [0, 0, 0, 0],
}


def mask_of(lengths: list[int] | None) -> Tensor | None:
    return None if lengths is None else (torch.arange(7) < torch.tensor(lengths)[:, None]).long()


@torch.inference_mode()
def both(
    encoder: Encoder, precision: str, mask: Tensor | None, segments: Tensor | None, pooling: str
) -> tuple[Tensor, Tensor]:
    fast = ready(encoder, precision)
    assert fast is not None
    return (
        pool(fast(IDS, mask, segments), mask, pooling),
        pool(encoder(IDS, mask, segments), mask, pooling),
    )


@pytest.mark.parametrize("segments", [None, SEGMENTS], ids=["sentences", "pairs"])
@pytest.mark.parametrize("lengths", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("pooling", EVERY_POOLING)
def test_the_numbers_are_those_of_the_plain_pass(
    encoder: Encoder, pooling: str, lengths: list[int] | None, segments: Tensor | None
) -> None:
    mask = mask_of(lengths)
    fast, plain = both(encoder, "fp32", mask, segments, pooling)
    assert fast.dtype == torch.float32
    assert (fast - plain).abs().max() < 1e-5
    fast, plain = both(encoder, "bf16", mask, segments, pooling)
    assert fast.dtype == torch.float32
    rows = plain.norm(dim=1) > 0  # the mean and the maximum of no token are 0
    assert torch.equal(rows, fast.norm(dim=1) > 0)
    if rows.any():
        assert torch.cosine_similarity(fast[rows], plain[rows]).min() > 0.999


@pytest.mark.parametrize("pooling", [None, *EVERY_POOLING])
def test_minilm_keeps_its_cosines_in_bf16(minilm_folder: Path, pooling: str | None) -> None:
    encoder, tokenizer = from_pretrained("minilm")
    texts = ["How do I cook rice?", "", "a much longer sentence, with a comma and an end."] * 3
    exact = inference.encode(texts, encoder, tokenizer, pooling, "fp32")
    found = inference.encode(texts, encoder, tokenizer, pooling, "bf16")
    cosines = torch.cosine_similarity(torch.from_numpy(exact), torch.from_numpy(found))
    assert cosines.min() > 0.999


def test_rows_of_every_length_come_back_in_their_order(encoder: Encoder) -> None:
    rows = [list(range(1, 1 + length)) for length in (3, 9, 1, 0, 9, 4)]
    seen: list[int] = []
    out = torch.full((6, encoder.config.hidden_size), torch.nan)
    found = encode_rows(
        rows, encoder, 0, pooled_as("cls"), token_budget=12, done=seen.append, out=out
    )
    assert found is out and sum(seen) == 6 and len(seen) > 2
    for row, vector in zip(rows, out, strict=True):
        alone = encode_rows([row or [0]], encoder, 0, pooled_as("cls"))[0]
        if row:
            assert torch.allclose(vector, alone, atol=1e-5)
    assert out.isfinite().all()


def count_ready(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def counted(encoder: Encoder, precision: str) -> fast_encoder.FastEncoder | None:
        asked.append(precision)
        return ready(encoder, precision)

    monkeypatch.setattr(inference, "ready", counted)
    return asked


def test_who_reads_more_than_one_vector_goes_the_plain_way(
    toy_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    asked = count_ready(monkeypatch)
    layers = layer_vectors(["the film", "a story"], encoder, tokenizer)
    assert asked == [] and len(layers["mean"]) == encoder.config.num_hidden_layers + 1
    vectors = inference.encode(["the film", "a story"], encoder, tokenizer, "mean", "fp32")
    assert asked == ["fp32"]
    assert abs(layers["mean"][-1] - vectors).max() < 1e-5


class Another(SelfAttention):
    """A part that a learner wrote."""


def _wrapped(encoder: Encoder) -> None:
    dense = encoder.encoder.layer[0].intermediate.dense
    encoder.encoder.layer[0].intermediate.dense = nn.Sequential(dense, nn.Identity())


def _subclass(encoder: Encoder) -> None:
    encoder.encoder.layer[1].attention.self = Another(encoder.config)


def _own_forward(encoder: Encoder) -> None:
    part = encoder.encoder.layer[0].output
    part.forward = part.forward


def _parametrized(encoder: Encoder) -> None:
    nn.utils.parametrizations.weight_norm(encoder.encoder.layer[0].output.dense)


def _limited(encoder: Encoder) -> None:
    encoder.embeddings.word_embeddings.max_norm = 1.0


OTHERS: dict[str, Callable[[Encoder], object]] = {
    "a hook": lambda e: e.encoder.layer[0].register_forward_hook(lambda *_: None),
    "a hook before": lambda e: e.pooler.register_forward_pre_hook(lambda *_: None),
    "a wrapped matrix": _wrapped,
    "a subclass": _subclass,
    "a forward of its own": _own_forward,
    "parametrised": _parametrized,
    "a limited norm": _limited,
    "float64": lambda e: e.double(),
    "bfloat16": lambda e: e.bfloat16(),
    "one layer in float64": lambda e: e.encoder.layer[1].double(),
    "no values": lambda e: e.to("meta"),
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_what_is_not_as_taught_is_not_computed_here(
    encoder: Encoder, change: Callable[[Encoder], object]
) -> None:
    assert ready(encoder, "fp32") is not None
    change(encoder)
    assert ready(encoder, "fp32") is None and ready(encoder, "bf16") is None


def test_a_hook_on_all_modules_and_another_class_s_forward_count(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = nn.modules.module.register_module_forward_hook(lambda *_: None)
    assert ready(encoder, "fp32") is None
    handle.remove()
    assert ready(encoder, "fp32") is not None
    monkeypatch.setattr(SelfAttention, "forward", lambda *_: None)
    assert ready(encoder, "fp32") is None


def test_a_hook_is_called_and_the_vectors_stay(encoder: Encoder) -> None:
    rows = [[1, 2, 3], [4, 5]]
    expected = encode_rows(rows, encoder, 0, pooled_as("mean"))
    seen: list[object] = []
    encoder.encoder.layer[0].register_forward_hook(lambda *_: seen.append(1))
    assert torch.allclose(encode_rows(rows, encoder, 0, pooled_as("mean")), expected, atol=1e-6)
    assert seen


def test_a_tokenizer_of_another_encoder_is_said(encoder: Encoder) -> None:
    most = encoder.config.max_position_embeddings
    for row, said in (([10**6], "input_ids must lie in"), ([1] * (most + 1), f"at most {most}")):
        with pytest.raises(ValueError, match=said):
            encode_rows([row], encoder, 0, pooled_as("mean"))


def _step(encoder: Encoder) -> None:
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1)
    encoder(IDS).pooled.square().sum().backward()
    optimizer.step()


def _other_state(encoder: Encoder) -> None:
    encoder.load_state_dict({k: v * 0.9 for k, v in encoder.state_dict().items()})


def _other_parameter(encoder: Encoder) -> None:
    dense = encoder.encoder.layer[0].output.dense
    dense.weight = nn.Parameter(dense.weight.detach() * 0.5)


def _other_layer(encoder: Encoder) -> None:
    layers = encoder.encoder.layer
    layers[0], layers[1] = layers[1], layers[0]


def _one_layer_less(encoder: Encoder) -> None:
    del encoder.encoder.layer[1]


def _head_pruned(encoder: Encoder) -> None:
    value = encoder.encoder.layer[0].attention.self.value
    value.weight.data[: encoder.config.hidden_size // encoder.config.num_attention_heads] = 0


@torch.no_grad()
def _one_number(encoder: Encoder) -> None:
    encoder.encoder.layer[0].output.dense.weight[3, 7] += 100


def _numpy(encoder: Encoder) -> None:
    weight = encoder.encoder.layer[0].intermediate.dense.weight.detach().numpy()
    weight *= 0.5


CHANGES: dict[str, Callable[[Encoder], object]] = {
    "a step of training": _step,
    "other weights loaded": _other_state,
    "another parameter": _other_parameter,
    "layers exchanged": _other_layer,
    "a layer less": _one_layer_less,
    "through data": lambda e: e.encoder.layer[1].output.dense.weight.data.mul_(0.5),
    "other data": lambda e: setattr(
        e.encoder.layer[0].output.dense.weight,
        "data",
        e.encoder.layer[0].output.dense.weight.data * 0.5,
    ),
    "a head set to zero through data": _head_pruned,
    "one number": _one_number,
    "through NumPy": _numpy,
    "there and back": lambda e: e.double().float(),
    "the embeddings": lambda e: e.embeddings.word_embeddings.weight.data.mul_(0.5),
    "the pooler": lambda e: e.pooler.dense.weight.data.mul_(0.5),
    "a layer's eps": lambda e: setattr(e.encoder.layer[0].output.LayerNorm, "eps", 0.5),
    "the heads": lambda e: setattr(e.encoder.layer[0].attention.self, "num_heads", 1),
    "the norm's eps": lambda e: setattr(e.embeddings.LayerNorm, "eps", 0.5),
}


@torch.inference_mode()
def fast_vectors(encoder: Encoder, precision: str = "bf16") -> Tensor:
    fast = ready(encoder, precision)
    assert fast is not None
    output = fast(IDS, mask_of([7, 5, 2, 1]))
    return torch.cat([output.last_hidden_state.mean(1), output.pooled])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_copied_weights_are_never_those_of_before(
    encoder: Encoder, change: Callable[[Encoder], object], training: bool, precision: str
) -> None:
    encoder.train(training)
    before = fast_vectors(encoder, precision)
    assert torch.equal(before, fast_vectors(encoder, precision))
    change(encoder)
    fresh = copy.deepcopy(encoder)
    assert fresh not in fast_encoder._kept
    after = fast_vectors(encoder, precision)
    assert torch.equal(after, fast_vectors(fresh, precision))
    assert not torch.equal(after, before) or change is CHANGES["there and back"]


def test_cast_weights_are_kept_while_nothing_changes_and_go_with_training(
    encoder: Encoder,
) -> None:
    first, second = ready(encoder, "bf16"), ready(encoder, "bf16")
    assert first is not None and second is not None and first.layers is second.layers
    encoder.train()
    third = ready(encoder, "bf16")
    assert third is not None and third.layers is not first.layers
    assert encoder not in fast_encoder._kept, "they are dropped when it trains"
    encoder.eval()
    fourth = ready(encoder, "bf16")
    assert fourth is not None and encoder in fast_encoder._kept


def test_nothing_is_kept_of_an_encoder_that_is_gone(small_config: object) -> None:
    encoder = Encoder(small_config)  # type: ignore[arg-type]
    encoder.eval()
    fast = ready(encoder, "bf16")
    assert fast is not None and fast.layers[0].inner[0].dtype == torch.bfloat16
    cast, gone = weakref.ref(fast.layers[0].inner[0]), weakref.ref(encoder)
    del encoder, fast
    gc.collect()
    assert gone() is None and cast() is None


def test_fp32_copies_nothing_but_what_it_lays_out(encoder: Encoder, packed: bool) -> None:
    laid_out = packed and packed_linear.packing_pays(encoder.pooler.dense.weight, torch.float32)
    for training in (False, True):  # copies for a single call cost more than they save
        fast = ready(encoder.train(training), "fp32")
        assert fast is not None and fast.layers[0].packed is (laid_out and not training)
        own = fast.layers[0].inner[0] is encoder.encoder.layer[0].intermediate.dense.weight
        assert own is not fast.layers[0].packed
        assert (encoder in fast_encoder._kept) is fast.layers[0].packed


def test_copies_of_both_precisions_are_kept_side_by_side(encoder: Encoder, packed: bool) -> None:
    def layers(precision: str) -> object:
        fast = ready(encoder, precision)
        assert fast is not None
        return fast.layers

    half, whole = layers("bf16"), layers("fp32")
    assert layers("bf16") is half
    laid_out = packed_linear.packing_pays(encoder.pooler.dense.weight, torch.float32)
    assert (layers("fp32") is whole) is (packed and laid_out)
    _step(encoder)
    assert layers("fp32") is not whole
    if packed and laid_out:
        assert list(fast_encoder._kept[encoder]) == [torch.float32], "the other is of before"


def test_where_an_operator_is_missing_or_wrong_nothing_is_laid_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weight = torch.zeros(4, 4)

    def missing(*_: object) -> Tensor:
        raise AttributeError("no such operator")

    for name, other in (
        ("packed", missing),
        ("linear_and_gelu", lambda states, weight, bias: states.new_zeros(2, 3, 48)),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(packed_linear, name, other)
            packed_linear._works.cache_clear()
            assert not packed_linear.packing_pays(weight, torch.float32)
    packed_linear._works.cache_clear()
    assert not packed_linear.packing_pays(weight.to("meta"), torch.float32)


def test_weights_of_inference_mode_are_not_kept(small_config: object) -> None:
    """torch does not count who writes to them."""
    with torch.inference_mode():
        encoder = Encoder(small_config).eval()  # type: ignore[arg-type]
        before = fast_vectors(encoder)
        encoder.encoder.layer[0].output.dense.weight[1, 2] += 100
        assert not torch.equal(before, fast_vectors(encoder))


def stream(count: int, read: list[int]) -> Iterator[str]:
    for number in range(count):
        read.append(number)
        yield f"the film number {number} is " + "dull " * (number % 5)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 57])
def test_a_stream_has_the_vectors_of_the_whole(toy_model_folder: Path, count: int) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    whole = inference.encode(list(stream(count, [])), encoder, tokenizer, precision="fp32")
    parts = list(
        inference.encode_stream(stream(count, []), encoder, tokenizer, precision="fp32", chunk=10)
    )
    assert [len(part) for part in parts] == [10] * (count // 10) + [count % 10] * bool(count % 10)
    assert sum(map(len, parts)) == len(whole) == count
    for start, part in enumerate(parts):
        assert abs(part - whole[10 * start : 10 * start + 10]).max() < 1e-5


def test_a_stream_reads_two_chunks_ahead_at_most_in_one_thread(toy_model_folder: Path) -> None:
    import threading

    encoder, tokenizer = from_pretrained(toy_model_folder)
    read: list[int] = []
    threads: set[int] = set()

    def watched() -> Iterator[str]:
        for sentence in stream(1000, read):
            threads.add(threading.get_ident())
            yield sentence

    before = threading.active_count()
    parts = inference.encode_stream(watched(), encoder, tokenizer, precision="fp32", chunk=10)
    for number in range(1, 4):
        next(parts)
        assert len(read) <= 10 * (number + 2)
    parts.close()
    assert threads == {threading.get_ident()} and threading.active_count() == before


def test_a_wrong_sentence_far_down_is_named(toy_model_folder: Path) -> None:
    encoder, tokenizer = from_pretrained(toy_model_folder)
    texts = iter([*stream(30, []), 7])  # checked as it is read, by nobody before
    parts = inference.encode_stream(texts, encoder, tokenizer, chunk=10)  # type: ignore[arg-type]
    assert [len(next(parts)) for _ in range(3)] == [10, 10, 10], "what was read before comes out"
    with pytest.raises(ValueError, match="got int 7 at place 30"):
        next(parts)
    with pytest.raises(ValueError, match="chunk must be at least 1"):
        next(inference.encode_stream(["a"], encoder, tokenizer, chunk=0))
