"""The stories hold on every day: also where a quarter says little by itself yet."""

from datetime import date

import pytest

from coaching.models import Case
from performance.models import Flag
from salesmgmt.pages.demo import BUILT_IN, NOT_BEHIND, Size, draw_flags, seed


@pytest.mark.django_db
@pytest.mark.parametrize("today", [date(2027, 1, 1), date(2026, 11, 2)])
def test_on_the_first_day_of_a_quarter_and_in_its_fifth_week_the_same_are_flagged(today: date) -> None:
    seed(size=Size(), today=today)
    draw_flags(size=Size(), today=today)
    assert dict(Flag.objects.open().values_list("person__external_id", "cause")) == BUILT_IN
    assert not Flag.objects.filter(person__external_id__in=NOT_BEHIND).exists()
    assert "E-103" in Case.objects.filter(flag__isnull=False).values_list("person__external_id", flat=True)
