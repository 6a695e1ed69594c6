"""Rows of the edge cases that concern quotas and stand nowhere else: each a test under the name of its row."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.db.models import ProtectedError
from django.test import Client

from performance.selectors import Scope, pace
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import QuotaEntry
from targets.selectors import history_of, quota_of, targets_of
from targets.services import adjust_quota, enter_quota
from teams.models import ExchangeRate, Leave, LeaveKind, Organisation, Person, Posting
from teams.services import appoint_manager
from tests.cast import Cast
from tests.exchange.test_kinds import take
from tests.journeys.test_loop import drain_everything
from tests.targets.letters import END, START, signed_in
from tests.targets.test_plan import credit

AT = datetime(2026, 7, 1, 9, tzinfo=UTC)
Q3 = Period.parse("2026-Q3")
LATE = date(2026, 9, 30)
QUARTER = {"start": START, "end": END}


def give(cast: Cast, person: Person, amount: str, **more: Any) -> None:
    values = {"basis": "base", "reason": "Plan", "by": cast.admin, "at": AT} | QUARTER | more
    enter_quota(person=person, amount=D(amount), **values)


def quota(person: Person) -> D | None:
    return quota_of(person_ids=[person.pk], start=START, end=END).get(person.pk)


def test_time_zone_a_quarter_begins_and_ends_on_its_own_days_wherever_the_organisation_is(cast: Cast) -> None:
    give(cast, cast.ana, "66000")
    before = list(QuotaEntry.objects.values_list("during", "amount"))
    Organisation.objects.update(time_zone="Pacific/Auckland")
    assert list(QuotaEntry.objects.values_list("during", "amount")) == before
    assert quota(cast.ana) == 66000


def test_currency_a_quota_keeps_its_amount_its_rate_and_what_it_is_worth(cast: Cast) -> None:
    for kind, rate in (("plan", "0.9"), ("actual", "0.8")):
        ExchangeRate.objects.create(currency="USD", rate=D(rate), kind=kind, during=half_open(date(2026, 1, 1)))
    give(cast, cast.ana, "10000", currency="USD", basis="final")
    entry = QuotaEntry.objects.get()
    assert (entry.amount, entry.currency, entry.rate, entry.reporting_amount) == (10000, "USD", D("0.9"), 9000)
    ExchangeRate.objects.filter(kind="plan").update(rate=D("0.5"))
    assert quota(cast.ana) == 9000  # a past figure doesn't move with a rate


def test_manager_changes_or_leaves_the_quotas_of_the_team_stay(cast: Cast) -> None:
    for person in (cast.ana, cast.ben, cast.maya):
        give(cast, person, "66000", team=cast.north)
    appoint_manager(team=cast.north, person=cast.ben, on=date(2026, 8, 3), by=cast.admin)
    Posting.objects.filter(person=cast.maya).update(during=half_open(date(2024, 1, 1), date(2026, 8, 3)))
    give(cast, cast.maya, "66000", team=cast.north)  # follows the posting: what she leaves stays with the team
    [target] = targets_of(team_ids=[cast.north.pk], **QUARTER).values()
    assert target.people + target.vacant == 3 * 66000
    assert target.vacant > 0
    drain_everything()
    seen = Scope.parse("team:North", cast.ben.user)
    assert pace(scope=seen, period=Q3, as_of=LATE).quota == 3 * 66000


def test_zero_or_no_quota_is_a_dash_on_every_page_and_never_a_percentage(cast: Cast) -> None:
    credit(cast.ben, date(2026, 8, 3), 5000)
    give(cast, cast.ana, "0", basis="final")
    for person in (cast.ana, cast.ben):
        found = pace(scope=Scope.person(person), period=Q3, as_of=LATE)
        assert (found.attainment, found.pace) == (None, None)
    page = signed_in(cast.maya).get(f"/quotas/{cast.ben.pk}/?period=2026-Q3").content.decode()
    assert "has no quota" in page
    assert "0%" not in page


def test_over_100_percent_is_kept_uncapped(cast: Cast) -> None:
    give(cast, cast.ana, "10000", basis="final")
    credit(cast.ana, date(2026, 8, 3), 25_000)
    drain_everything()
    assert pace(scope=Scope.person(cast.ana), period=Q3, as_of=LATE).attainment == D("2.5")


def test_restated_quota_is_a_new_entry_with_reason_and_author_beside_the_plan(cast: Cast) -> None:
    give(cast, cast.ana, "66000")
    maya = cast.maya.user
    assert maya is not None
    with pytest.raises(Refused, match="Say why"):
        adjust_quota(person=cast.ana, period=Q3, amount=D(60000), reason=" ", by=maya, at=AT)
    adjust_quota(person=cast.ana, period=Q3, amount=D(60000), reason="A plant closed", by=maya, at=AT)
    assert list(QuotaEntry.objects.order_by("pk").values_list("kind", "amount", "reason", "by__username")) == [
        ("base", 66000, "Plan", "admin"),
        ("relief", -6000, "A plant closed", "maya"),
    ]
    told = history_of(cast.ana, cast.ana.user, **QUARTER)
    assert [(one.amount, one.total) for one in told] == [(66000, 66000), (-6000, 60000)]


def test_protected_leave_relieves_the_quota_and_says_no_more_than_that(cast: Cast) -> None:
    kind = LeaveKind.objects.get(key="parental")
    Leave.objects.create(person=cast.ana, kind=kind, during=half_open(date(2026, 8, 1), date(2026, 9, 1)))
    give(cast, cast.ana, "66000")
    assert quota(cast.ana) == 45000
    page = signed_in(cast.maya).get(f"/quotas/{cast.ana.pk}/?period=2026-Q3").content.decode()
    assert "Leave that relieves quota" in page
    assert "parental" not in page.lower()


def test_re_import_of_people_opens_a_posting_and_leaves_the_quotas_of_the_past(cast: Cast) -> None:
    give(cast, cast.ana, "66000")
    before = list(QuotaEntry.objects.order_by("pk").values_list("person", "team", "amount"))
    take("people", "external_id,name,team\nE-Ana,Ana,South\n", effective=date(2026, 9, 1))
    assert list(QuotaEntry.objects.order_by("pk").values_list("person", "team", "amount")) == before
    assert Posting.objects.on(date(2026, 8, 1)).get(person=cast.ana).team == cast.north
    assert Posting.objects.on(date(2026, 9, 1)).get(person=cast.ana).team == cast.south


def test_deleting_people_a_leaver_is_deactivated_and_the_figures_stay(cast: Cast, client: Client) -> None:
    give(cast, cast.ana, "66000")
    Person.objects.filter(pk=cast.ana.pk).update(left_on=date(2026, 10, 1))
    assert quota(cast.ana) == 66000
    with pytest.raises(ProtectedError):
        cast.ana.delete()
    page = signed_in(cast.vera).get(f"/quotas/?period=2026-Q3&team={cast.north.pk}").content.decode()
    assert "Ana" in page
