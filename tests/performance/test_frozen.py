"""Every night keeps what figures said that no ledger remembers; only what changed."""

from datetime import date, timedelta
from decimal import Decimal

from django.core.management import call_command

from performance.models import FrozenFigure
from performance.selectors import Scope, frozen
from performance.services import freeze_figures
from sales.models import Activity
from salesmgmt.lib.clock import close_of
from salesmgmt.lib.periods import Period
from teams.models import Organisation
from tests.cast import Cast
from tests.performance.records import a_credit, an_activity

Q2, MAY = Period.parse("2026-Q2"), Period.parse("2026-05")
MONDAY, TUESDAY, WEDNESDAY = (date(2026, 5, day) for day in (4, 5, 6))


def night(on: date) -> int:
    call_command("refresh_rollups", verbosity=0)
    return freeze_figures(on=on, at=close_of(on, Organisation.get().time_zone))


def test_a_figure_is_known_as_it_was_that_night(cast: Cast) -> None:
    call = an_activity(cast.ana, MONDAY)
    assert frozen(scope=Scope.company(), measure="activities", period=Q2, as_of=MONDAY) is None
    night(MONDAY)
    an_activity(cast.ana, date(2026, 4, 30))  # logged late
    night(TUESDAY)
    Activity.objects.filter(pk=call.pk).update(withdrawn_at="2026-05-06T08:00Z")
    night(WEDNESDAY)
    for scope in (Scope.company(), Scope.team(cast.company), Scope.team(cast.north), Scope.person(cast.ana)):
        known = [frozen(scope=scope, measure="activities", period=Q2, as_of=on) for on in (MONDAY, TUESDAY, WEDNESDAY)]
        assert [one and one.value for one in known] == [1, 2, 1]
        in_may = frozen(scope=scope, measure="activities", period=MAY, as_of=WEDNESDAY)
        assert in_may is not None
        assert in_may.night == WEDNESDAY
        assert not in_may.value
    south = frozen(scope=Scope.team(cast.south), measure="activities", period=Q2, as_of=WEDNESDAY)
    assert south is not None
    assert south.value == 0


def test_a_night_is_frozen_once_and_keeps_only_what_changed(cast: Cast) -> None:
    an_activity(cast.ana, MONDAY, duration_minutes=30)
    assert night(MONDAY) > 0
    an_activity(cast.ben, MONDAY)
    assert night(MONDAY) == 0
    before = FrozenFigure.objects.count()
    assert night(TUESDAY) > 0
    assert not FrozenFigure.objects.filter(known_on=TUESDAY, person=cast.ana).exists()
    assert FrozenFigure.objects.filter(known_on=TUESDAY, person=cast.ben, measure="activities").count() >= 3
    after = FrozenFigure.objects.count()
    assert after > before
    assert night(WEDNESDAY) == 0
    assert FrozenFigure.objects.count() == after


def test_a_night_that_was_missed_stays_unfrozen_as_the_next_day_is_known_already(cast: Cast) -> None:
    an_activity(cast.ana, MONDAY)
    call_command("refresh_rollups", verbosity=0)
    close = close_of(MONDAY, Organisation.get().time_zone)
    assert freeze_figures(on=MONDAY, at=close + timedelta(hours=7)) == 0
    assert freeze_figures(on=MONDAY, at=close - timedelta(minutes=1)) == 0
    assert frozen(scope=Scope.company(), measure="activities", period=Q2, as_of=MONDAY) is None
    assert freeze_figures(on=MONDAY, at=close + timedelta(minutes=1)) > 0


def test_what_stands_is_one_row_of_each_figure_however_many_nights(cast: Cast) -> None:
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        an_activity(cast.ana, day)
        assert night(day) > 0
    last = FrozenFigure.objects.filter(period=Q2.key, measure="activities", person=cast.ana, is_last=True)
    assert [(one.known_on, one.value) for one in last] == [(WEDNESDAY, 3)]


def test_ratios_are_frozen_with_what_they_are_made_of_and_ledgers_are_not(cast: Cast) -> None:
    an_activity(cast.ana, MONDAY, duration_minutes=30)
    a_credit(cast.ana, "100", MONDAY)
    night(MONDAY)
    time = frozen(scope=Scope.person(cast.ana), measure="selling_time", period=Q2, as_of=MONDAY)
    assert time is not None
    assert (time.value, time.numerator, time.denominator) == (Decimal(1), 30, 30)
    assert frozen(scope=Scope.person(cast.ana), measure="bookings", period=Q2, as_of=MONDAY) is None
