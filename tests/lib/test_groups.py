"""No figure about a group tells of fewer than five people, by itself or beside that of another."""

import pytest

from salesmgmt.lib.groups import SMALLEST_GROUP, is_told_apart, tellable


def people(count: int, start: int = 0) -> frozenset[int]:
    return frozenset(range(start, start + count))


@pytest.mark.parametrize(("count", "is_told"), [(0, False), (1, True), (4, True), (5, False), (50, False)])
def test_one_to_four_people_are_told_apart_and_nobody_is_nobody(count: int, is_told: bool) -> None:
    assert is_told_apart(count) is is_told
    assert SMALLEST_GROUP == 5


def test_a_group_of_six_with_five_of_them_shown_elsewhere_is_not_told_of() -> None:
    assert tellable({"team": people(5), "company": people(6)}) == {"team"}
    assert tellable({"team": people(5), "company": people(10)}) == {"team", "company"}
    assert tellable({"team": people(4), "company": people(9)}) == {"company"}


def test_what_several_groups_leave_over_counts_together() -> None:
    groups = {"a": people(5), "b": people(5, 5), "all": people(12)}
    assert tellable(groups) == {"a", "b"}
    assert tellable(groups | {"all": people(10)}) == {"a", "b", "all"}


def test_a_group_with_nobody_to_hide_is_always_told_of() -> None:
    assert tellable({"a": people(0), "all": people(7)}) == {"a", "all"}
