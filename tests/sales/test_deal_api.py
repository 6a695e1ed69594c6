"""What hangs on deals, in the API."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sales import services
from sales.models import Competitor, Deal, DiscountLimit, LostReason, Pipeline, Product, Stage
from tests.api.test_api import Api
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def deal(cast: Cast) -> Deal:
    return services.open_deal(owner=cast.ana, name="Fleet", by=None, at=AT, amount=Decimal(900))


@pytest.fixture
def ana(cast: Cast) -> Api:
    return Api(cast.ana.user)


def test_products_make_the_amount(cast: Cast, deal: Deal, ana: Api) -> None:
    truck = Product.objects.create(name="Truck", list_price=Decimal(100), unit_cost=Decimal(60), currency="EUR")
    line = ana("POST", "deal-lines/", {"deal": deal.pk, "product": truck.pk, "quantity": "3", "discount": "10"})
    assert line.status_code == 201
    row = line.json()
    assert (row["unit_price"], row["amount"], row["discount"]) == ("90.0000", "270.0000", "10.00")
    assert ana("GET", f"deals/{deal.pk}/").json()["amount"] == "270.00"
    assert ana("PATCH", f"deal-lines/{row['id']}/", {"quantity": "1"}).json()["amount"] == "90.0000"
    assert ana("PATCH", f"deal-lines/{row['id']}/", {"list_price": "1"}).status_code == 400
    assert ana("PATCH", f"deals/{deal.pk}/", {"amount": "5"}).status_code == 409
    assert Api(cast.ben.user)("GET", f"deal-lines/{row['id']}/").status_code == 404
    assert Api(cast.ben.user)("POST", "deal-lines/", {"deal": deal.pk, "text": "x"}).status_code == 400
    assert ana("DELETE", f"deal-lines/{row['id']}/").status_code == 204


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"quantity": "NaN"}, 400, "quantity"),
        ({"quantity": "1e400"}, 400, "quantity"),
        ({"quantity": "0", "text": "x", "list_price": "1"}, 409, "quantity"),
        ({"text": "x"}, 409, "list_price"),
        ({"recurs": "daily"}, 400, "recurs"),
        ({"product": 10**9}, 400, "product"),
        ({"unit_cost": [1]}, 400, "unit_cost"),
    ],
)
def test_a_line_that_makes_no_sense_names_its_field(
    deal: Deal, ana: Api, body: dict[str, Any], status: int, field: str
) -> None:
    answer = ana("POST", "deal-lines/", {"deal": deal.pk} | body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)


def test_several_reasons_and_the_buyers_own(cast: Cast, deal: Deal, ana: Api) -> None:
    lost = ana(
        "POST",
        f"deals/{deal.pk}/lose/",
        {"reason": "price", "also": ["timing"], "buyer_reasons": ["service"], "buyer_note": "Late", "on": "2026-11-20"},
    )
    assert (lost.status_code, lost.json()["lost_reason"]) == (200, "price")
    rows = ana("GET", f"deal-reasons/?deal={deal.pk}&ordering=id").json()["results"]
    assert [(row["reason"], row["side"], row["is_main"]) for row in rows] == [
        ("price", "rep", True),
        ("timing", "rep", False),
        ("service", "buyer", True),
    ]
    assert ana("POST", f"deals/{deal.pk}/reasons/", {"reasons": ["nonsense"]}).status_code == 400
    assert ana("POST", f"deals/{deal.pk}/reasons/", {"reasons": ["timing"]}).json()[0]["reason"] == "timing"
    assert ana("GET", f"deals/{deal.pk}/").json()["lost_reason"] == "timing"


def test_a_discount_is_asked_for_and_given(cast: Cast, deal: Deal, ana: Api) -> None:
    DiscountLimit.objects.create(role="rep", percent=10)
    ana("POST", "deal-lines/", {"deal": deal.pk, "text": "Truck", "list_price": "100", "discount": "20"})
    assert ana("POST", f"deals/{deal.pk}/win/", {}).status_code == 409
    asked = ana("POST", f"deals/{deal.pk}/ask-discount/", {"reason": "Three sites"}).json()
    url = f"discount-approvals/{asked['id']}/approve/"
    assert ana("POST", url, {}).status_code == 409
    assert Api(cast.omar.user)("POST", url, {}).status_code == 404
    assert Api(cast.maya.user)("POST", url, {"answer": "Go"}).json()["is_approved"] is True
    assert ana("POST", f"deals/{deal.pk}/win/", {}).json()["status"] == "won"


def test_shares_are_agreed_by_who_leads_and_nobody_for_themselves(cast: Cast, deal: Deal, ana: Api) -> None:
    body = {"shares": [{"person": cast.ana.pk, "percent": "70"}, {"person": cast.ben.pk, "percent": "30"}]}
    assert ana("POST", f"deals/{deal.pk}/share/", {"shares": body["shares"][:1]}).status_code == 409
    maya = Api(cast.maya.user)
    assert maya("POST", f"deals/{deal.pk}/share/", {"shares": body["shares"] * 2}).status_code == 409
    assert len(maya("POST", f"deals/{deal.pk}/share/", body).json()) == 2
    assert Api(cast.ben.user)("GET", f"deals/{deal.pk}/").status_code == 200
    assert Api(cast.ben.user)("PATCH", f"deals/{deal.pk}/", {"name": "Mine"}).status_code == 409


def test_a_deal_shows_its_odds_and_what_is_odd(deal: Deal, ana: Api) -> None:
    row = ana("GET", "deals/").json()["results"][0]
    assert row["probability"] == {"percent": "10.0", "reached": None, "won": None}
    assert {"kind": "no_step", "sentence": "No next step is set."} in row["warnings"]
    assert ana("GET", f"deals/{deal.pk}/").json() == row


def test_pipelines_rivals_tags_and_many_at_once(cast: Cast, deal: Deal, ana: Api) -> None:
    partners = Pipeline.objects.create(name="Partners", position=1)
    Stage.objects.create(pipeline=partners, name="Proposal", position=1)
    url = f"deals/{deal.pk}/"
    assert ana("POST", f"{url}move/", {"stage": "Proposal"}).json()["pipeline"] == "Sales"
    moved = ana("POST", f"{url}change-pipeline/", {"pipeline": "Partners"}).json()
    assert (moved["pipeline"], moved["stage"]) == ("Partners", "Proposal")
    assert (
        "there are Proposal"
        in ana("POST", f"{url}change-pipeline/", {"pipeline": "Partners", "stage": "X"}).json()["detail"]
    )
    rival = Competitor.objects.create(name="Kestrel")
    assert ana("PATCH", url, {"competitors": [rival.pk], "tags": ["fair"]}).json()["tags"] == ["fair"]
    assert len(ana("GET", f"deals/?competitor={rival.pk}&tag=fair&pipeline=Partners").json()["results"]) == 1
    made = ana("POST", "deals/", {"name": "New", "tags": ["a", "a "], "pipeline": "Partners", "stage": "Proposal"})
    assert (made.status_code, made.json()["tags"], made.json()["pipeline"]) == (201, ["a"], "Partners")
    ana("DELETE", f"deals/{made.json()['id']}/")
    done = ana("POST", "bulk-acts/", {"deals": [deal.pk], "act": "lose", "reason": "price", "on": "2026-11-20"})
    assert (done.status_code, done.json()["changed"]) == (201, 1)
    assert LostReason.objects.get(key="price") == Deal.objects.get(pk=deal.pk).lost_reason
    assert ana("POST", f"bulk-acts/{done.json()['id']}/undo/").status_code == 200
    assert ana("GET", url).json()["status"] == "open"
    assert ana("POST", "bulk-acts/", {"deals": [10**9], "act": "tag", "tag": "x"}).status_code == 400
    assert ana("POST", f"{url}quote/", {"on": date(2026, 11, 1).isoformat()}).json()["quoted_on"] == "2026-11-01"
