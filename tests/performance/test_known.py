"""What was known on a past day beside what is known now: exact for ledgers and snapshots."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from performance.selectors import Scope, figure, known, left_out, series
from performance.selectors.records import records
from performance.services import freeze_figures
from sales import services as sales
from sales.models import Account, Contract, Credit, Outcome
from salesmgmt.lib import clock
from salesmgmt.lib.clock import close_of
from salesmgmt.lib.ledger import BROUGHT_OVER
from salesmgmt.lib.periods import Period
from targets.models import QuotaEntry
from teams.models import Organisation, Person, User
from tests.cast import Cast
from tests.performance.records import a_credit, a_deal, a_quota, an_activity, an_order, an_outcome, team_of

Q2 = Period.parse("2026-Q2")
MID = date(2026, 5, 15)
D = Decimal
IMPORTED = "Import 7: orders.csv"


def refresh() -> None:
    call_command("refresh_rollups", verbosity=0)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=person.user_id))
    return client


def entry(model: Any, person: Person, on: date, said: date, why: str, **fields: Any) -> Any:
    """A row of a ledger that was recorded at noon of a day."""
    common = {"person": person, "team": team_of(person, on), "recorded_at": datetime.combine(said, time(12), UTC)}
    return model.objects.create(occurred_on=on, posted_on=on, reason=why, **common, **fields)


def credit(
    person: Person, amount: str, on: date, said: date, why: str = "Order booked", kind: str = "primary"
) -> Credit:
    order = an_order(person, amount, on)
    money = {"amount": D(amount), "reporting_amount": D(amount), "currency": "EUR"}
    return entry(Credit, person, on, said, why, order=order, kind=kind, **money)


def test_what_was_entered_later_was_not_known_then_and_what_was_imported_was(cast: Cast) -> None:
    credit(cast.ana, "100", date(2026, 4, 7), date(2026, 4, 7))
    credit(cast.ana, "10", date(2026, 4, 8), date(2026, 6, 1))  # entered late
    credit(cast.ana, "1", date(2026, 4, 9), date(2026, 8, 1), IMPORTED)
    credit(cast.ana, "1000", date(2026, 5, 16), date(2026, 5, 2))  # dated ahead
    refresh()
    for scope in (Scope.person(cast.ana), Scope.team(cast.north), Scope.company()):
        found = known(scope=scope, measure="bookings", period=Q2, on=MID)
        assert found.then is not None
        assert (found.then.value, found.now.value, found.difference) == (101, 111, 10)
        assert found.source == "ledger"
    user = User.objects.get(pk=cast.vera.user_id)
    asked: dict[str, Any] = {
        "scope": Scope.company(), "measure": "bookings", "period": Q2, "as_of": MID, "today": MID, "user": user,
    }  # fmt: skip
    assert records(**asked, known=MID).total == 101
    assert records(**asked, since=MID).total == 10
    assert records(**asked).total == 111


def test_an_undone_import_is_known_to_be_so_from_the_day_it_was_undone(cast: Cast) -> None:
    brought = credit(cast.ana, "100", date(2026, 4, 7), date(2026, 4, 20), IMPORTED)
    Credit.objects.create(
        order=brought.order, person=cast.ana, team=brought.team, kind="primary", occurred_on=brought.occurred_on,
        posted_on=brought.posted_on, amount=-100, reporting_amount=-100, currency="EUR", reverses=brought,
        recorded_at=datetime(2026, 6, 1, tzinfo=UTC), reason="Import 7 undone",
    )  # fmt: skip
    refresh()
    for on, then in ((MID, 100), (date(2026, 6, 1), 0)):
        found = known(scope=Scope.company(), measure="bookings", period=Q2, on=on)
        assert found.then is not None
        assert (found.then.value, found.now.value) == (then, 0)


def test_a_restated_quota_stands_beside_the_one_that_was_known(cast: Cast) -> None:
    a_quota(cast.ana, "1000", Q2.start, Q2.end)  # recorded on 20 May
    QuotaEntry.objects.create(
        person=cast.ana, team=cast.north, kind="relief", during=(Q2.start, Q2.end), amount=-100, currency="EUR",
        reporting_amount=-100, recorded_at=datetime(2026, 6, 2, 9, tzinfo=UTC), reason="Relief",
    )  # fmt: skip
    credit(cast.ana, "450", date(2026, 4, 7), date(2026, 4, 7))
    refresh()
    for scope in (Scope.person(cast.ana), Scope.team(cast.north), Scope.company()):
        quota = known(scope=scope, measure="quota", period=Q2, on=date(2026, 5, 25))
        attainment = known(scope=scope, measure="attainment", period=Q2, on=date(2026, 5, 25))
        assert quota.then is not None
        assert attainment.then is not None
        assert (quota.then.value, quota.now.value) == (1000, 900)
        assert (attainment.then.value, attainment.now.value) == (D("0.45"), D("0.5"))
    before = known(scope=Scope.person(cast.ana), measure="quota", period=Q2, on=date(2026, 5, 1))
    assert before.then is not None
    assert before.then.value is None


def test_pace_has_a_past_by_the_entries_that_were_known(cast: Cast) -> None:
    a_quota(cast.ana, "1000", Q2.start, date(2026, 8, 1))  # recorded on 20 May; it reaches beyond the quarter
    QuotaEntry.objects.create(
        person=cast.ana, team=cast.north, kind="relief", during=(Q2.start, date(2026, 8, 1)), amount=-100,
        currency="EUR", reporting_amount=-100, recorded_at=datetime(2026, 6, 2, 9, tzinfo=UTC), reason="Relief",
    )  # fmt: skip
    credit(cast.ana, "450", date(2026, 4, 7), date(2026, 4, 7))
    refresh()
    for scope in (Scope.person(cast.ana), Scope.team(cast.north), Scope.company()):
        expected, pace = (
            known(scope=scope, measure=key, period=Q2, on=date(2026, 5, 25)) for key in ("expected", "pace")
        )
        assert expected.source == pace.source == "ledger"
        assert expected.then is not None
        assert pace.then is not None
        assert expected.then.value is not None
        assert expected.now.value is not None
        assert abs(expected.then.value * D("0.9") - expected.now.value) < D("0.02")
        assert pace.then.value == round(450 / expected.then.value, 6)
        later = known(scope=scope, measure="expected", period=Q2, on=date(2026, 6, 3), as_of=date(2026, 5, 25))
        assert later.then is not None
        assert later.then.value == later.now.value == expected.now.value


def test_then_and_now_of_what_lies_ahead_count_the_same_days(cast: Cast) -> None:
    account = Account.objects.create(name="Brandt")
    for ends_on in (date(2026, 4, 10), date(2026, 6, 20)):
        Contract.objects.create(
            account=account, owner=cast.ana, starts_on=date(2025, 1, 1), ends_on=ends_on, currency="EUR", value=100
        )
    for due in (date(2026, 5, 4), date(2026, 6, 20)):
        a_deal(cast.ana, close=due, opened_on=Q2.start, next_step="Call", next_step_on=MID)
    refresh()
    freeze_figures(on=MID, at=close_of(MID, Organisation.get().time_zone))
    for measure, value, base in (("gross_retention", 0, 100), ("next_steps", 1, 2)):
        found = known(scope=Scope.team(cast.north), measure=measure, period=Q2, on=MID)
        assert found.then is not None
        assert found.source == "frozen"
        for told in (found.then, found.now):
            assert (told.value, told.denominator) == (value, base), measure
    months = series(scope=Scope.team(cast.north), measure="next_steps", period=Q2, as_of=MID, by="month")
    assert [value for _, value in months] == [None, 1, 1]


def test_the_pipeline_of_a_past_day_is_its_snapshot(cast: Cast) -> None:
    deal = sales.open_deal(
        owner=cast.ana, name="A deal", amount=D(100), by=None, at=datetime(2026, 4, 1, 9, tzinfo=UTC),
        expected_close_on=date(2026, 6, 10),
    )  # fmt: skip
    sales.change_deal(deal=deal, by=None, at=datetime(2026, 6, 1, 9, tzinfo=UTC), amount=D(300))
    refresh()
    user = User.objects.get(pk=cast.vera.user_id)
    asked: dict[str, Any] = {
        "scope": Scope.company(), "measure": "pipeline", "period": Q2, "user": user, "today": date(2026, 11, 21),
    }  # fmt: skip
    for on, amount in ((MID, 100), (date(2026, 6, 1), 300)):
        found = known(scope=Scope.company(), measure="pipeline", period=Q2, on=on)
        assert found.then is not None
        assert (found.source, found.then.value) == ("snapshot", amount)
        page = signed_in(cast.vera).get(found.now.records).context
        assert (page["figure"].value, page["found"].total) == (amount, amount)
        behind = records(**asked, as_of=on)
        assert (behind.total, behind.count) == (amount, 1)
        assert behind.line(behind.rows[0]).value == amount


def test_a_measure_without_a_ledger_is_known_from_the_figure_frozen_that_night(cast: Cast) -> None:
    an_activity(cast.ana, date(2026, 5, 4))
    refresh()
    freeze_figures(on=MID, at=close_of(MID, Organisation.get().time_zone))
    an_activity(cast.ana, date(2026, 5, 5))  # logged late
    refresh()
    for scope in (Scope.company(), Scope.team(cast.north), Scope.person(cast.ana)):
        found = known(scope=scope, measure="activities", period=Q2, on=MID)
        assert found.then is not None
        assert (found.source, found.night, found.then.value, found.now.value) == ("frozen", MID, 1, 2)


def test_what_nobody_kept_is_said_to_be_unknown(cast: Cast) -> None:
    an_activity(cast.ana, MID)
    refresh()
    found = known(scope=Scope.company(), measure="activities", period=Q2, on=MID)
    assert (found.source, found.then, found.now.value) == ("unknown", None, 1)
    page = signed_in(cast.vera).get(
        reverse("records"), {"measure": "activities", "of": "company", "from": "2026-04-01"}
    )
    assert page.status_code == 200


days = st.dates(date(2026, 3, 20), date(2026, 7, 10))
histories = st.lists(
    st.tuples(
        st.sampled_from(["credit", "overlay", "won", "lost"]), st.integers(0, 2), days, days,
        st.sampled_from(["live", IMPORTED, "Import 7 undone"]),
        st.decimals(D("-99.99"), D("999.99"), places=2), st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@given(history=histories, on=days, basis=st.sampled_from(["restated", "reported"]))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_known_and_what_was_learned_since_make_what_is_known(
    cast: Cast, history: list[Any], on: date, basis: Any
) -> None:
    people = [cast.ana, cast.ben, cast.cleo]
    moment = clock.close_of(on, Organisation.get().time_zone)
    with transaction.atomic():
        rows = []
        for what, who, day, said, why, amount, counts in history:
            if what in ("credit", "overlay"):
                made: Any = credit(people[who], str(amount), day, said, why, "primary" if what == "credit" else what)
            else:
                made = entry(
                    Outcome, people[who], day, said, why, deal=a_deal(people[who]), status=what, count=1,
                    amount=abs(amount), counts=counts, cycle_days=None,
                )  # fmt: skip
            rows.append(
                SimpleNamespace(row=made, what=what, who=who, known=why == IMPORTED or made.recorded_at < moment)
            )
        refresh()
        user = User.objects.get(pk=cast.vera.user_id)
        for scope, members in (
            (Scope.company(), {0, 1, 2}),
            (Scope.team(cast.north), {0, 1}),
            (Scope.person(cast.ana), {0}),
        ):
            inside = [
                one
                for one in rows
                if one.who in members and Q2.start <= one.row.occurred_on < min(on + timedelta(days=1), Q2.end)
            ]
            of_quota = ("credit", "overlay") if scope.kind == "person" else ("credit",)
            for measure, kinds in (
                ("bookings", of_quota),
                ("overlay", ("overlay",)),
                ("won_value", ("won",)),
                ("deals_lost", ("lost",)),
            ):
                found = known(scope=scope, measure=measure, period=Q2, on=on, basis=basis)
                assert found.then is not None
                wanted = [one for one in inside if one.what in kinds]
                then: Any
                now: Any
                if measure == "deals_lost":
                    then, now = (sum(1 for one in wanted if one.known or all_) for all_ in (False, True))
                else:
                    value = "amount"
                    then, now = (
                        sum((getattr(one.row, value) for one in wanted if one.known or all_), D(0))
                        for all_ in (False, True)
                    )
                assert (found.then.value, found.now.value) == (then, now)
                if Q2.start <= on < Q2.end:
                    asked: dict[str, Any] = {
                        "scope": scope, "measure": measure, "period": Q2, "as_of": on, "today": on, "user": user,
                    }  # fmt: skip
                    assert (records(**asked, known=on).total, records(**asked, since=on).total) == (then, now - then)
        transaction.set_rollback(True)


def test_what_is_left_out_is_told_with_its_reason(cast: Cast) -> None:
    a_credit(cast.ana, "100", MID)
    a_credit(cast.ana, "5", MID, kind="overlay")
    an_outcome(cast.ana, "won", MID, counts=True)
    an_outcome(cast.ben, "lost", MID, counts=False, amount="70")
    refresh()
    until = MID + timedelta(days=1)

    def told(scope: Scope, measure: str) -> list[tuple[int, Decimal | None]]:
        found = figure(scope=scope, measure=measure, period=Q2, as_of=MID)
        return [(one.count, one.amount) for one in left_out(scope=scope, figure=found, period=Q2, until=until)]

    assert told(Scope.team(cast.north), "bookings") == [(1, D(5))]
    assert told(Scope.person(cast.ana), "bookings") == []
    assert told(Scope.company(), "win_rate") == [(1, D(70))]
    assert told(Scope.company(), "sales_cycle") == [(1, D(100))]


@pytest.mark.parametrize(
    "query", ["known=2026-05-15", "since=2026-05-15", "known=2999-01-01", "measure=quota&known=2026-05-25"]
)
def test_the_page_of_a_figure_says_what_was_known_then_and_what_is_known_now(cast: Cast, query: str) -> None:
    credit(cast.ana, "100", date(2026, 4, 7), date(2026, 4, 7))
    credit(cast.ana, "10", date(2026, 4, 8), date(2026, 6, 1))
    a_quota(cast.ana, "1000", Q2.start, Q2.end)
    refresh()
    client = signed_in(cast.maya)
    address = f"{reverse('records')}?of=team:North&from=2026-04-01&until=2026-07-01&{query}"
    page = client.get(address)
    assert page.status_code == 200
    assert "Then and now" in page.content.decode()
    assert client.get(f"{address}&format=csv").status_code == 200


def test_a_day_that_is_none_is_not_found(cast: Cast) -> None:
    assert signed_in(cast.vera).get(f"{reverse('records')}?of=company&known=yesterday").status_code == 404


def test_what_follows_from_an_imported_entry_was_known_with_it_and_its_undoing_was_not() -> None:
    for reason in ("Import 3: quotas", "Ramp of a newcomer; Import 3: quotas", "Demo company"):
        assert re.search(BROUGHT_OVER, reason)
    for reason in ("Import 3 undone", "Confirmed by Vera", "Ramp of a newcomer; Plan 2026", "See Import 3: quotas"):
        assert not re.search(BROUGHT_OVER, reason)
