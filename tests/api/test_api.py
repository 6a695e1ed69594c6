"""The API: who sees what, what is refused and how, and retries that are done once."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import cycle
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import resolve
from rest_framework.test import APIRequestFactory, force_authenticate

from coaching.models import Note
from performance.models import Flag
from sales.models import Account, Activity, Credit, Deal, Order
from sales.services import add_account, book_order, log_activity, open_deal, win_deal
from salesmgmt.api import _schema, router
from salesmgmt.lib import clock
from targets.models import QuotaEntry
from teams import services
from teams.models import Person
from tests.cast import Cast

AT = datetime(2026, 8, 20, 9, tzinfo=UTC)
Call = Callable[..., Any]
ANSWERS = {"me", "causes", "figures", "pace", "series", "letters", "scorecards", "boards", "what-works", "measures"}
ANSWERS |= {"forecasts", "waterfall", "levers", "records", "rolled-calls"}
ANSWERS |= {"forecasts", "waterfall", "levers", "records", "process", "backtest"}
LISTS = [prefix for prefix, _, _ in router.registry if prefix not in ANSWERS]


class Api:
    """A client of one person, by session or token."""

    def __init__(self, user: Any, *, by_token: bool = False) -> None:
        self.client, self.headers = Client(), {}
        if by_token:
            self.headers["Authorization"] = f"Bearer {services.make_api_token(user=user, name='t', at=clock.now())}"
        elif user is not None:
            self.client.force_login(user)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        url = path if path.startswith("/") else f"/api/v1/{path}"
        sent = {} if body is None else {"data": body if isinstance(body, str | bytes) else json.dumps(body)}
        if body is not None:
            sent["content_type"] = "application/json"
        return self.client.generic(method, url, headers=self.headers | headers, **sent)


@pytest.fixture
def ana(cast: Cast) -> Api:
    return Api(cast.ana.user)


def call(**more: Any) -> dict[str, Any]:
    return {"kind": "call", "occurred_at": "2026-11-20T10:00:00Z", "notes": "Asked for a price"} | more


# ── Who gets in ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["", "me/", *(f"{prefix}/" for prefix in LISTS)])
def test_nobody_gets_in_without_logging_in(cast: Cast, path: str) -> None:
    response = Api(None)("GET", path)
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_token_acts_as_its_user_until_it_is_revoked(cast: Cast) -> None:
    api = Api(cast.ana.user, by_token=True)
    assert api("GET", "me/").json()["name"] == "Ana"
    assert api("POST", "activities/", call()).status_code == 201
    assert cast.ana.user
    for token in cast.ana.user.tokens.all():
        services.revoke_api_token(token=token, at=clock.now())
    assert api("GET", "me/").status_code == 401
    assert Api(None)("GET", "me/", Authorization="Bearer ümläut").status_code == 401


def test_a_session_needs_its_csrf_token_and_a_bearer_does_not(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.ana.user)  # type: ignore[arg-type]
    response = client.post("/api/v1/activities/", json.dumps(call()), content_type="application/json")
    assert (response.status_code, Activity.objects.exists()) == (401, False)


def test_me_says_who_and_what_may_be_seen(cast: Cast) -> None:
    found = Api(cast.maya.user)("GET", "me/").json()
    assert (found["role"], found["leads"], found["time_zone"]) == ("manager", [cast.north.pk], "Europe/Berlin")


@pytest.mark.parametrize("path", LISTS)
def test_every_noun_is_a_list_with_pages_in_a_fixed_number_of_queries(
    cast: Cast, path: str, django_assert_max_num_queries: Any
) -> None:
    for n in range(3):
        log_activity(owner=cast.ana, kind="call", at=AT, by=None)
        deal = open_deal(owner=cast.ana, name=f"Deal {n}", amount=Decimal(5), by=None, at=AT)
        book_order(owner=cast.ana, amount=Decimal(5), ordered_on=date(2026, 8, 1), by=None, at=AT, deal=deal)
        add_account(name=f"Account {n}", owner=cast.ana, by=None)
    vera = Api(cast.vera.user)
    with django_assert_max_num_queries(9 + (path == "disputes")):  # whose line it is
        response = vera("GET", f"{path}/?page_size=2")
    assert response.status_code == 200
    assert set(response.json()) == {"next", "previous", "results"}
    for row in response.json()["results"][:1]:
        assert vera("GET", f"{path}/{row['id']}/").json() == row


# ── Who sees what ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("viewer", "sees"),
    [("ana", True), ("maya", True), ("vera", True), ("admin", True), ("ben", False), ("omar", False)],
)
def test_a_record_is_seen_by_its_owner_and_who_leads_them_and_is_nowhere_for_others(
    cast: Cast, viewer: str, sees: bool
) -> None:
    activity = log_activity(owner=cast.ana, kind="call", at=AT, by=None, notes="MARKER")
    deal = open_deal(owner=cast.ana, name="MARKER", by=None, at=AT)
    order = book_order(owner=cast.ana, amount=Decimal(5), ordered_on=date(2026, 8, 1), by=None, at=AT, number="MARKER")
    account = add_account(name="MARKER", owner=cast.ana, by=None)
    who = getattr(cast, viewer)
    api = Api(getattr(who, "user", who))
    for path, record in (("activities", activity), ("deals", deal), ("orders", order), ("accounts", account)):
        assert (b"MARKER" in api("GET", f"{path}/").content) is sees
        assert api("GET", f"{path}/{record.pk}/").status_code == (200 if sees else 404)
        assert len(api("GET", f"{path}/?owner={cast.ana.pk}").json()["results"]) == int(sees)
    assert len(api("GET", "credits/").json()["results"]) == int(sees)
    if not sees:
        for method, path, body in (
            ("PATCH", f"activities/{activity.pk}/", {"notes": "x"}),
            ("DELETE", f"activities/{activity.pk}/", None),
            ("POST", f"deals/{deal.pk}/win/", {"amount": "5"}),
            ("POST", f"orders/{order.pk}/refund/", {"amount": "1", "reason": "x"}),
            ("PATCH", f"accounts/{account.pk}/", {"name": "x"}),
        ):
            response = api(method, path, body)
            assert response.status_code == 404
            assert b"MARKER" not in response.content


def test_an_executive_reads_and_does_not_write(cast: Cast) -> None:
    activity = log_activity(owner=cast.ana, kind="call", at=AT, by=None)
    assert Api(cast.vera.user)("PATCH", f"activities/{activity.pk}/", {"notes": "x"}).status_code == 409


def test_a_relation_to_what_one_may_not_see_does_not_exist(cast: Cast, ana: Api) -> None:
    theirs = open_deal(owner=cast.cleo, name="Theirs", by=None, at=AT)
    for wrong in ({"deal": theirs.pk}, {"deal": 10**9}, {"owner": cast.cleo.pk}, {"owner": 10**30}):
        response = ana("POST", "activities/", call(**wrong))
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == next(iter(wrong))
        assert "does not exist" in response.json()["errors"][0]["reason"]
    mine = open_deal(owner=cast.ana, name="Mine", by=None, at=AT)
    assert ana("PATCH", f"deals/{mine.pk}/", {"owner": cast.cleo.pk}).status_code == 400


def test_a_transfer_moves_what_a_manager_sees_from_the_next_request_on(cast: Cast) -> None:
    activity = log_activity(owner=cast.ana, kind="call", at=AT, by=None)
    assert Api(cast.omar.user)("GET", f"activities/{activity.pk}/").status_code == 404
    services.post_person(person=cast.ana, team=cast.south, on=date(2026, 1, 1), by=None)
    assert Api(cast.omar.user)("GET", f"activities/{activity.pk}/").status_code == 200
    assert Api(cast.maya.user)("GET", f"activities/{activity.pk}/").status_code == 404


def test_people_show_where_they_are_posted_today_and_only_ones_own(cast: Cast, ana: Api) -> None:
    assert [row["name"] for row in ana("GET", "people/").json()["results"]] == ["Ana"]
    rows = Api(cast.maya.user)("GET", "people/?ordering=name").json()["results"]
    assert [(row["name"], row["team"], row["role"]) for row in rows] == [
        ("Ana", cast.north.pk, "rep"),
        ("Ben", cast.north.pk, "rep"),
        ("Maya", cast.north.pk, "manager"),
    ]
    assert len(Api(cast.maya.user)("GET", "postings/?on=2026-08-01").json()["results"]) == 3
    assert Api(cast.maya.user)("GET", f"people/?team={cast.south.pk}").json()["results"] == []


def test_only_admin_and_operations_see_imports(cast: Cast) -> None:
    assert Api(cast.vera.user)("GET", "batches/").json()["results"] == []
    assert Api(cast.olga.user)("GET", "batches/").status_code == 200


def test_coaching_notes_are_not_in_the_api(cast: Cast) -> None:
    Note.objects.create(person=cast.ana, author=cast.maya, text="PRIVATE", at=AT)
    for path in LISTS:
        assert b"PRIVATE" not in Api(cast.maya.user)("GET", f"{path}/").content
    assert "notes" not in LISTS


# ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_note_is_changed_without_naming_again_what_the_activity_is_tied_to(cast: Cast, ana: Api) -> None:
    account = add_account(name="Brandt Optik", owner=cast.ana, by=cast.ana.user)
    row = ana("POST", "activities/", call(account=account.pk)).json()
    changed = ana("PATCH", f"activities/{row['id']}/", {"notes": "Wants a demo"})
    assert changed.status_code == 200
    assert (changed.json()["notes"], changed.json()["account"]) == ("Wants a demo", account.pk)
    hidden = add_account(name="Cleo's", owner=cast.cleo, by=cast.cleo.user)
    assert ana("PATCH", f"activities/{row['id']}/", {"account": hidden.pk}).status_code == 400


def test_an_activity_is_logged_listed_changed_and_withdrawn(cast: Cast, ana: Api) -> None:
    made = ana("POST", "activities/", call())
    assert made.status_code == 201
    row = made.json()
    assert (row["owner"], row["notes"], row["occurred_on"]) == (cast.ana.pk, "Asked for a price", "2026-11-20")
    assert ana("GET", "activities/").json()["results"] == [row]
    changed = ana("PATCH", f"activities/{row['id']}/", {"outcome": "Reached", "version": row["version"]}).json()
    assert changed["outcome"] == "Reached"
    stale = ana("PATCH", f"activities/{row['id']}/", {"outcome": "Lost", "version": row["version"]})
    assert (stale.status_code, "since you opened it" in stale.json()["detail"]) == (409, True)
    assert ana("DELETE", f"activities/{row['id']}/").status_code == 204
    assert ana("GET", f"activities/{row['id']}/").status_code == 404


def test_the_day_of_an_activity_is_the_organisations(cast: Cast, ana: Api) -> None:
    late = ana("POST", "activities/", call(occurred_at="2026-11-20T23:30:00Z")).json()
    assert late["occurred_on"] == "2026-11-21", "half past midnight in Berlin"


def test_what_is_still_to_come_is_no_activity(cast: Cast, ana: Api) -> None:
    ahead = {"occurred_at": "2199-11-20T10:00:00Z"}
    made = ana("POST", "activities/", call()).json()
    for method, path, body in (("POST", "activities/", call(**ahead)), ("PATCH", f"activities/{made['id']}/", ahead)):
        response = ana(method, path, body)
        assert (response.status_code, response.json()["detail"]) == (409, "That moment is still to come.")
    assert Activity.objects.get().occurred_on == date(2026, 11, 20)


def test_a_manager_logs_for_their_people(cast: Cast) -> None:
    response = Api(cast.maya.user)("POST", "activities/", call(owner=cast.ana.pk))
    assert (response.status_code, response.json()["owner"]) == (201, cast.ana.pk)


def test_a_deal_is_opened_moved_won_reopened_and_lost(cast: Cast, ana: Api) -> None:
    deal = ana("POST", "deals/", {"name": "Fleet", "amount": "1200.50", "expected_close_on": "2026-12-01"}).json()
    assert (deal["amount"], deal["currency"], deal["status"]) == ("1200.50", "EUR", "open")
    url = f"deals/{deal['id']}/"
    moved = ana("POST", f"{url}move/", {"stage": "Proposal", "version": deal["version"]})
    assert (moved.status_code, moved.json()["stage"]) == (200, "Proposal")
    stale = ana("POST", f"{url}move/", {"stage": "Negotiation", "version": deal["version"]})
    assert stale.status_code == 409
    won = ana("POST", f"{url}win/", {"on": "2026-11-20"}).json()
    assert (won["status"], won["closed_on"]) == ("won", "2026-11-20")
    credits = ana("GET", f"credits/?person={cast.ana.pk}").json()["results"]
    assert [(row["amount"], row["reporting_amount"], row["team"]) for row in credits] == [
        ("1200.50", "1200.50", cast.north.pk)
    ]
    assert ana("POST", f"{url}win/", {"on": "2026-11-20"}).status_code == 409
    assert ana("POST", f"{url}reopen/", {"on": "2026-11-21"}).json()["status"] == "open"
    assert Credit.objects.all().total() == 0
    no_reason = ana("POST", f"{url}lose/", {"on": "2026-11-21"})
    assert (no_reason.status_code, no_reason.json()["errors"][0]["field"]) == (400, "reason")
    assert ana("POST", f"{url}lose/", {"on": "2026-11-21", "reason": "no_budget"}).json()["lost_reason"] == "no_budget"


def test_an_order_is_booked_and_refunded(cast: Cast, ana: Api) -> None:
    order = ana("POST", "orders/", {"amount": "100.00", "ordered_on": "2026-08-03", "number": "A-1"}).json()
    refund = ana("POST", f"orders/{order['id']}/refund/", {"amount": "40", "on": "2026-08-05", "reason": "Damaged"})
    assert (refund.status_code, refund.json()["amount"]) == (201, "40.00")
    assert Credit.objects.all().total() == 60
    too_much = ana("POST", f"orders/{order['id']}/refund/", {"amount": "61", "on": "2026-08-05", "reason": "Damaged"})
    assert (too_much.status_code, too_much.json()["errors"][0]["field"]) == (409, "amount")


def test_accounts_and_contacts_are_kept(cast: Cast, ana: Api) -> None:
    account = ana("POST", "accounts/", {"name": "Brandt Optik", "revenue": "1000000.00"}).json()
    assert (account["owner"], account["revenue"]) == (cast.ana.pk, "1000000.00")
    contact = ana("POST", "contacts/", {"name": "Bea Brandt", "account": account["id"]})
    assert contact.status_code == 201
    assert ana("PATCH", f"accounts/{account['id']}/", {"industry": "Optics"}).json()["industry"] == "Optics"
    assert [row["name"] for row in ana("GET", "accounts/?q=brandt").json()["results"]] == ["Brandt Optik"]


def test_quotas_and_credits_are_to_read_only(cast: Cast, ana: Api) -> None:
    for path in ("quotas/", "credits/", "targets/", "people/", "teams/", "postings/", "batches/", "products/"):
        assert ana("POST", path, {}).status_code == 405


def test_quotas_are_found_by_period_and_nobody_sees_anothers(cast: Cast, ana: Api) -> None:
    from salesmgmt.lib.ranges import half_open

    for person in (cast.ana, cast.ben):
        QuotaEntry.objects.create(
            person=person, team=cast.north, during=half_open(date(2026, 7, 1), date(2026, 10, 1)), amount=900,
            currency="EUR", reporting_amount=900, recorded_at=AT, reason="Plan",
        )  # fmt: skip
    rows = ana("GET", "quotas/?period=2026-Q3").json()["results"]
    assert [(row["person"], row["amount"], row["starts_on"], row["until"]) for row in rows] == [
        (cast.ana.pk, "900.00", "2026-07-01", "2026-10-01")
    ]
    assert ana("GET", "quotas/?period=2026-Q4").json()["results"] == []
    assert ana("GET", "quotas/?period=nonsense").json()["errors"][0]["field"] == "period"
    assert len(Api(cast.maya.user)("GET", "quotas/").json()["results"]) == 2


# ── Once ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_retry_with_the_same_key_is_done_once(cast: Cast, ana: Api) -> None:
    first = ana("POST", "activities/", call(), **{"Idempotency-Key": "k1"})
    again = ana("POST", "activities/", call(), **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert Activity.objects.count() == 1
    other = ana("POST", "activities/", call(notes="Other"), **{"Idempotency-Key": "k1"})
    assert (other.status_code, other["Content-Type"]) == (409, "application/problem+json")
    assert Api(cast.ben.user)("POST", "activities/", call(), **{"Idempotency-Key": "k1"}).status_code == 201


def test_a_refused_request_may_be_mended_and_sent_with_its_key(cast: Cast, ana: Api) -> None:
    deal = open_deal(owner=cast.ana, name="Fleet", by=None, at=AT)
    url = f"deals/{deal.pk}/win/"
    assert ana("POST", url, {"on": "2026-11-20"}, **{"Idempotency-Key": "w"}).status_code == 409
    assert ana("POST", url, {"on": "2026-11-20", "amount": "5"}, **{"Idempotency-Key": "w"}).status_code == 200
    assert ana("POST", url, {"on": "2026-11-20", "amount": "5"}, **{"Idempotency-Key": "w"}).json()["status"] == "won"
    assert Order.objects.count() == 1


# ── Errors ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "fax"}, "kind"),
        ({"kind": "\ud800"}, "kind"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": None}, "occurred_at"),
        ({"duration_minutes": 1e400}, "duration_minutes"),
        ({"duration_minutes": -1}, "duration_minutes"),
        ({"notes": "a\x00b"}, "notes"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"notes": {"a": 1}}, "notes"),
        ({"deal": [1]}, "deal"),
        ({"deal": True}, "deal"),
        ({"deal": 1e400}, "deal"),
        ({"is_superuser": True}, "is_superuser"),
        ({"id": 5}, "id"),
    ],
)
def test_bad_input_is_400_with_the_field_and_why(cast: Cast, ana: Api, body: dict[str, Any], field: str) -> None:
    response = ana("POST", "activities/", json.dumps(call(**body)).replace("Infinity", "1e400"))
    problem = response.json()
    assert (response.status_code, problem["status"], response["Content-Type"]) == (400, 400, "application/problem+json")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ("null", 400),
        ('"text"', 400),
        ('{"kind": NaN}', 400),
        (b"\xff\xfe", 400),
        ("[" * 100_000, 400),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, 400),
        ('{"notes": ' + "[" * 40 + "]" * 40 + "}", 400),
        ('{"deal": ' + "9" * 5000 + "}", 400),
        ('{"notes": "' + "x" * 1_100_000 + '"}', 413),
    ],
)
def test_a_body_that_is_no_sane_json_is_refused_with_a_sentence(cast: Cast, ana: Api, body: Any, status: int) -> None:
    response = ana("POST", "activities/", body)
    assert (response.status_code, bool(response.json()["detail"])) == (status, True)


# Of the wrong kind, the wrong size, or nothing that can be kept, whatever a field is for.
WRONG: tuple[Any, ...] = (
    "\x00",
    "x" * 20_000,
    [],
    {"a": []},
    -1,
    10**30,
    "9999-12-31T23:59:59Z",
    True,
    "1e400",
    None,
    "\u202e",
    [None],
)


def test_no_writer_answers_a_bad_body_with_an_error_of_ours(cast: Cast) -> None:
    """Every field of every writer is given three wrong values, beside bodies that are no record at all."""
    deal = open_deal(owner=cast.ana, name="Fleet", by=None, at=AT, amount=Decimal(5))
    account = add_account(name="Brandt", owner=cast.ana, by=None)
    order = book_order(owner=cast.ana, account=account, amount=Decimal(5), ordered_on=date(2026, 8, 1), by=None, at=AT)
    done = log_activity(owner=cast.ana, kind="call", at=AT, by=None, account=account)
    stands = {"deals": deal.pk, "accounts": account.pk, "orders": order.pk, "activities": done.pk}
    schema, make, answers = _schema(), APIRequestFactory(), Counter[int]()
    odd = cycle(({"nonsense": 1}, [], {}, "text", None))
    for path, verbs in schema["paths"].items():
        prefix = path.removeprefix("/api/v1/").partition("/")[0]
        at = re.sub(r"\{\w+\}", str(stands.get(prefix, 1)), path)
        view = resolve(at)
        for verb, operation in verbs.items():
            said = operation.get("requestBody", {}).get("content", {}).get("application/json")
            names = _names(said["schema"], schema["components"]["schemas"]) if said else ()
            wrong = [{name: WRONG[(n + turn) % len(WRONG)] for n, name in enumerate(names)} for turn in (0, 4, 8)]
            for body in (*wrong, next(odd)) if said else ():
                request = make.generic(verb.upper(), at, json.dumps(body), content_type="application/json")
                force_authenticate(request, user=cast.admin)
                response = view.func(request, *view.args, **view.kwargs)
                answers[response.status_code] += 1
                assert response.status_code < 500, (verb, path, body)
                assert response.status_code < 400 or json.loads(response.content)["detail"], (verb, path, body)
                if response.status_code == 404:  # nobody has such a record: nothing of the body was read
                    break
    assert answers[400] > 500, answers


def _names(said: dict[str, Any], components: dict[str, Any]) -> list[str]:
    while "$ref" in said or "allOf" in said:
        said = said["allOf"][0] if "allOf" in said else components[said["$ref"].rpartition("/")[2]]
    return list(said.get("properties", ()))


@pytest.mark.parametrize(
    "query",
    ["cursor=nonsense", "cursor=cD1ub25zZW5zZQ==", "owner=abc", "owner=99999999999999999999999", "owner=1e300",
     "since=tomorrow", "q=%00", "page_size=0", "page_size=abc", "ordering=password", "kind=fax", "deal=-1"],
)  # fmt: skip
def test_no_query_string_is_an_error_of_ours(cast: Cast, ana: Api, query: str) -> None:
    log_activity(owner=cast.ana, kind="call", at=AT, by=None)
    for path in ("activities/", "deals/", "accounts/", "orders/"):
        assert ana("GET", f"{path}?{query}").status_code in {200, 400}


def test_what_is_not_there_is_404_and_what_is_not_done_405(cast: Cast, ana: Api) -> None:
    assert ana("GET", "deals/999999999999999999/").status_code == 404
    assert ana("GET", "deals/9999999999999999999999/").status_code == 404
    for path in ("nonsense/", "nonsense", "deals/1/nonsense/", "/api/v2/deals/"):
        for api in (ana, Api(None)):
            response = api("GET", path)
            assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert ana("GET", "/nonsense/")["Content-Type"] == "text/html; charset=utf-8"
    assert ana("GET", "me")["Location"] == "/api/v1/me/"
    assert ana("PUT", "me/", {}).status_code == 405
    assert ana("POST", "activities/", b"a=b").status_code == 400
    response = ana.client.post("/api/v1/activities/", {"kind": "call"})
    assert (response.status_code, response["Content-Type"]) == (415, "application/problem+json")


def test_too_many_requests_wait_and_without_redis_nobody_does(
    cast: Cast, ana: Api, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    from salesmgmt.desk import rest

    monkeypatch.setitem(rest.PER_MINUTE, "user", 0)
    response = ana("GET", "me/")
    assert (response.status_code, int(response["Retry-After"]) <= 61) == (429, True)
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert ana("GET", "me/").status_code == 200


# ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_pages_follow_each_other_without_gap_or_repetition(cast: Cast, ana: Api) -> None:
    for minute in range(7):
        log_activity(owner=cast.ana, kind="call", at=AT.replace(minute=minute // 3), by=None)
    seen: list[int] = []
    url: str | None = "activities/?page_size=2&ordering=-occurred_at"
    while url:
        page = ana("GET", url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"] and page["next"].replace("http://testserver", "")
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("path", ["deals", "accounts", "orders"])
def test_every_order_goes_both_ways_through_rows_that_lack_it(cast: Cast, ana: Api, path: str) -> None:
    for n in range(5):
        day = date(2026, 8, 1 + n // 2) if n % 3 else None
        deal = open_deal(
            owner=cast.ana, name=f"D{n % 2}", by=None, at=AT, amount=day and Decimal(n // 2), opened_on=day,
            expected_close_on=day,
        )  # fmt: skip
        if n > 2:
            win_deal(deal=deal, amount=Decimal(1), by=None, at=AT, on=date(2026, 8, n), books=False)
        book_order(owner=cast.ana, amount=Decimal(n // 2), ordered_on=date(2026, 8, 9), promised_on=day, by=None, at=AT)
        add_account(name=f"A{n % 2}", owner=cast.ana, by=None, revenue=day and Decimal(n // 2))
    fields: tuple[str, ...] = next(view.ordering_fields for prefix, view, _ in router.registry if prefix == path)
    assert len(fields) >= 3
    for order in [sign + field for field in fields for sign in ("", "-")]:
        rows: list[dict[str, Any]] = []
        url: str | None = f"{path}/?page_size=3&ordering={order}"
        while url:
            page = ana("GET", url).json()
            rows += page["results"]
            url = page["next"] and page["next"].replace("http://testserver", "")
        assert len(rows) == len({row["id"] for row in rows}) == 5, order
        has = [row for row in rows if row[order.lstrip("-")] is not None]
        assert rows[: len(has)] == has, "what lacks it is last"

        def place(row: dict[str, Any], field: str = order.lstrip("-")) -> tuple[Any, int]:
            return (Decimal(row[field]) if field in ("amount", "revenue") else row[field]), row["id"]

        assert has == sorted(has, key=place, reverse=order.startswith("-")), order
    first = ana("GET", f"{path}/?page_size=3").json()
    rest = ana("GET", first["next"].replace("http://testserver", "")).json()
    assert ana("GET", rest["previous"].replace("http://testserver", "")).json()["results"] == first["results"]


def test_lists_are_filtered(cast: Cast, ana: Api) -> None:
    deal = open_deal(owner=cast.ana, name="Fleet", by=None, at=AT, expected_close_on=date(2026, 9, 30))
    log_activity(owner=cast.ana, kind="call", at=AT, by=None, deal=deal)
    log_activity(owner=cast.ana, kind="demo", at=AT.replace(day=25), by=None)
    count = lambda query: len(ana("GET", query).json()["results"])  # noqa: E731
    assert count(f"activities/?deal={deal.pk}") == 1
    assert count("activities/?kind=call&kind=demo") == 2
    assert count("activities/?since=2026-08-21") == 1
    assert count("activities/?until=2026-08-21") == 1
    assert count("deals/?status=won") == 0
    assert count("deals/?closes_from=2026-09-30&closes_until=2026-10-01") == 1


# ── Figures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_figure_says_what_it_is_and_where_its_records_are(cast: Cast, ana: Api) -> None:
    book_order(owner=cast.ana, amount=Decimal("90.10"), ordered_on=date(2026, 8, 3), by=None, at=AT)
    call_command("refresh_rollups")
    asked = "of=person:E-Ana&measure=bookings&period=2026-Q3&as_of=2026-08-20"
    found = ana("GET", f"figures/?{asked}").json()
    assert (found["value"], found["unit"], found["currency"], found["as_of"]) == ("90.10", "money", "EUR", "2026-08-20")
    assert "/records/?" in found["records"]
    assert found["definition"]
    rate = ana("GET", f"figures/?{asked}".replace("bookings", "win_rate")).json()
    assert rate["value"] is None, "nothing is decided: unknown, not 0 %"
    series = ana("GET", f"series/?{asked}&by=month").json()
    assert [(row["on"], Decimal(row["value"])) for row in series][:2] == [
        ("2026-07-01", Decimal(0)),
        ("2026-08-01", Decimal("90.10")),
    ]
    pace = ana("GET", "pace/?of=person:E-Ana&period=2026-Q3&as_of=2026-08-20").json()
    assert {"quota", "expected", "credited", "pace", "attainment", "gap", "needed_per_day"} <= set(pace)
    assert (pace["quota"], pace["pace"], pace["credited"]) == (None, None, "90.10")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("of=company&measure=bookings", 404),
        ("of=person:E-Ben&measure=bookings", 404),
        ("of=team:South&measure=bookings", 404),
        ("of=person:Nobody&measure=bookings", 404),
        ("of=nonsense&measure=bookings", 404),
        ("measure=bookings", 400),
        ("of=person:E-Ana&measure=nonsense", 400),
        ("of=person:E-Ana&measure=bookings&period=2026-Q9", 400),
        ("of=person:E-Ana&measure=bookings&as_of=soon", 400),
        ("of=person:E-Ana&measure=bookings&basis=other", 400),
        ("of=person:E-Ana%00&measure=bookings", 400),
    ],
)
def test_figures_of_others_are_nowhere_and_nonsense_is_named(cast: Cast, ana: Api, query: str, status: int) -> None:
    assert ana("GET", f"figures/?{query}").status_code == status


def test_a_flag_is_seen_and_answered_by_the_person_it_is_about(cast: Cast, ana: Api) -> None:
    flag = Flag.objects.create(
        person=cast.ana, team=cast.north, measure="bookings", period="2026-Q3", raised_on=date(2026, 8, 3),
        behind_since=date(2026, 8, 1), expected=100, actual=40, gap=60, severity="behind", cause="activity",
        sentence="Half as many meetings as last quarter.", as_of=date(2026, 8, 3), expires_on=date(2026, 10, 1),
    )  # fmt: skip
    rows = ana("GET", "flags/?open=true&of=person:E-Ana").json()["results"]
    assert [(row["person"], row["gap"], row["state"]) for row in rows] == [(cast.ana.pk, "60.00", "open")]
    assert ana("GET", f"flags/{flag.pk}/").status_code == 200
    flag.refresh_from_db()
    assert flag.seen_by_person_at
    assert ana("POST", f"flags/{flag.pk}/answer/", {"text": "Two big ones slipped."}).status_code == 200
    assert Api(cast.ben.user)("GET", "flags/").json()["results"] == []
    assert Api(cast.ben.user)("POST", f"flags/{flag.pk}/answer/", {"text": "x"}).status_code == 404
    case = Api(cast.maya.user)("POST", "cases/", {"flag": flag.pk, "due_on": "2027-01-01"})
    assert (case.status_code, case.json()["owner"]) == (201, cast.maya.pk)
    talk = {"person": cast.ana.pk, "starts_at": "2027-01-04T09:00:00Z", "case": case.json()["id"]}
    assert Api(cast.maya.user)("POST", "one-on-ones/", talk).status_code == 201
    assert Api(cast.omar.user)("GET", "cases/").json()["results"] == []


# ── Schema ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_schema_and_its_page_are_public_and_complete(cast: Cast, client: Client) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    assert schema["openapi"].startswith("3.")
    for prefix in LISTS:
        assert f"/api/v1/{prefix}/" in schema["paths"]
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "/api/v1/deals/{id}/win/" in text
    assert "<script>" not in text
    assert " style=" not in text


def test_the_root_lists_the_nouns(cast: Cast, ana: Api) -> None:
    assert set(LISTS) <= set(ana("GET", "").json())


def test_accounts_nobody_owns_are_everybodys(cast: Cast, ana: Api) -> None:
    Account.objects.create(name="Free")
    assert len(ana("GET", "accounts/").json()["results"]) == 1
    assert Person.objects.count() == 7
    assert not Deal.objects.exists()


def test_praise_is_given_as_on_the_wall(cast: Cast, ana: Api) -> None:
    thanks = ana("POST", "kudos/", {"receiver": cast.cleo.pk, "text": "For the lead in Lyon"})
    assert (thanks.status_code, thanks.json()["receiver_name"]) == (201, "Cleo")
    assert ana("POST", "kudos/", {"receiver": cast.ana.pk, "text": "Well done me"}).status_code == 400
    award = {"person": cast.ana.pk, "title": "Comeback", "sentence": "Three wins after a hard month."}
    assert Api(cast.maya.user)("POST", "awards/", award).status_code == 201
    assert Api(cast.omar.user)("POST", "awards/", award).status_code == 400
    assert len(Api(cast.cleo.user)("GET", "awards/").json()["results"]) == 1
