"""Which function drains which topic; apps declare theirs in tasks.py."""

from collections.abc import Callable

Drainer = Callable[[], int]

_drainers: dict[str, list[Drainer]] = {}


def drains(topic: str) -> Callable[[Drainer], Drainer]:
    """Declare that a function does the next portion of what waits under `topic`, and answers how much it did."""

    def declare(drainer: Drainer) -> Drainer:
        _drainers.setdefault(topic, []).append(drainer)
        return drainer

    return declare


def topics() -> list[str]:
    """Every topic that someone drains."""
    return sorted(_drainers)


def drain_topic(topic: str) -> int:
    """Run the drainers of `topic` until nothing waits; answer how much was done."""
    done = 0
    for drainer in _drainers.get(topic, []):
        while portion := drainer():
            done += portion
    return done
