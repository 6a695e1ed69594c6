"""What stays as it is while something above it is being settled: apps above say so, services below ask."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from .refusals import Refused

_holds: dict[str, list[Callable[[Any], bool]]] = {}


def hold(what: str, is_held: Callable[[Any], bool]) -> None:
    """Have a kind of thing held where this says so; said once, as an app gets ready."""
    _holds.setdefault(what, []).append(is_held)


def refuse_held(what: str, keys: Iterable[Hashable], *, field: str) -> None:
    """Refuse to change what is held, without telling who holds it or why."""
    for key in keys:
        if any(is_held(key) for is_held in _holds.get(what, [])):
            raise Refused("This is held until a matter is settled: HR says when it can change.", field=field)
