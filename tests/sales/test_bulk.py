"""One change to many deals: what is changed, what is left and why, and the way back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from sales import services
from sales.models import BulkAct, Deal, DealChange, LostReason, Outcome, Stage
from salesmgmt.desk.models import SavedView
from salesmgmt.lib.refusals import Refused
from tests.cast import Cast

AT, TODAY = datetime(2026, 7, 1, 9, 0, tzinfo=UTC), date(2026, 7, 1)


@pytest.fixture
def deals(cast: Cast) -> list[Deal]:
    return [
        services.open_deal(
            owner=cast.ana, name=f"D{number}", by=None, at=AT, amount=Decimal(100), opened_on=date(2026, 1, 5),
            expected_close_on=date(2026, 8, 1),
        )
        for number in range(4)
    ]  # fmt: skip


def change(deals: list[Deal], cast: Cast, act: str, **more: Any) -> BulkAct:
    by = more.pop("by", cast.maya.user)
    return services.change_deals(deal_ids=[deal.pk for deal in deals], act=act, by=by, at=AT, **({"on": TODAY} | more))


def test_many_deals_change_hands_and_come_back(deals: list[Deal], cast: Cast) -> None:
    done = change(deals, cast, "owner", owner=cast.ben)
    assert (done.changed, done.left) == (4, {})
    assert set(Deal.objects.values_list("owner", "version")) == {(cast.ben.pk, 2)}
    assert DealChange.objects.filter(field="owner", value=str(cast.ben.pk)).count() == 4
    assert cast.maya.user
    services.undo_bulk(bulk=done, by=cast.maya.user, at=AT)
    assert set(Deal.objects.values_list("owner", "version")) == {(cast.ana.pk, 3)}
    with pytest.raises(Refused, match="undone already"):
        services.undo_bulk(bulk=done, by=cast.maya.user, at=AT)


def test_what_cannot_be_changed_is_left_and_said_why(deals: list[Deal], cast: Cast) -> None:
    services.win_deal(deal=deals[0], by=None, at=AT, on=TODAY)
    services.change_deal(deal=deals[1], by=None, at=AT, expected_close_on=date(2026, 9, 1))
    theirs = services.open_deal(owner=cast.cleo, name="Theirs", by=None, at=AT)
    done = change([*deals, theirs], cast, "close", close_on=date(2026, 9, 1))
    assert done.changed == 2
    assert {reason: entry["count"] for reason, entry in done.left.items()} == {
        "won already": 1, "so already": 1, "only to be read": 1,
    }  # fmt: skip


def test_closing_many_as_lost_counts_them_and_the_undo_takes_it_back_on_its_own_day(
    deals: list[Deal], cast: Cast
) -> None:
    done = change(deals[:3], cast, "lose", reason=LostReason.objects.get(key="no_budget"))
    assert Outcome.objects.filter(status="lost").count() == 3
    assert [reason.reason.key for reason in Deal.objects.get(pk=deals[0].pk).reasons.all()] == ["no_budget"]
    # One was reopened since: it is told, not touched.
    services.reopen_deal(deal=deals[0], by=None, at=AT, on=TODAY)
    assert cast.maya.user
    undone = services.undo_bulk(bulk=done, by=cast.maya.user, at=AT + timedelta(days=1))
    assert undone.kept == {"changed since": {"count": 1, "names": [[deals[0].pk, "D0"]]}}
    assert set(Deal.objects.values_list("status", "closed_on", "lost_reason")) == {("open", None, None)}
    assert sum(row.count for row in Outcome.objects.all()) == 0
    assert {row.occurred_on for row in Outcome.objects.all()} == {TODAY}


def test_an_undo_is_for_a_day_and_for_who_did_it(deals: list[Deal], cast: Cast) -> None:
    done = change(deals, cast, "tag", tag="fair")
    assert cast.maya.user
    assert cast.vera.user
    with pytest.raises(Refused, match="Only who did it"):
        services.undo_bulk(bulk=done, by=cast.vera.user, at=AT)
    with pytest.raises(Refused, match="older"):
        services.undo_bulk(bulk=done, by=cast.maya.user, at=AT + timedelta(days=1, seconds=1))


def test_a_stage_of_another_pipeline_and_a_foreign_owner_are_refused(deals: list[Deal], cast: Cast) -> None:
    with pytest.raises(Refused, match="Only the owner"):
        change(deals, cast, "owner", owner=cast.cleo)
    with pytest.raises(Refused, match="at least one"):
        change([], cast, "tag", tag="x")
    done = change(deals, cast, "stage", stage=Stage.objects.get(name="Proposal"))
    assert done.changed == 4
    assert DealChange.objects.filter(field="stage", value="Proposal").count() == 4


def test_all_acts_cost_a_fixed_number_of_statements(
    deals: list[Deal], cast: Cast, django_assert_max_num_queries: Any
) -> None:
    change(deals[:1], cast, "tag", tag="warm")
    with django_assert_max_num_queries(10):
        change(deals, cast, "next_step", next_step="Send the offer", next_step_on=TODAY)


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def maya(cast: Cast) -> Client:
    client = Client()
    assert cast.maya.user
    client.force_login(cast.maya.user)
    return client


def test_all_that_match_are_changed_answered_and_undone_from_the_list(
    deals: list[Deal], cast: Cast, maya: Client
) -> None:
    services.change_deal(deal=deals[3], by=None, at=AT, name="Other")
    url = "/deals/bulk/?text=D&status=all"
    asked = maya.post(url, {"all": "1", "act": "tag"})
    assert "3 deals that match" in asked.content.decode()
    done = maya.post(url, {"all": "1", "act": "tag", "tag": "fair", "go": "1"}, follow=True)
    assert "3 changed." in done.content.decode()
    assert Deal.objects.filter(tags=["fair"]).count() == 3
    shown = maya.get("/deals/?tag=fair").content.decode()
    assert "D0" in shown
    assert "Other" not in shown
    undo = f"/deals/changes/{BulkAct.objects.get().pk}/undo/"
    assert undo in done.content.decode(), "the toast holds the way back"
    assert "Undone" in maya.post(undo, follow=True).content.decode()
    assert not Deal.objects.exclude(tags=[]).exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"act": "tag"}, "Choose at least one deal"),
        ({"all": "1"}, "Choose what to do"),
        ({"all": "1", "act": "explode"}, "Choose what to do"),
        ({"pick": ["x", "9" * 30, "-1"], "act": "tag"}, "Choose at least one deal"),
        ({"all": "1", "act": "owner", "go": "1", "owner": "abc"}, "Select a valid choice"),
        ({"all": "1", "act": "close", "go": "1", "close_on": "31.02."}, "Enter a valid date"),
    ],
)
def test_a_bulk_act_that_makes_no_sense_says_so(deals: list[Deal], maya: Client, data: Any, says: str) -> None:
    assert says in maya.post("/deals/bulk/", data, follow=True).content.decode()
    assert not BulkAct.objects.exists()


def test_a_line_of_the_list_is_edited_with_and_without_script(deals: list[Deal], maya: Client) -> None:
    deal, url = deals[0], f"/deals/{deals[0].pk}/edit/"
    form = maya.get(f"{url}?next=/deals/?text=D").context["form"]
    typed = {name: form[name].value() or "" for name in form.fields} | {"amount": "250", "next_step": "Call"}
    saved = maya.post(f"{url}?next=/deals/%3Ftext=D", typed | {"next": "/deals/?text=D"})
    assert (saved.status_code, saved["Location"]) == (303, "/deals/?text=D")
    deal.refresh_from_db()
    assert (deal.amount, deal.next_step, deal.version) == (250, "Call", 2)
    stale = maya.post(url, typed | {"amount": "300"}, headers={"HX-Request": "true"})
    assert (stale.status_code, "after you opened it" in stale.content.decode()) == (422, True)
    row = maya.post(url, typed | {"amount": "300", "version": "2"}, headers={"HX-Request": "true"}).content.decode()
    assert row.startswith(f'<tr id="deal-{deal.pk}"')
    assert "300" in row
    assert maya.post(url, typed | {"version": "3", "next": "https://evil.example/deals/"})["Location"] == "/deals/"


def test_a_view_is_saved_shared_and_deleted(cast: Cast, maya: Client) -> None:
    said = {"page": "deals", "name": "Large ones", "query": "sort=amount&status=open&cursor=abc", "is_shared": "on"}
    assert maya.post("/views/", said)["Location"] == "/deals/?sort=amount&status=open"
    maya.post("/views/", said | {"query": "sort=amount"})
    view = SavedView.objects.get()
    assert (view.query, view.is_shared) == ("sort=amount", True)
    ana = Client()
    assert cast.ana.user
    ana.force_login(cast.ana.user)
    assert "Large ones" in ana.get("/deals/").content.decode()
    assert ana.post(f"/views/{view.pk}/delete/").status_code == 404
    assert maya.post(f"/views/{view.pk}/delete/").status_code == 303
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "said", [{"name": ""}, {"page": "nowhere"}, {"page": "https://evil.example"}, {"query": "a=" + "x" * 3000},
             {"name": "x" * 101}, {"query": "&".join("abcdef" * 50)}, {"page": "deal"}, {"name": "\x00"}]
)  # fmt: skip
def test_a_view_that_makes_no_sense_is_refused_with_a_sentence(maya: Client, said: dict[str, str]) -> None:
    answer = maya.post("/views/", {"page": "deals", "name": "N", "query": ""} | said)
    assert answer.status_code == 303
    assert answer["Location"].startswith("/")
    assert not SavedView.objects.exists()


def test_no_deal_is_lost_on_a_day_to_come(deals: list[Deal], cast: Cast) -> None:
    with pytest.raises(Refused, match="still to come"):
        change(deals, cast, "lose", reason=LostReason.objects.get(key="price"), on=TODAY + timedelta(days=1))
