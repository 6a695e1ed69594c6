"""Rows by the thousand: answered one by one, by the engine that takes files in."""

import json
from decimal import Decimal
from typing import Any

import pytest

from sales.models import Account, Contact, Credit, Deal
from salesmgmt.exchange.models import Batch
from salesmgmt.exchange.services import undo_batch
from salesmgmt.lib import clock
from tests.cast import Cast

from .test_api import Api

DEAL = {"external_id": "D1", "owner": "Ana", "status": "won", "amount": "10.50", "closed_on": "2026-05-01"}


@pytest.fixture
def olga(cast: Cast) -> Api:
    return Api(cast.olga.user)


def bulk(api: Api, noun: str, rows: Any, **more: Any) -> dict[str, Any]:
    answer = api("POST", f"{noun}/bulk/", {"rows": rows} | more)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_each_row_is_answered_and_the_same_again_changes_nothing(olga: Api) -> None:
    rows = [
        DEAL,
        DEAL | {"external_id": "D2", "owner": "Nobody"},
        DEAL | {"external_id": "D3", "amount": 12.25, "stage": "Dreams"},
        {"external_id": "D4"},
        {"external_id": "D5", "colour": "blue"},
        ["no", "object"],
        DEAL | {"external_id": "D6", "amount": {"deep": 1}},
        DEAL | {"external_id": "D7", "status": "open", "closed_on": None, "amount": None},
    ]
    answer = bulk(olga, "deals", rows)
    assert [one["act"] for one in answer["rows"]] == ["created", *["refused"] * 6, "created"]
    assert [one["external_id"] for one in answer["rows"]] == ["D1", "D2", "D3", "D4", "D5", None, "D6", "D7"]
    reasons = [" ".join(f"{no['field']}: {no['reason']}" for no in one["reasons"]) for one in answer["rows"]]
    assert reasons[1].startswith("owner: There is no person “Nobody”.")
    assert reasons[2].startswith("stage: There is no such stage; there is ")
    assert reasons[3] == "owner: It is needed and empty."
    assert reasons[4].startswith("colour: There is no such field; deals have external_id, name, owner")
    assert reasons[5] == ": A row is an object: field → value."
    assert "is a list or an object; values must be plain." in reasons[6]
    assert (answer["created"], answer["refused"]) == (2, 6)
    assert Credit.objects.total() == Decimal("10.50")
    again = bulk(olga, "deals", [DEAL, DEAL | {"amount": "11"}])
    assert [one["act"] for one in again["rows"]] == ["equal", "refused"]
    changed = bulk(olga, "deals", [DEAL | {"amount": "11"}])
    assert (changed["changed"], Deal.objects.get(external_id="D1").amount) == (1, Decimal("11.00"))
    undo_batch(batch=Batch.objects.get(pk=answer["batch"]), by=None, at=clock.now())
    assert not Deal.objects.present().exists()


def test_a_thousand_rows_go_in_one_call_and_no_more(olga: Api) -> None:
    rows = [{"external_id": f"C{n}", "name": f"Kim {n}", "account": "Acme"} for n in range(1000)]
    answer = bulk(olga, "contacts", rows, create_missing=True)
    assert (answer["created"], answer["made"]) == (1000, ["account Acme"])
    assert Contact.objects.filter(account=Account.objects.get()).count() == 1000
    for wrong in ([*rows, {"name": "one more"}], []):
        refused = olga("POST", "contacts/bulk/", {"rows": wrong})
        assert refused.status_code == 400
        assert f"A call takes 1 to 1,000 rows; this one has {len(wrong):,}." in refused.json()["detail"]
    assert olga("POST", "contacts/bulk/", {"rows": "x"}).status_code == 400
    assert olga("POST", "contacts/bulk/", {"rows": rows[:1], "odd": 1}).status_code == 400
    assert olga("POST", "contacts/bulk/", [1]).status_code == 400


def test_a_retry_is_done_once(olga: Api) -> None:
    sent = {"rows": [{"name": "Acme"}, {"name": "Beta"}]}
    first, second = (olga("POST", "accounts/bulk/", sent, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json() == second.json()
    assert first.json()["created"] == 2
    other = olga("POST", "accounts/bulk/", {"rows": [{"name": "Ceta"}]}, **{"Idempotency-Key": "k1"})
    assert other.status_code == 409


@pytest.mark.parametrize("who", ["ana", "maya", "vera"])
def test_for_others_there_is_no_such_address(cast: Cast, who: str) -> None:
    api = Api(getattr(cast, who).user)
    assert api("POST", "accounts/bulk/", {"rows": [{"name": "Acme"}]}).status_code == 404
    assert not Account.objects.exists()


def test_nobodys_noun_is_not_found_and_reading_is_not_done_here(olga: Api) -> None:
    assert olga("POST", "dreams/bulk/", {"rows": [{}]}).status_code == 404
    assert olga("GET", "accounts/bulk/").status_code == 405
    assert json.loads(olga("POST", "order-lines/bulk/", {"rows": [{"order": "x"}]}).content)["refused"] == 1
