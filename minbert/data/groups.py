"""A dev part split off by groups: no text stands on both sides."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from minbert.data.check import same_text


def components(rows: Sequence[Sequence[str]]) -> list[int]:
    """A number per row: rows that share a text, by whatever chain of rows, have the same.

    Texts are the same after NFKC, lower case and reduction to words (`minbert.data.check`), so that
    a question mark more does not put a question on both sides.

    Args:
        rows: the texts of each.

    Returns:
        From 0, in the order of first appearance.
    """
    from scipy.sparse import coo_array, csgraph  # slow to import, and rarely needed

    place: dict[str, int] = {}
    words = [[place.setdefault(same_text(text), len(place)) for text in texts] for texts in rows]
    ends = [(own[0], other) for own in words for other in own]
    if not ends:
        return []
    joined = coo_array(([1] * len(ends), tuple(zip(*ends, strict=True))), shape=(len(place),) * 2)
    _, found = csgraph.connected_components(joined, directed=False)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(int(found[own[0]]), len(numbers)) for own in words]


def split_by_group(
    parts: Mapping[str, Sequence[Sequence[str]]], share: float = 0.1, seed: int = 0
) -> dict[str, list[bool]]:
    """Which rows of each part go into dev: whole groups, about `share` of each part.

    Groups are made over all parts together, so a question that is in the pairs and in the
    labelled texts is on one side in both.

    Args:
        parts: by name, the texts of each row.
        share: of the rows of each part, in (0, 1).
        seed: of the order in which groups are drawn.

    Returns:
        Per part, a truth value per row: whether it is dev's.

    Raises:
        ValueError: a part would have no dev row, because its rows hang together; or a share
            outside its range.
    """
    if not 0 < share < 1:
        raise ValueError(f"dev_share must be in (0, 1), got {share}")
    order = [(name, at) for name, rows in parts.items() for at in range(len(rows))]
    numbers = components([parts[name][at] for name, at in order])
    sizes: dict[int, Counter] = defaultdict(Counter)
    for (name, _), number in zip(order, numbers, strict=True):
        sizes[number][name] += 1
    target = {
        name: min(max(1, round(share * len(rows))), len(rows) - 1) for name, rows in parts.items()
    }
    taken: Counter = Counter()
    chosen = set()
    drawn = sorted(sizes)
    random.Random(seed).shuffle(drawn)
    for number in drawn:
        own = sizes[number]
        if all(taken[name] + count <= target[name] for name, count in own.items()):
            chosen.add(number)
            taken += own
    for name in parts:  # groups larger than the share: the smallest is better than none
        if not taken[name]:
            others = [number for number in drawn if sizes[number][name]]
            smallest = min(others, key=lambda number: sum(sizes[number].values()), default=None)
            count = sizes[smallest][name] if smallest is not None else 0
            if not count or count > len(parts[name]) / 2:
                raise ValueError(
                    f"{name}: no dev part can be split off: expected rows that share no text with "
                    f"each other, got {len(parts[name])} rows in {len(others)} groups: give a dev "
                    "file of its own, in a folder with train and dev"
                )
            chosen.add(smallest)
            taken += sizes[smallest]
    for name, rows in parts.items():
        if taken[name] == len(rows):
            raise ValueError(
                f"{name}: no dev part can be split off that leaves something to train on: expected "
                f"rows that share no text with each other, got {len(rows)} rows: give a dev file"
            )
    dev: dict[str, list[bool]] = {name: [] for name in parts}
    for (name, _), number in zip(order, numbers, strict=True):
        dev[name].append(number in chosen)
    return dev
