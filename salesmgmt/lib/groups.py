"""The smallest group of people of which a figure may be told without telling of one of them."""

from collections.abc import Hashable, Mapping, Set
from typing import TypeVar

SMALLEST_GROUP = 5

K = TypeVar("K", bound=Hashable)


def is_told_apart(count: int) -> bool:
    """Whether so few people can be told from a figure about all of them; nobody at all can't."""
    return 0 < count < SMALLEST_GROUP


def tellable(groups: Mapping[K, Set[int]]) -> set[K]:
    """Of which groups of people a figure may be told beside those of the others, where they nest like teams.

    A figure of six beside that of five of them tells of the sixth: what a group holds beyond those told inside it is
    nobody, or a group itself. Groups inside others come first, so it is the larger one that is left out.
    """
    told: dict[K, Set[int]] = {}
    for key, people in sorted(groups.items(), key=lambda item: len(item[1])):
        within = [other for other in told.values() if other <= people]
        rest = len(people - set[int]().union(*within))
        if not is_told_apart(len(people)) and not is_told_apart(rest):
            told[key] = people
    return set(told)
