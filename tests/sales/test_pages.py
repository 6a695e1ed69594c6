"""Pages of sales: what each role sees and may do, what stays when something is refused, what a page costs."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sales import selectors, services
from sales.models import Account, Activity, Contact, Credit, Deal, DealChange, LostReason, Order, Stage
from sales.services import leads
from sales.views import accounts, activities, contacts, orders
from sales.views import leads as lead_views
from salesmgmt.exchange.services import Options, import_file
from salesmgmt.lib import clock, keyset
from teams.models import Person, User
from tests.answers import refused
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
NAUGHTY = [
    "\x00",
    "a\x00b",
    "x" * 20_000,
    "<script>alert(1)</script>",
    "'; DROP TABLE sales_deal;--",
    "=HYPERLINK(1)",
    "\u202e\ufeff",
    "😀" * 500,
    "NaN",
    "1e400",
    "-1",
    "9" * 40,
    "0001-01-01",
    "9999-12-31T23:59",
    "0001-01-01T00:00",
    "𝟙",
    " ",
    "../../etc",
]


@pytest.fixture
def account(cast: Cast) -> Account:
    return services.add_account(name="Brandt Optik", owner=cast.ana, by=None)


@pytest.fixture
def deal(cast: Cast, account: Account) -> Deal:
    return services.open_deal(
        owner=cast.ana,
        name="Forklifts",
        account=account,
        by=cast.ana.user,
        at=AT,
        amount=Decimal("900.00"),
        opened_on=date(2026, 1, 5),
        expected_close_on=date(2026, 12, 1),
    )


def signed_in(person: Person | User) -> Client:
    client = Client()
    client.force_login(person if isinstance(person, User) else person.user)  # type: ignore[arg-type]
    return client


def post(client: Client, url: str, **data: Any) -> Any:
    return client.post(url, data)


def urls_of(deal: Deal, activity: Activity, order: Order) -> list[str]:
    return [
        reverse("deal", args=[deal.pk]),
        reverse("account", args=[deal.account_id]),
        reverse("activity", args=[activity.pk]),
        reverse("order", args=[order.pk]),
    ]


LISTS = ["activities", "activity-log", "deals", "deal-board", "deal-add", "accounts", "account-add", "orders"]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_for_every_role_and_asks_strangers_to_log_in(cast: Cast, deal: Deal, name: str) -> None:
    for who in (cast.ana, cast.maya, cast.vera, cast.olga, cast.admin):
        assert signed_in(who).get(reverse(name)).status_code == 200
    assert Client().get(reverse(name)).status_code == 302


def test_others_records_are_the_same_dull_404(cast: Cast, deal: Deal) -> None:
    services.win_deal(deal=deal, by=None, at=AT, on=date(2026, 2, 1))
    activity = services.log_activity(owner=cast.ana, kind="call", at=AT, by=None, deal=deal)
    urls = urls_of(deal, activity, Order.objects.get())
    for who, status in (
        (cast.ana, 200),
        (cast.maya, 200),
        (cast.vera, 200),
        (cast.omar, 404),
        (cast.cleo, 404),
        (cast.ben, 404),
    ):
        assert {signed_in(who).get(url).status_code for url in urls} == {status}


def test_a_sister_team_never_sees_a_deal_in_list_board_search_export_or_count(cast: Cast, deal: Deal) -> None:
    for who in (cast.omar, cast.cleo, cast.ben):
        client = signed_in(who)
        for url in (
            "/deals/?status=all",
            "/deals/board/",
            "/deals/?text=forkl",
            "/deals/?export=csv&status=all",
            f"/deals/?account={deal.account_id}",
        ):
            answer = client.get(url)
            body = answer.getvalue().decode()
            assert "Forklifts" not in body
            assert "Brandt" not in body


def test_who_only_reads_may_not_act(cast: Cast, deal: Deal) -> None:
    services.win_deal(deal=deal, by=None, at=AT, on=date(2026, 2, 1))
    services.share_credit(
        order=Order.objects.get(), shares={cast.ana: Decimal(50), cast.cleo: Decimal(50)}, overlays={}, by=None, at=AT
    )
    for reader in (cast.cleo, cast.vera):
        client = signed_in(reader)
        assert client.get(reverse("deal", args=[deal.pk])).status_code == 200
        for name in ("deal-move", "deal-win", "deal-lose", "deal-reopen", "deal-change"):
            assert post(client, reverse(name, args=[deal.pk]), on="2026-07-01").status_code == 404
        assert post(client, reverse("order-refund", args=[Order.objects.get().pk])).status_code == 404


def test_an_activity_takes_a_kind_and_a_who(cast: Cast, deal: Deal) -> None:
    client = signed_in(cast.ana)
    page = client.get("/activities/log/")
    assert f'name="who" value="deal:{deal.pk}"' in page.content.decode()
    answer = post(client, "/activities/log/", kind="call", who=f"deal:{deal.pk}", idempotency_key="k1")
    made = Activity.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"/activities/{made.pk}/"
    assert (made.owner, made.deal, made.account, made.kind) == (cast.ana, deal, deal.account, "call")
    assert "Call with Brandt Optik logged." in client.get(answer["Location"]).content.decode()


def test_a_double_submit_counts_once(cast: Cast, deal: Deal) -> None:
    client = signed_in(cast.ana)
    answers = [post(client, "/activities/log/", kind="call", who="none", idempotency_key="same") for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Activity.objects.count() == 1


def test_look_alikes_are_pointed_out_not_refused(cast: Cast, deal: Deal) -> None:
    client = signed_in(cast.ana)
    for key in ("1", "2"):
        answer = post(client, "/activities/log/", kind="call", who=f"deal:{deal.pk}", idempotency_key=key)
    assert "The same is in the log" in client.get(answer["Location"]).content.decode()
    again = post(
        client,
        "/deals/add/",
        name="forklifts",
        account="Brandt Optik",
        owner=cast.ana.pk,
        currency="EUR",
        stage=deal.stage_id,
    )
    assert again.status_code == 422
    assert "which is open" in again.content.decode()
    assert Deal.objects.count() == 1
    post(
        client,
        "/deals/add/",
        name="forklifts",
        account="Brandt Optik",
        owner=cast.ana.pk,
        currency="EUR",
        stage=deal.stage_id,
        is_another="on",
    )
    assert Deal.objects.count() == 2


def test_the_day_of_an_activity_is_the_organisations(cast: Cast) -> None:
    late = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # half past midnight in Berlin
    activity = services.log_activity(owner=cast.ana, kind="call", at=late, by=None)
    assert activity.occurred_on == date(2026, 7, 1)


def test_a_rep_logs_for_themselves_and_a_manager_for_their_people(cast: Cast) -> None:
    post(signed_in(cast.ana), "/activities/log/", kind="call", who="none", owner=cast.ben.pk)
    assert not Activity.objects.exists()
    post(signed_in(cast.maya), "/activities/log/", kind="call", who="none", owner=cast.ben.pk)
    assert Activity.objects.get().owner == cast.ben


def test_an_activity_names_no_customer_its_author_cannot_see(cast: Cast) -> None:
    theirs = services.add_account(name="Southern", owner=cast.cleo, by=None)
    client = signed_in(cast.ana)
    for data in ({"who": f"account:{theirs.pk}"}, {"account": "Southern"}):
        assert post(client, "/activities/log/", kind="call", **data).status_code == 422
    assert not Activity.objects.exists()


def test_what_is_taken_out_of_the_log_comes_back_by_undo(cast: Cast) -> None:
    activity = services.log_activity(owner=cast.ana, kind="call", at=AT, by=None)
    client = signed_in(cast.ana)
    assert "Undo" in client.post(reverse("activity-withdraw", args=[activity.pk]), follow=True).content.decode()
    assert not Activity.objects.present().exists()
    assert signed_in(cast.cleo).post(reverse("activity-restore", args=[activity.pk])).status_code == 404
    client.post(reverse("activity-restore", args=[activity.pk]))
    assert Activity.objects.present().exists()


def test_a_deal_is_moved_won_reopened_and_lost_on_its_page(cast: Cast, deal: Deal) -> None:
    client = signed_in(cast.ana)
    to = Stage.objects.get(name="Proposal")

    def act(name: str, **data: Any) -> int:
        deal.refresh_from_db()
        prefix = name.removeprefix("deal-") + "-" if name != "deal-move" else ""
        fields = {f"{prefix}{key}": value for key, value in (data | {"version": deal.version}).items()}
        return int(client.post(reverse(name, args=[deal.pk]), fields).status_code)

    assert act("deal-move", stage=to.pk) == 303
    assert act("deal-win", amount="950.00", on="2026-06-01") == 303
    assert Credit.objects.total() == Decimal("950.00")
    assert act("deal-reopen", on="2026-06-03") == 303
    assert Credit.objects.total() == 0
    assert act("deal-lose", on="2026-06-04") == 422
    assert act("deal-lose", on="2026-06-04", reason=LostReason.objects.get(key="price").pk) == 303
    story = client.get(reverse("deal", args=[deal.pk])).content.decode()
    for line in (
        "Prospecting → Proposal",
        "Won",
        "Reopened",
        "Lost",
        "Order booked",
        "Order cancelled",
        "Amount: 900.00 → 950.00",
    ):
        assert line in story


def test_a_stale_form_says_who_and_keeps_what_was_typed(cast: Cast, deal: Deal) -> None:
    services.move_deal(deal=deal, stage=Stage.objects.get(name="Proposal"), by=cast.maya.user, at=AT)
    client = signed_in(cast.ana)
    fields = {
        "change-name": "Forklifts, used",
        "change-owner": cast.ana.pk,
        "change-currency": "EUR",
        "change-version": 1,
    }
    answer = client.post(reverse("deal-change", args=[deal.pk]), fields)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "Maya changed this deal" in body
    assert 'value="Forklifts, used"' in body
    assert 'name="change-version" value="2"' in body
    assert Deal.objects.get().name == "Forklifts"


def test_two_people_moving_one_deal_at_once_move_it_once(cast: Cast, deal: Deal) -> None:
    to, other = Stage.objects.get(name="Proposal"), Stage.objects.get(name="Negotiation")
    url = reverse("deal-move", args=[deal.pk])
    assert post(signed_in(cast.maya), url, stage=to.pk, version=1).status_code == 303
    second = post(signed_in(cast.ana), url, stage=other.pk, version=1)
    assert second.status_code == 422
    assert "Maya changed this deal" in second.content.decode()
    assert Deal.objects.get().stage == to
    assert DealChange.objects.filter(field="stage", was="Prospecting").count() == 1


def test_lists_narrow_by_url_and_page_by_cursor(cast: Cast) -> None:
    stage = Stage.objects.get(name="Proposal")
    for number in range(120):
        day = date(2026, 8, 1) + timedelta(days=number // 3) if number % 10 else None
        services.open_deal(
            owner=cast.ana, name=f"Deal {number:03}", by=None, at=AT, expected_close_on=day, amount=Decimal(number)
        )
    services.open_deal(owner=cast.ben, name="Bens", by=None, at=AT, stage=stage)
    client = signed_in(cast.ana)
    seen: list[int] = []
    url, steps = "/deals/", 0
    while url:
        page = client.get(url).context["page"]
        seen += [deal.pk for deal in page.rows]
        url = f"/deals/?cursor={page.next}" if page.next else ""
        steps += 1
    assert (len(seen), len(set(seen)), steps) == (120, 120, 3)
    back = client.get(f"/deals/?cursor={page.previous}").context["page"]
    assert [deal.pk for deal in back.rows] == seen[50:100]
    first = client.get(f"/deals/?cursor={back.previous}").context["page"]
    assert [deal.pk for deal in first.rows] == seen[:50]
    assert first.previous is None
    narrowed = signed_in(cast.maya).get(f"/deals/?stage={stage.pk}&owner={cast.ben.pk}").context["page"]
    assert [deal.name for deal in narrowed.rows] == ["Bens"]
    largest = client.get("/deals/?sort=amount").context["page"].rows[0]
    assert largest.amount == 119
    assert len(client.get("/deals/?text=deal 01").context["page"].rows) == 10
    assert client.get("/deals/?closing=2026-09").context["page"].rows
    for nonsense in (
        "cursor=%00",
        "cursor=abc",
        "stage=x",
        "closing=2026-13",
        "text=%00",
        "owner=99999999999999999999999",
        "status=none",
    ):
        assert client.get(f"/deals/?{nonsense}").status_code == 200


@pytest.mark.parametrize("name", ["deals", "accounts", "activities", "orders"])
def test_every_list_comes_as_csv_without_formulas(cast: Cast, deal: Deal, name: str) -> None:
    evil = services.add_account(name=" =HYPERLINK(1)", owner=cast.ana, by=None)
    services.change_deal(deal=deal, by=None, at=AT, account=evil, name="@SUM(1)")
    services.log_activity(owner=cast.ana, kind="call", at=AT, by=None, deal=deal, notes="+1")
    services.win_deal(deal=deal, by=None, at=AT, on=date(2026, 2, 1))
    answer = signed_in(cast.ana).get(reverse(name), {"export": "csv", "status": "all"})
    lines = answer.getvalue().decode().splitlines()
    assert answer["Content-Disposition"].startswith("attachment")
    assert len(lines) >= 2
    for cell in ",".join(lines[1:]).split(","):
        assert not cell.strip().startswith(("=", "@", "+", '"='))


# Pages of the nouns' own that list nothing to be taken away, or whose list is another's.
NO_LISTS = {"deal-board", "deals-bulk", "activity-log", "activity-template", "feedback-thanks"}


def test_every_list_exports_what_it_shows(cast: Cast) -> None:
    """Every address of sales without a number in it, and the tasks: each is a form, a part of a page, or a list."""
    from sales.urls import urlpatterns

    client, lists = signed_in(cast.admin), []
    plain = [one for one in urlpatterns if "<" not in str(one.pattern)]
    for name in [*(one.name for one in plain), "tasks"]:
        is_act = name.rpartition("-")[2] in {"add", "new", "options", "ask", "give", "find"} or name in NO_LISTS
        answer = client.get(reverse(name), {"export": "csv"})
        if is_act or name == "deal-board":
            continue
        assert answer["Content-Disposition"].endswith('.csv"'), name
        assert answer.getvalue().count(b"\r\n") >= 1 or b"," in answer.getvalue(), name
        lists.append(name)
    assert len(lists) >= 24


def test_the_file_of_a_list_says_what_its_rows_say_and_imports_take_it_back(
    cast: Cast, account: Account, deal: Deal
) -> None:
    step = {"next_step": "Send the offer", "next_step_on": date(2026, 7, 2), "tags": ["key", "new"]}
    services.change_deal(deal=deal, by=None, at=AT, **step)
    services.log_activity(owner=cast.ana, kind="call", at=AT, by=None, account=account)
    booked = {"owner": cast.ana, "account": account, "ordered_on": date(2026, 6, 1), "by": None, "at": AT}
    services.book_order(**booked, number="N1", amount=Decimal(7), promised_on=date(2026, 6, 5))
    gone = services.book_order(**booked, number="N2", amount=Decimal(8))
    services.cancel_order(order=gone, on=date(2026, 6, 3), by=None, at=AT, reason="x")
    client = signed_in(cast.ana)
    texts = {name: client.get(reverse(name), {"export": "csv"}).getvalue() for name in ("orders", "deals", "accounts")}
    files = {name: list(csv.DictReader(io.StringIO(text.decode()))) for name, text in texts.items()}
    assert [(row["number"], row["delivery"], row["cancelled_on"]) for row in files["orders"]] == [
        ("N1", "Overdue", ""), ("N2", "Cancelled", "2026-06-03"),
    ]  # fmt: skip
    [said] = files["deals"]
    assert [said[name] for name in (*step, "pipeline", "probability")] == [
        "Send the offer", "2026-07-02", "key; new", deal.stage.pipeline.name, str(deal.odds),
    ]  # fmt: skip
    assert "Step overdue" in said["warnings"]
    assert [row["last_activity_on"] for row in files["accounts"]] == ["2026-07-01"]
    for name, words in {
        "orders": ["Overdue", "Cancelled"], "deals": [said["warnings"].split("; ")[0]], "accounts": ["1 Jul"],
    }.items():  # fmt: skip
        shown = client.get(reverse(name)).content.decode()
        assert all(word in shown for word in words), name
        answer = import_file(
            kind=name, file=io.BytesIO(texts[name]), name="a.csv", options=Options(), by=None, at=clock.now()
        )
        assert (answer.equal, answer.read) == (len(files[name]), len(files[name])), answer.refusals


def test_each_list_comes_in_every_order_it_offers(cast: Cast) -> None:
    for number, revenue in enumerate((5, None, 9)):
        account = services.add_account(name=f"A{2 - number}", owner=cast.ana, by=None, revenue=revenue)
        services.add_contact(name=f"C{number % 2}", by=None, account=account)
        leads.add_lead(name="L", owner=cast.ana, by=None, at=AT, received_at=AT - timedelta(hours=number))
        services.log_activity(owner=cast.ana, kind="call", at=AT + timedelta(hours=number), by=None)
        services.book_order(
            owner=cast.ana, amount=Decimal(7 - number % 2), ordered_on=AT.date() - timedelta(days=number), by=None,
            at=AT, promised_on=None if number == 1 else AT.date() - timedelta(days=number),
        )  # fmt: skip
    client = signed_in(cast.ana)
    for name, (view, most) in {
        "accounts": (accounts, 4), "contacts": (contacts, 2), "leads": (lead_views, 2), "activities": (activities, 2),
        "orders": (orders, 3),
    }.items():  # fmt: skip
        assert len(view.SORTS) == most
        for sort, (_, by, falls) in view.SORTS.items():
            rows = client.get(reverse(name), {"sort": sort}).context["page"].rows
            values = [getattr(row, by.replace("__", "_")) for row in rows]
            having = [value for value in values if value is not None]
            assert len(values) == 3
            assert values == sorted(having, reverse=falls) + [None] * (3 - len(having))
        assert client.get(reverse(name), {"sort": "\x00"}).status_code == 200


def test_deals_come_by_name_stage_and_owner_from_page_to_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset.page, "__kwdefaults__", keyset.page.__kwdefaults__ | {"size": 3})  # type: ignore[attr-defined]
    stages = list(Stage.objects.order_by("-position")[:3])
    Deal.objects.bulk_create(
        Deal(name=f"D{n * 5 % 7}", owner=(cast.ana, cast.ben)[n % 2], stage=stages[n % 3], currency="EUR")
        for n in range(7)
    )
    for who, orders_of in ((cast.maya, ("name", "stage", "owner")), (cast.ana, ("name", "stage"))):
        client, seen = signed_in(who), selectors.deals(who.user, selectors.DealFilter())
        assert [name for name, _ in client.get("/deals/").context["sorts"]][3:] == list(orders_of)
        for sort in orders_of:
            by = {"stage": "stage__position", "owner": "owner__name"}.get(sort, sort)
            rows: list[int] = []
            cursor: str | None = ""
            while cursor is not None:
                page = client.get("/deals/", {"sort": sort, "cursor": cursor}).context["page"]
                rows += [deal.pk for deal in page.rows]
                cursor = page.next
            assert rows == list(seen.order_by(by, "pk").values_list("pk", flat=True)), sort
            assert len(client.get("/deals/", {"sort": sort, "cursor": page.previous}).context["page"].rows) == 3


def test_more_tasks_than_a_page_holds_are_reached_counted_and_exported(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("salesmgmt.pages.todo.SIZE", 3)
    today = clock.today("Europe/Berlin")
    for days in (-2, -1, 0, 1, 2):
        services.add_task(owner=cast.ana, text=f"In {days} days", due_on=today + timedelta(days=days), by=None)
    client = signed_in(cast.ana)
    first = client.get("/tasks/")
    assert (first.context["headline"], first.context["then"]) == (
        "Two overdue, one due today.", "Two more come later.",
    )  # fmt: skip
    rest = client.get("/tasks/", {"cursor": first.context["page"].next})
    assert [task.text for _, rows in rest.context["sections"] for task in rows] == ["In 1 days", "In 2 days"]
    assert client.get("/tasks/?export=csv").getvalue().decode().count("E-Ana") == 5


@pytest.mark.parametrize("text", NAUGHTY)
def test_every_naughty_string_gets_a_sentence_or_is_kept_never_an_error(cast: Cast, deal: Deal, text: str) -> None:
    client = signed_in(cast.ana)
    services.win_deal(deal=deal, by=None, at=AT, on=date(2026, 2, 1))
    order, activity = Order.objects.get(), services.log_activity(owner=cast.ana, kind="call", at=AT, by=None)
    other = services.open_deal(owner=cast.ana, name="Other", by=None, at=AT)
    forms = {
        "/activities/log/": ["kind", "who", "account", "owner", "occurred_at", "outcome", "minutes", "notes"],
        f"/activities/{activity.pk}/": [
            "kind",
            "occurred_at",
            "account",
            "deal",
            "contact",
            "outcome",
            "duration_minutes",
            "notes",
            "version",
        ],
        "/deals/add/": [
            "name",
            "account",
            "owner",
            "product",
            "amount",
            "currency",
            "opened_on",
            "expected_close_on",
            "next_step",
            "source",
            "stage",
        ],
        f"/deals/{other.pk}/change/": [
            f"change-{field}"
            for field in ("name", "account", "amount", "next_step_on", "own_forecast_category", "version")
        ],
        f"/deals/{other.pk}/win/": ["win-amount", "win-on", "win-version"],
        f"/deals/{other.pk}/lose/": ["lose-reason", "lose-on"],
        f"/deals/{deal.pk}/reopen/": ["reopen-on"],
        f"/deals/{other.pk}/move/": ["stage", "version"],
        "/accounts/add/": ["name", "industry", "country", "employees", "revenue", "owner"],
        f"/accounts/{deal.account_id}/contacts/": ["contact-name", "contact-email", "contact-phone"],
        f"/orders/{order.pk}/refund/": ["refund-amount", "refund-on", "refund-reason"],
        f"/orders/{order.pk}/cancel/": ["cancel-on", "cancel-reason"],
    }
    good = {
        "kind": "call",
        "name": "N",
        "owner": cast.ana.pk,
        "currency": "EUR",
        "stage": deal.stage_id,
        "occurred_at": "2026-06-01T10:00",
        "change-name": "N",
        "change-owner": cast.ana.pk,
        "change-currency": "EUR",
        "contact-name": "C",
        "win-amount": "1",
        "win-on": "2026-06-01",
    }
    for url, fields in forms.items():
        for field in {*fields} - refused(client.post(url, good | dict.fromkeys(fields, text))):
            assert client.post(url, good | {field: text}).status_code in (200, 303, 404, 422), (url, field)
    for url in ("/deals/", "/accounts/", "/activities/", "/orders/", "/accounts/options/"):
        for key in ("text", "cursor", "owner", "kind", "start", "until", "closing", "sort", "account"):
            assert client.get(url, {key: text}, headers={"HX-Request": "true"}).status_code == 200, (url, key)


def test_a_manager_shares_credit_and_records_a_refund_on_the_order_page(cast: Cast, deal: Deal) -> None:
    services.win_deal(deal=deal, by=None, at=AT, on=date(2026, 2, 1))
    order = Order.objects.get()
    client = signed_in(cast.maya)
    url = reverse("order-share", args=[order.pk])
    wrong = client.post(url, {f"share-share-{cast.ana.pk}": "60"})
    assert wrong.status_code == 422
    assert "not to 100 %" in wrong.content.decode()
    assert client.post(url, {f"share-share-{cast.ana.pk}": "60", f"share-share-{cast.ben.pk}": "40"}).status_code == 303
    fields = {"refund-amount": "90", "refund-on": "2026-03-01", "refund-reason": "Damaged"}
    assert client.post(reverse("order-refund", args=[order.pk]), fields).status_code == 303
    assert Credit.objects.filter(person=cast.ben).total() == Decimal("324.00")
    assert signed_in(cast.ana).post(url, {f"share-share-{cast.ana.pk}": "100"}).status_code == 422


def test_a_contact_is_added_to_an_account(cast: Cast, account: Account) -> None:
    url = reverse("contact-add", args=[account.pk])
    assert post(signed_in(cast.ana), url, **{"contact-name": "Dr. Brandt"}).status_code == 303
    assert Contact.objects.get().account == account


MOST_QUERIES = {
    "activities": 11,
    "activity-log": 14,
    "deals": 15,
    "deal-board": 14,
    "deal-add": 14,
    "accounts": 9,
    "orders": 10,
}


@pytest.mark.parametrize("name", MOST_QUERIES)
def test_pages_cost_a_fixed_number_of_queries(cast: Cast, account: Account, name: str) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            deal = services.open_deal(
                owner=cast.ana, name=f"D{number}", account=account, by=None, at=AT, amount=Decimal(1)
            )
            services.log_activity(owner=cast.ana, kind="call", at=AT, by=None, deal=deal)
            won = services.open_deal(owner=cast.ben, name=f"W{number}", by=None, at=AT, amount=Decimal(1))
            services.win_deal(deal=won, by=None, at=AT, on=date(2026, 2, 1))
            services.add_task(owner=cast.maya, text="T", due_on=date(2026, 2, 1), by=None)

    client = signed_in(cast.maya)
    counts = []
    for count in (1, 12):
        fill(count)
        counts.append(int(client.get(reverse(name))["X-Query-Count"]))
    assert counts[0] == counts[1] <= MOST_QUERIES[name]


def test_the_page_of_a_deal_costs_a_fixed_number_of_queries(cast: Cast, deal: Deal) -> None:
    counts = []
    client = signed_in(cast.maya)
    for _ in range(2):
        counts.append(int(client.get(reverse("deal", args=[deal.pk]))["X-Query-Count"]))
        for number in range(6):
            services.log_activity(owner=cast.ana, kind="call", at=AT, by=None, deal=deal)
            services.change_deal(
                deal=deal, by=cast.maya.user, at=clock.now(), name=f"D{number}", owner=(cast.ben, cast.ana)[number % 2]
            )
    assert counts[1] <= counts[0] + 2  # names of owners that changes mention
    assert counts[1] <= 27


def test_what_was_typed_while_the_session_ran_out_is_sent_after_the_login(cast: Cast, deal: Deal) -> None:
    client = Client()
    typed = {"kind": "call", "who": f"deal:{deal.pk}", "notes": "Line one\r\nLine <two>", "idempotency_key": "k"}
    bounced = client.post("/activities/log/", typed)
    assert bounced["Location"] == "/login/?next=/again/"
    landed = client.post(bounced["Location"], {"username": "ana", "password": "demo", "next": "/again/"})
    assert landed["Location"] == "/again/"
    page = client.get("/again/")
    assert 'action="/activities/log/"' in page.content.decode()
    assert "Line &lt;two&gt;" in page.content.decode()
    assert client.post("/activities/log/", dict(page.context["fields"])).status_code == 303
    assert Activity.objects.get().notes == "Line one\r\nLine <two>"


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_stranger_who_posts_anything_is_asked_to_log_in(cast: Cast, text: str) -> None:
    assert Client().post("/activities/log/", {"notes": text, text[:50]: "1", "password": "secret"}).status_code == 302
