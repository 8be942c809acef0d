"""Shapes in annotations are checked at run time, in the tests only, in every module of the package.

jaxtyping's own import hook rewrites a module's source, functions inside functions included, and
prepares those anew at each call: the corpus alone took seven times as long. Here a module runs as
it is, and then each of its functions, methods, properties and dataclasses that name a shape is put
behind the check, before anybody else can import it.
"""

from __future__ import annotations

import dataclasses
import importlib.abc
import importlib.machinery
import inspect
import sys
import typing
from collections.abc import Callable, Iterator, Sequence
from types import FunctionType, ModuleType
from typing import Any

from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, jaxtyped

typed = beartype(conf=BeartypeConf(is_pep484_tower=True))
"""A whole number is a float, as type checkers have it."""

checked: list[str] = []
"""What has been put behind the check: `minbert.losses.masked_language_model`, for instance."""


def names_a_shape(hint: Any) -> bool:
    """Whether an annotation is one of jaxtyping's arrays, or holds one."""
    if inspect.isclass(hint) and issubclass(hint, AbstractArray):
        return True
    return any(map(names_a_shape, typing.get_args(hint)))


def hints(thing: FunctionType | type, names: dict[str, Any]) -> Iterator[Any]:
    """Evaluated annotations; what only type checkers import is left out."""
    for hint in inspect.get_annotations(thing).values():
        if isinstance(hint, str):
            try:
                hint = eval(hint, names)
            except NameError:
                continue
        yield hint


def check_shapes(module: ModuleType) -> None:
    """Put what a module defines behind the check, where it names a shape."""

    def of_this_module(thing: Any) -> bool:
        return getattr(thing, "__module__", None) == module.__name__

    def put_behind(owner: Any, name: str, thing: Any) -> None:
        if isinstance(thing, property) and thing.fget:
            function, again = thing.fget, lambda get: property(get, thing.fset, thing.fdel)
        elif isinstance(thing, staticmethod | classmethod):
            function, again = thing.__func__, type(thing)
        else:
            function, again = thing, lambda same: same
        if not isinstance(function, FunctionType):
            return
        if any(map(names_a_shape, hints(function, vars(module)))):
            setattr(owner, name, again(jaxtyped(function, typechecker=typed)))
            checked.append(f"{module.__name__}.{function.__qualname__}")

    for name, thing in list(vars(module).items()):
        if isinstance(thing, FunctionType) and of_this_module(thing):
            put_behind(module, name, thing)
        elif inspect.isclass(thing) and of_this_module(thing):
            made = vars(thing).get("__init__") if dataclasses.is_dataclass(thing) else None
            for member, value in list(vars(thing).items()):
                if value is not made:
                    put_behind(thing, member, value)
            if made and any(map(names_a_shape, hints(thing, vars(module)))):
                jaxtyped(thing, typechecker=typed)  # checks the fields once they are set
                checked.append(f"{module.__name__}.{thing.__qualname__}")


class _Loader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        check_shapes(module)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name.split(".")[0] != "minbert":
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
                spec.loader = _Loader(spec.loader.name, spec.loader.path)
                return spec
        return None


def unchecked(function: Callable) -> Callable:
    """As users have it, whose wrong shapes must be named by the function itself."""
    return inspect.unwrap(function)


def install() -> None:
    """Check every module of the package that is imported from now on."""
    if early := [name for name in sys.modules if name.split(".")[0] == "minbert"]:
        raise RuntimeError(f"imported before their shapes could be checked: {', '.join(early)}")
    sys.meta_path.insert(0, _Finder())
