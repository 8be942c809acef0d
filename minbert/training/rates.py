"""Parts of a model that learn faster or more slowly than the rest."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from torch import nn


def by_rate(model: nn.Module, rates: Mapping[str, float]) -> list[dict[str, Any]]:
    """What is trained, as an optimizer's groups: `params`, and the `rate` that they share.

    Args:
        model: its parameters that require a gradient.
        rates: by the name of a part, such as `sentiment` or `encoder.encoder.layer.0`: that of all
            its parameters. A part within a part counts before the whole.
    """
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            parts = list(accumulate(name.split("."), "{}.{}".format))
            named = [rates[part] for part in reversed(parts) if part in rates]
            groups.setdefault(named[0] if named else 1.0, []).append(parameter)
    return [{"params": of, "rate": rate} for rate, of in groups.items()]
