"""How many sentences it takes before a difference stands out."""

from __future__ import annotations

import math

from scipy import special

from minbert import checks
from minbert.evaluation.intervals import CONFIDENCE


def sentences_needed(difference: float, half_width: float, total: int, power: float = 0.8) -> int:
    """Size of a test set on which a true difference of this size would be found.

    A standard error falls with 1/sqrt(n). For a two-sided 5 % test to find a true difference d
    with the chance `power`, d must be z(.975) + z(power) = 1.96 + .84 standard errors; hence
    n = total · ((1.96 + .84) · se / d)², where se is what `total` sentences gave.
    Source: Card et al. (2020), "With little power comes great responsibility", section 2.

    Args:
        difference: between two arms, in the metric's own unit; its sign does not matter.
        half_width: of the 95 % interval of that difference on `total` sentences.
        total: sentences (or pairs) it was measured on.
        power: chance to find it; .5 makes the interval just touch zero on average.

    Raises:
        ValueError: no difference (no number of sentences finds it), power outside (0, 1), or
            another number outside its range.
    """
    checks.within("difference", abs(difference), "[0, inf)")
    if difference == 0:
        raise ValueError(
            "difference must not be 0, got 0: a difference of zero is found on no number of "
            "sentences"
        )
    checks.within("half_width", half_width, "(0, inf)")
    checks.whole("total", total, 1)
    checks.within("power", power, "(0, 1)")
    critical = special.ndtri(0.5 + CONFIDENCE / 2)
    standard_error = half_width / critical
    ratio = (critical + special.ndtri(power)) * standard_error / abs(difference)
    return math.ceil(total * ratio**2)


def detectable_difference(half_width: float, power: float = 0.8) -> float:
    """The smallest true difference that a test on these sentences would find.

    The other way round than `sentences_needed`: d = (1.96 + .84) · se for a chance of 80 %.

    Args:
        half_width: of the 95 % interval of the difference.
        power: chance to find it.

    Raises:
        ValueError: a number outside its range.
    """
    checks.within("half_width", half_width, "[0, inf)")
    checks.within("power", power, "(0, 1)")
    critical = special.ndtri(0.5 + CONFIDENCE / 2)
    return float((critical + special.ndtri(power)) * half_width / critical)


def unpaired_half_width(accuracy_a: float, accuracy_b: float, total: int) -> float:
    """Half of the 95 % interval of a difference of accuracies, each on `total` sentences.

    As if the two arms had read different sentences. All that can be done with published
    accuracies; with the answers themselves the paired interval is narrower.

    Raises:
        ValueError: an accuracy outside [0, 1], or no sentence.
    """
    checks.within("accuracy_a", accuracy_a, "[0, 1]", "a share, not per cent")
    checks.within("accuracy_b", accuracy_b, "[0, 1]", "a share, not per cent")
    checks.whole("total", total, 1)
    variance = sum(p * (1 - p) for p in (accuracy_a, accuracy_b)) / total
    return float(special.ndtri(0.5 + CONFIDENCE / 2) * math.sqrt(variance))
