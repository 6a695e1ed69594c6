"""After the order: deliveries by those who deliver, the task that asks, complaints until they are resolved."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sales import services, tasks
from sales.models import Account, Complaint, DeliveryProblem, Order, Task
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Organisation, Person, Posting, Role, Team, User
from tests.cast import SINCE, Cast
from tests.sales.test_pages import NAUGHTY, signed_in

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
JAN, FEB, MARCH = date(2026, 1, 10), date(2026, 2, 10), date(2026, 3, 10)
TODAY = date(2026, 7, 1)


@pytest.fixture
def account(cast: Cast) -> Account:
    return services.add_account(name="Brandt Optik", owner=cast.ana, by=None)


@pytest.fixture
def dita(cast: Cast) -> Person:
    """Of the delivery department."""
    team = Team.objects.create(name="Delivery", parent=cast.company, department=Team.Department.DELIVERY)
    user = User.objects.create(username="dita")
    made = Person.objects.create(name="Dita", user=user, hired_on=SINCE)
    Posting.objects.create(person=made, team=team, role=Role.DEPARTMENT, during=half_open(SINCE))
    return made


def book(cast: Cast, account: Account | None = None, **more: Any) -> Order:
    said = {"owner": cast.ana, "amount": Decimal("1234.56"), "ordered_on": JAN, "by": None, "at": AT}
    return services.book_order(**said | {"account": account} | more)


def deliver(order: Order, **dates: Any) -> Order:
    return services.record_delivery(order=order, on=TODAY, by=None, **dates)


# ── Deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("dates", "lateness"),
    [
        ({}, ""),
        ({"promised_on": FEB}, ""),
        ({"promised_on": FEB, "produced_on": JAN, "delivered_on": FEB}, ""),
        ({"promised_on": FEB, "produced_on": MARCH}, "production"),
        ({"promised_on": FEB, "produced_on": MARCH, "delivered_on": MARCH}, "production"),
        ({"promised_on": FEB, "produced_on": FEB, "delivered_on": MARCH}, "carrier"),
        ({"promised_on": FEB, "delivered_on": MARCH}, "unknown"),
    ],
)
def test_a_late_maker_is_not_a_late_carrier(cast: Cast, dates: dict[str, date], lateness: str) -> None:
    order = deliver(book(cast), **dates)
    assert order.lateness == lateness
    for who in ("production", "carrier", "unknown"):
        assert Order.objects.late(who).exists() == (who == lateness)
    assert Order.objects.late().exists() == bool(lateness)


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        ({"produced_on": JAN - timedelta(days=1)}, "before it was ordered"),
        ({"delivered_on": TODAY + timedelta(days=1)}, "still to come"),
        ({"produced_on": MARCH, "delivered_on": FEB}, "before it was produced"),
    ],
)
def test_days_that_cannot_be_are_refused(cast: Cast, dates: dict[str, date], sentence: str) -> None:
    order = book(cast)
    with pytest.raises(Refused, match=sentence):
        deliver(order, **dates)
    assert Order.objects.get().produced_on is None


def test_a_stale_form_is_refused_and_a_cancelled_order_is_not_delivered(cast: Cast) -> None:
    order = deliver(book(cast), produced_on=FEB)
    with pytest.raises(Stale):
        deliver(order, delivered_on=FEB, version=1)
    services.cancel_order(order=order, on=FEB, reason="No", by=None, at=AT)
    with pytest.raises(Refused, match="cancelled"):
        deliver(order, delivered_on=FEB)


def test_who_delivers_sees_what_was_asked_of_them_and_no_amount(cast: Cast, account: Account, dita: Person) -> None:
    order = book(cast, account, number="A-7", promised_on=FEB)
    client = signed_in(dita)
    for path in ("/deliveries/", f"/deliveries/{order.pk}/", "/deliveries/?export=csv"):
        answer = client.get(path)
        body = answer.getvalue().decode()
        assert answer.status_code == 200
        assert "Brandt Optik" in body
        assert "1,234" not in body
        assert "1234" not in body
    nobodys = Account.objects.create(name="Nobody's")
    for path in (f"/orders/{order.pk}/", f"/accounts/{account.pk}/", f"/accounts/{nobodys.pk}/"):
        assert client.get(path).status_code == 404
    assert "A-7" not in client.get("/orders/").content.decode()
    listed = client.get("/api/v1/deliveries/").json()["results"]
    assert [row["number"] for row in listed] == ["A-7"]
    assert "amount" not in listed[0]
    assert client.get(f"/api/v1/orders/{order.pk}/").status_code == 404


def test_who_delivers_records_dates_and_problems_and_the_seller_is_told(
    cast: Cast, account: Account, dita: Person
) -> None:
    order = book(cast, account, promised_on=FEB)
    client = signed_in(dita)
    url = f"/deliveries/{order.pk}/"
    sent = {"promised_on": "2026-02-10", "produced_on": "2026-02-10", "delivered_on": "2026-03-10", "version": 1}
    assert client.post(url, sent).status_code == 303
    order.refresh_from_db()
    assert (order.lateness, order.amount) == ("carrier", Decimal("1234.56"))
    stale = client.post(url, sent | {"delivered_on": "2026-04-01"})
    assert stale.status_code == 422
    assert "changed since" in stale.content.decode()
    problem = {
        "problem-kind": "damaged",
        "problem-found_on": "2026-03-10",
        "problem-text": "Wet",
        "idempotency_key": "k",
    }
    answers = [client.post(f"/orders/{order.pk}/problems/", problem) for _ in range(2)]
    assert [answer["Location"] for answer in answers] == [url, url]
    found = DeliveryProblem.objects.get()
    assert Notice.objects.filter(user=cast.ana.user, link=f"/orders/{order.pk}/").count() == 1
    resolve = f"/orders/{order.pk}/problems/{found.pk}/"
    wrong = client.post(resolve, {f"resolved-{found.pk}-on": "x"}, follow=True)
    assert "on which day" in wrong.content.decode()
    client.post(resolve, {f"resolved-{found.pk}-on": "2026-03-20", f"resolved-{found.pk}-version": 1})
    found.refresh_from_db()
    assert found.resolved_on == date(2026, 3, 20)
    assert "Damaged" in signed_in(cast.ana).get(f"/orders/{order.pk}/").content.decode()


def test_who_does_not_deliver_finds_no_deliveries(cast: Cast, account: Account, dita: Person) -> None:
    order = book(cast, account)
    for who in (cast.ana, cast.maya, cast.vera, cast.cleo):
        assert signed_in(who).get("/deliveries/").status_code == 404
        assert signed_in(who).post(f"/deliveries/{order.pk}/", {}).status_code == 404
        assert signed_in(who).get("/api/v1/deliveries/").json()["results"] == []
    for allowed in (dita, cast.olga, cast.admin):
        assert signed_in(allowed).get("/deliveries/").status_code == 200
    Posting.objects.filter(person=dita).update(team=cast.north)
    assert signed_in(dita).get("/deliveries/").status_code == 404


def test_other_departments_deliver_nothing(cast: Cast, dita: Person) -> None:
    Team.objects.filter(name="Delivery").update(department=Team.Department.MARKETING)
    assert signed_in(dita).get("/deliveries/").status_code == 404


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_days_and_problems_are_answered_by_a_sentence(cast: Cast, dita: Person, value: str) -> None:
    order = book(cast)
    client = signed_in(dita)
    for field in ("promised_on", "produced_on", "delivered_on", "version"):
        assert client.post(f"/deliveries/{order.pk}/", {field: value}).status_code in {303, 422}
    for field in ("kind", "found_on", "text"):
        sent = {"problem-kind": "damaged", "problem-found_on": "2026-02-01", f"problem-{field}": value}
        assert client.post(f"/orders/{order.pk}/problems/", sent).status_code in {303, 422}
    assert client.get("/deliveries/", {"text": value, "state": value, "cursor": value}).status_code == 200


def test_the_list_of_deliveries_costs_a_fixed_number_of_queries(cast: Cast, dita: Person, account: Account) -> None:
    client, counts = signed_in(dita), []
    for _ in range(2):
        for _ in range(4):
            book(cast, account, amount=None, lines=[services.Line(text="Probe", amount=Decimal(5))], promised_on=FEB)
        counts.append(int(client.get("/deliveries/")["X-Query-Count"]))
    assert counts[0] == counts[1] <= 9


def api(who: Person, method: str, path: str, body: Any = None) -> Any:
    more = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
    return signed_in(who).generic(method, f"/api/v1/{path}", **more)


def test_the_api_takes_dates_and_problems_from_those_who_deliver(cast: Cast, account: Account, dita: Person) -> None:
    order = book(cast, account, promised_on=FEB)
    changed = api(dita, "PATCH", f"deliveries/{order.pk}/", {"produced_on": "2026-03-01"})
    assert (changed.status_code, changed.json()["lateness"]) == (200, "production")
    assert api(dita, "PATCH", f"deliveries/{order.pk}/", {"amount": "1"}).status_code == 400
    assert api(dita, "PATCH", f"deliveries/{order.pk}/", {"delivered_on": "2026-02-01"}).status_code == 409
    made = api(dita, "POST", "delivery-problems/", {"order": order.pk, "kind": "quality", "found_on": "2026-03-02"})
    assert made.status_code == 201
    pk = made.json()["id"]
    assert api(dita, "POST", f"delivery-problems/{pk}/resolve/", {"on": "2199-03-03"}).status_code == 409
    assert api(dita, "POST", f"delivery-problems/{pk}/resolve/", {"on": "2026-03-03"}).json()["resolved_on"]
    assert api(cast.cleo, "GET", f"delivery-problems/{pk}/").status_code == 404
    assert api(cast.cleo, "POST", "delivery-problems/", {"order": order.pk, "kind": "quality"}).status_code == 400
    assert api(cast.ana, "GET", f"delivery-problems/{pk}/").status_code == 200
    assert api(cast.ana, "POST", f"orders/{order.pk}/dates/", {"promised_on": "2026-03-01"}).status_code == 200


# ── The task that asks ──────────────────────────────────────────────────────────────────────────────────────────


def test_some_days_after_the_delivery_the_owner_is_asked_to_ask_once(cast: Cast, account: Account) -> None:
    order = deliver(book(cast, account, number="A-7"), delivered_on=date(2026, 6, 24))
    assert services.make_follow_ups(on=date(2026, 6, 30)) == 0
    assert services.make_follow_ups(on=TODAY) == 1
    assert services.make_follow_ups(on=TODAY) == 0
    task = Task.objects.get()
    assert (task.owner, task.order, task.account, task.due_on, task.source) == (
        cast.ana, order, account, TODAY, "follow_up",
    )  # fmt: skip
    assert task.text == "Ask Brandt Optik how A-7 went"
    services.complete_task(task=task, by=None, at=AT)
    assert services.make_follow_ups(on=TODAY + timedelta(days=1)) == 0
    assert signed_in(cast.ana).get(task.link).status_code == 200


def test_an_imported_past_is_no_flood_of_tasks(cast: Cast, account: Account) -> None:
    for day in (date(2024, 5, 1), TODAY - timedelta(days=31)):
        deliver(book(cast, account, ordered_on=date(2024, 1, 1)), delivered_on=day)
    recent = deliver(book(cast, account), delivered_on=TODAY - timedelta(days=30))
    assert services.make_follow_ups(on=TODAY) == 1
    assert Task.objects.get().order == recent


def test_the_days_are_the_organisations_and_nobody_is_asked_twice(cast: Cast, account: Account) -> None:
    Organisation.objects.update(follow_up_days=2)
    asked = deliver(book(cast, account), delivered_on=TODAY - timedelta(days=2))
    answered = deliver(book(cast, account), delivered_on=TODAY - timedelta(days=2))
    services.record_feedback(account=account, order=answered, kind="csat", score=5, given_on=TODAY, on=TODAY, by=None)
    cancelled = deliver(book(cast, account), delivered_on=TODAY - timedelta(days=2))
    services.cancel_order(order=cancelled, on=TODAY, reason="No", by=None, at=AT)
    services.make_follow_ups(on=TODAY)
    assert [task.order for task in Task.objects.all()] == [asked]


def test_the_accounts_owner_asks_where_the_seller_has_left(cast: Cast, account: Account) -> None:
    order = deliver(book(cast, account, owner=cast.ben), delivered_on=TODAY - timedelta(days=8))
    Person.objects.filter(pk=cast.ben.pk).update(left_on=TODAY)
    services.make_follow_ups(on=TODAY)
    assert Task.objects.get(order=order).owner == cast.ana


def test_the_daily_task_makes_them_in_a_fixed_number_of_queries(
    cast: Cast, account: Account, django_assert_max_num_queries: Any
) -> None:
    day = clock.today("Europe/Berlin")
    for _ in range(5):
        book(cast, account, delivered_on=day - timedelta(days=9))
    with django_assert_max_num_queries(6):
        tasks.follow_up_deliveries()
    assert Task.objects.filter(source="follow_up").count() == 5


# ── Complaints ──────────────────────────────────────────────────────────────────────────────────────────────────


def complain(account: Account, by: Any = None, **more: Any) -> Complaint:
    said = {"text": "Nobody calls back", "received_on": TODAY, "by": by, "at": AT, "on": TODAY}
    return services.receive_complaint(**said | {"account": account} | more)


def test_a_complaint_reaches_the_rep_and_who_leads_them(cast: Cast, account: Account) -> None:
    complaint = complain(account)
    told = Notice.objects.filter(link=f"/complaints/{complaint.pk}/").values_list("user__username", flat=True)
    assert set(told) == {"ana", "maya"}
    for who, status in ((cast.ana, 200), (cast.maya, 200), (cast.vera, 200), (cast.cleo, 404), (cast.omar, 404)):
        assert signed_in(who).get(f"/complaints/{complaint.pk}/").status_code == status
        assert ("Brandt" in signed_in(who).get("/complaints/").content.decode()) == (status == 200)
    assert "Nobody calls back" in signed_in(cast.ana).get(f"/accounts/{account.pk}/").content.decode()


def test_a_complaint_stays_until_somebody_says_how_it_was_resolved(cast: Cast, account: Account) -> None:
    complaint = complain(account)
    with pytest.raises(Refused, match="Say how"):
        services.resolve_complaint(complaint=complaint, resolution=" ", on=TODAY, by=None, at=AT)
    with pytest.raises(Refused, match="still to come"):
        services.answer_complaint(complaint=complaint, on=date(2199, 1, 1), by=cast.ana.user, at=AT)
    services.answer_complaint(complaint=complaint, on=TODAY, by=cast.ana.user, at=AT)
    with pytest.raises(Stale):
        services.resolve_complaint(
            complaint=complaint, resolution="Called", on=TODAY, by=cast.ana.user, at=AT, version=1
        )
    with pytest.raises(Refused, match="still to come"):
        services.resolve_complaint(complaint=complaint, resolution="Called", on=date(2199, 1, 1), by=None, at=AT)
    with pytest.raises(Refused, match="before the day"):
        services.resolve_complaint(complaint=complaint, resolution="Called", on=JAN, by=cast.ana.user, at=AT)
    services.resolve_complaint(complaint=complaint, resolution="Called", on=TODAY, by=cast.ana.user, at=AT)
    with pytest.raises(Refused, match="was resolved"):
        services.answer_complaint(complaint=complaint, on=TODAY, by=cast.ana.user, at=AT)


@pytest.mark.parametrize(
    ("days", "answered", "is_overdue"), [(2, False, False), (3, False, True), (14, True, False), (15, True, True)]
)
def test_what_waits_too_long_is_overdue(
    cast: Cast, account: Account, days: int, answered: bool, is_overdue: bool
) -> None:
    day = clock.today("Europe/Berlin")
    came = day - timedelta(days=days)
    complaint = complain(account, received_on=came, on=day)
    if answered:
        services.answer_complaint(complaint=complaint, on=came, by=None, at=clock.now())
    shown = signed_in(cast.maya).get("/complaints/?state=overdue").content.decode()
    assert ("Brandt Optik" in shown) == is_overdue


def test_complaints_are_taken_answered_and_resolved_by_page(cast: Cast, account: Account) -> None:
    client = signed_in(cast.ana)
    day = clock.today("Europe/Berlin").isoformat()
    sent = {"account": "Brandt Optik", "text": "<b>Broken</b>", "received_on": day, "idempotency_key": "k"}
    assert client.get(f"/complaints/add/?account={account.pk}").status_code == 200
    assert {client.post("/complaints/add/", sent)["Location"] for _ in range(2)} == {
        f"/complaints/{Complaint.objects.get().pk}/"
    }
    pk = Complaint.objects.get().pk
    page = client.get(f"/complaints/{pk}/").content.decode()
    assert "&lt;b&gt;Broken" in page
    assert client.post(f"/complaints/{pk}/answer/", {"answer-on": day, "answer-version": 1}).status_code == 303
    stale = client.post(
        f"/complaints/{pk}/resolve/", {"resolve-on": day, "resolve-resolution": "x", "resolve-version": 1}
    )
    assert stale.status_code == 422
    done = {"resolve-on": day, "resolve-resolution": "Exchanged", "resolve-version": 2}
    assert client.post(f"/complaints/{pk}/resolve/", done).status_code == 303
    assert Complaint.objects.get().resolution == "Exchanged"
    assert signed_in(cast.vera).post(f"/complaints/{pk}/resolve/", done).status_code == 404


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_complaints_are_answered_by_a_sentence(cast: Cast, account: Account, value: str) -> None:
    client = signed_in(cast.ana)
    pk = complain(account).pk
    for field in ("account", "text", "received_on", "order"):
        sent = {"account": "Brandt Optik", "text": "x", "received_on": "2026-07-01", field: value}
        assert client.post("/complaints/add/", sent).status_code in {303, 422}
    for act in ("answer", "resolve"):
        for field in ("on", "version", "resolution"):
            assert client.post(f"/complaints/{pk}/{act}/", {f"{act}-{field}": value}).status_code in {303, 422}
    for query in ("state", "owner", "account", "cursor"):
        assert client.get("/complaints/", {query: value}).status_code == 200
    assert client.get("/complaints/add/", {"order": value, "account": value}).status_code == 200


def test_what_belongs_to_another_customer_is_not_said_of_this_one(cast: Cast, account: Account) -> None:
    other = book(cast, services.add_account(name="Other", owner=cast.ana, by=None))
    with pytest.raises(Refused, match="is not an order of"):
        complain(account, order=other)


def test_complaints_in_the_api(cast: Cast, account: Account) -> None:
    made = api(cast.ana, "POST", "complaints/", {"account": account.pk, "text": "Late"})
    assert made.status_code == 201
    pk = made.json()["id"]
    assert api(cast.ana, "POST", f"complaints/{pk}/answer/", {"version": 1}).json()["answered_on"]
    assert api(cast.ana, "POST", f"complaints/{pk}/resolve/", {"resolution": "Paid", "version": 1}).status_code == 409
    assert api(cast.ana, "POST", f"complaints/{pk}/resolve/", {"resolution": "Paid"}).status_code == 200
    assert api(cast.cleo, "GET", f"complaints/{pk}/").status_code == 404
    assert api(cast.cleo, "POST", "complaints/", {"account": account.pk, "text": "x"}).status_code == 400
    assert api(cast.ana, "POST", "complaints/", {"account": account.pk, "text": ""}).status_code == 400


def test_the_reps_own_cannot_take_back_a_complaint_about_their_customer(cast: Cast, account: Account) -> None:
    complaint = complain(account)
    with pytest.raises(Refused, match="who leads you"):
        services.withdraw_complaint(complaint=complaint, by=cast.ana.user, at=AT)
    services.withdraw_complaint(complaint=complaint, by=cast.maya.user, at=AT)
    assert not Complaint.objects.present().exists()


def test_lists_export_what_they_show(cast: Cast, account: Account) -> None:
    complain(account, text="=1+1")
    deliver(book(cast, account), delivered_on=FEB)
    for name, holds in (("complaints", "'=1+1"), ("orders", "Brandt Optik")):
        answer = signed_in(cast.ana).get(reverse(name), {"export": "csv"})
        assert answer["Content-Type"].startswith("text/csv")
        assert holds in answer.getvalue().decode()
    assert Client().get("/complaints/?export=csv").status_code == 302
