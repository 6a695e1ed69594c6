"""The Django admin: reference data to keep, records by services, ledgers to look at."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from coaching.models import Note
from sales.models import Activity, Credit, Deal, Order
from sales.services import book_order, log_activity, open_deal
from salesmgmt.desk.models import AuditEntry
from teams.models import ExchangeRate, Holiday, Leadership, Leave, LeaveKind, Organisation, Person, Posting, User
from tests.cast import Cast

AT = datetime(2026, 8, 20, 9, tzinfo=UTC)
READ_ONLY = {"credit", "outcome", "quotaentry", "rollup", "auditentry", "batch", "batchrow", "target", "plan", "period"}


@pytest.fixture
def page(cast: Cast, client: Client) -> Client:
    client.force_login(cast.admin)
    return client


@pytest.fixture
def deal(cast: Cast) -> Deal:
    return open_deal(owner=cast.ana, name="Fleet", amount=Decimal(500), by=cast.ana.user, at=AT)


def models() -> list[Any]:
    return [model for model in admin.site._registry if model._meta.app_label != "axes"]


@pytest.mark.parametrize("model", models(), ids=lambda model: model._meta.label)
def test_every_list_and_form_opens_and_ledgers_are_read_only(page: Client, model: Any, cast: Cast, deal: Deal) -> None:
    book_order(owner=cast.ana, amount=Decimal(90), ordered_on=date(2026, 8, 20), by=cast.ana.user, at=AT)
    log_activity(owner=cast.ana, kind="call", at=AT, by=cast.ana.user, deal=deal)
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    response = page.get(base, {"q": "a"} if admin.site._registry[model].search_fields else {})
    assert response.status_code == 200
    assert " style=" not in response.content.decode()
    row = model._default_manager.order_by("pk").last()
    if row is not None:
        assert page.get(f"{base}{row.pk}/change/").status_code == 200
    assert page.get(f"{base}add/").status_code in ({403} if model._meta.model_name in READ_ONLY else {200, 302, 403})
    if row is not None and model._meta.model_name in READ_ONLY:
        assert page.post(f"{base}{row.pk}/change/", {}).status_code == 403
        assert page.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_coaching_notes_are_never_in_the_admin() -> None:
    assert Note not in admin.site._registry


def test_a_back_dated_posting_takes_the_credits_along(page: Client, cast: Cast) -> None:
    book_order(owner=cast.ana, amount=Decimal(90), ordered_on=date(2026, 8, 20), by=cast.ana.user, at=AT)
    book_order(owner=cast.ana, amount=Decimal(50), ordered_on=date(2026, 7, 1), by=cast.ana.user, at=AT)
    fields = {"person": cast.ana.pk, "team": cast.south.pk, "role": "rep", "fte": "1", "on": "2026-08-01"}
    assert page.post("/admin/teams/posting/add/", fields).status_code == 302
    assert [row.team_id for row in Posting.objects.filter(person=cast.ana).order_by("during")] == [
        cast.north.pk,
        cast.south.pk,
    ]
    north = Credit.objects.filter(team=cast.north)
    assert (north.total(), Credit.objects.filter(team=cast.south).total()) == (Decimal(50), Decimal(90))
    assert north.filter(amount=-90, reverses__isnull=False).count() == 1


def test_a_refusal_is_a_sentence_and_changes_nothing(page: Client, cast: Cast) -> None:
    fields = {
        "person": cast.ana.pk,
        "kind": LeaveKind.objects.get(key="sick").pk,
        "start": "2026-08-05",
        "last": "2026-08-01",
    }
    response = page.post("/admin/teams/leave/add/", fields, follow=True)
    assert b"The last day away is before the first." in response.content
    assert not Leave.objects.exists()


def test_a_deal_changed_in_the_admin_has_its_story_and_its_audit(page: Client, cast: Cast, deal: Deal) -> None:
    url = f"/admin/sales/deal/{deal.pk}/change/"
    fields = {"name": "Fleet", "owner": cast.ben.pk, "amount": "700", "currency": "EUR", "opened_on": deal.opened_on}
    empty = {"changes-TOTAL_FORMS": 0, "changes-INITIAL_FORMS": 0}
    response = page.post(url, {k: v for k, v in fields.items() if v is not None} | empty)
    assert response.status_code == 302
    deal.refresh_from_db()
    assert (deal.owner, deal.amount, deal.version) == (cast.ben, Decimal(700), 2)
    assert set(deal.changes.values_list("field", flat=True)) >= {"owner", "amount"}


def test_what_is_withdrawn_in_the_admin_leaves_the_figures(page: Client, cast: Cast) -> None:
    order = book_order(owner=cast.ana, amount=Decimal(90), ordered_on=date(2026, 8, 20), by=cast.ana.user, at=AT)
    page.post("/admin/sales/order/", {"action": "withdraw", "_selected_action": [order.pk]})
    assert Credit.objects.all().total() == 0
    assert not Order.objects.present().exists()
    activity = log_activity(owner=cast.ana, kind="call", at=AT, by=cast.ana.user)
    page.post("/admin/sales/activity/", {"action": "withdraw", "_selected_action": [activity.pk]})
    assert not Activity.objects.present().exists()


def test_people_and_their_end_are_kept_in_the_admin(page: Client, cast: Cast) -> None:
    inline = {"postings-TOTAL_FORMS": 0, "postings-INITIAL_FORMS": 0}
    assert page.post("/admin/teams/person/add/", {"name": "Dana", "hired_on": "2026-08-10"} | inline).status_code == 302
    person = Person.objects.get(name="Dana")
    fields = {"name": "Dana", "hired_on": "2026-08-10", "left_on": "2026-10-01"}
    assert page.post(f"/admin/teams/person/{person.pk}/change/", fields | inline).status_code == 302
    person.refresh_from_db()
    assert person.left_on == date(2026, 10, 1)
    assert AuditEntry.objects.get(table="teams_person", row_id=person.pk).user_id == cast.admin.pk


def test_an_invitation_is_made_in_the_admin(page: Client, cast: Cast) -> None:
    person = Person.objects.create(name="Dana")
    data = {"action": "invite", "_selected_action": [person.pk]}
    assert b"/invitation/" in page.post("/admin/teams/person/", data, follow=True).content


def test_the_organisation_brings_holidays_and_rates_and_seats_follow_each_other(page: Client, cast: Cast) -> None:
    fields = {"name": "Cast", "currency": "EUR", "time_zone": "Europe/Paris", "fiscal_month": 1, "holiday_region": "FR",
              "working_week": "1,2,3,4,5", "shows_individual_ranks": "on", "follow_up_days": 9,
              "gift_limit": "50.00", "free_change": "10"}  # fmt: skip
    assert page.post("/admin/teams/organisation/1/change/", fields).status_code == 302
    assert (Organisation.get().time_zone, Organisation.get().follow_up_days) == ("Europe/Paris", 9)
    assert Holiday.objects.of("FR").exists()
    for on, rate in (("2026-01-01", "0.9"), ("2026-07-01", "0.92")):
        sent = {"currency": "USD", "kind": "actual", "rate": rate, "on": on}
        assert page.post("/admin/teams/exchangerate/add/", sent).status_code == 302
    assert [row.until for row in ExchangeRate.objects.order_by("during")] == [date(2026, 7, 1), None]
    seat = {"team": cast.north.pk, "person": cast.omar.pk, "on": "2026-08-01"}
    assert page.post("/admin/teams/leadership/add/", seat).status_code == 302
    assert Leadership.objects.filter(team=cast.north).count() == 2


def test_a_month_is_closed_in_the_admin(page: Client) -> None:
    from teams.models import Period

    period = Period.objects.get(key="2026-07")
    page.post("/admin/teams/period/", {"action": "close", "_selected_action": [period.pk]})
    period.refresh_from_db()
    assert period.is_closed


def test_staff_without_being_admin_find_nothing(cast: Cast, client: Client) -> None:
    User.objects.filter(username="ana").update(is_staff=True)
    client.force_login(User.objects.get(username="ana"))
    assert client.get("/admin/").status_code == 404
