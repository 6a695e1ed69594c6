"""Two records that were one: found, merged with everything kept, taken apart exactly."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from sales import selectors, services
from sales.models import (
    Account,
    AccountOwnership,
    AccountProfile,
    Activity,
    Contact,
    ContactRole,
    Contract,
    Credit,
    Deal,
    Distinct,
    LookAlike,
    Merge,
    Order,
    Task,
)
from sales.services import likeness
from salesmgmt.desk.models import Mark
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User
from tests.cast import Cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
DAY = date(2026, 7, 1)
Pair = tuple[Account, Account]


def signed_in(person: Person | User) -> Client:
    client = Client()
    client.force_login(person if isinstance(person, User) else person.user)
    return client


@pytest.fixture
def pair(cast: Cast) -> Pair:
    kept = services.add_account(name="Brandt Optik", owner=cast.ana, by=None, external_id="A-1", tags=["key"])
    given_up = services.add_account(
        name="Brandt Optik GmbH",
        owner=cast.ana,
        by=None,
        external_id="A-2",
        industry="Optics",
        employees=40,
        tags=["nord"],
    )
    return kept, given_up


def stand_by_table() -> dict[str, list[Any]]:
    """Every row of sales, but for what says that and when a merge was."""
    skipped = {"Merge", "LookAlike"}
    found = {}
    for model in apps.get_app_config("sales").get_models(include_auto_created=True):
        if model.__name__ not in skipped and model._meta.managed:
            rows = model._default_manager.order_by("pk").values()
            found[model.__name__] = [{k: v for k, v in row.items() if k != "version"} for row in rows]
    return found


def fill(cast: Cast, account: Account) -> None:
    contact = services.add_contact(name="Eva Brandt", account=account, by=None)
    services.log_activity(owner=cast.ana, kind="call", at=AT, account=account, contact=contact, by=None)
    there: Any = {"owner": cast.ana, "account": account, "by": None, "at": AT}
    deal = services.open_deal(name="Lenses", contact=contact, amount=Decimal(900), **there)
    services.win_deal(deal=deal, by=None, at=AT, on=DAY)
    services.open_deal(name="More", **there)
    services.add_account(name="Brandt Werk 2", owner=cast.ana, parent=account, by=None)
    Contract.objects.create(account=account, number="C-1", starts_on=DAY, signed_on=DAY, currency="EUR")
    Task.objects.create(owner=cast.ana, account=account, text="Call", due_on=DAY, source="manual")
    services.describe_account(account=account, by=None, at=AT, needs="Speed")


# ── Merging ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_merge_keeps_every_record_and_fills_gaps(cast: Cast, pair: Pair) -> None:
    kept, given_up = pair
    fill(cast, given_up)
    services.merge(kept=kept, given_up=given_up, by=cast.ana.user, at=AT)
    kept.refresh_from_db()
    assert (kept.name, kept.industry, kept.employees, kept.tags) == ("Brandt Optik", "Optics", 40, ["key", "nord"])
    for model, count in (
        (Deal, 2),
        (Order, 1),
        (Activity, 1),
        (Contact, 1),
        (Contract, 1),
        (Task, 1),
        (AccountProfile, 1),
    ):
        assert model.objects.filter(account=kept).count() == count, model
        assert not model.objects.filter(account=given_up).exists(), model
    assert Account.objects.get(name="Brandt Werk 2").parent == kept
    assert not Account.objects.present().filter(pk=given_up.pk).exists()


def test_a_merge_earns_nobody_anything(cast: Cast, pair: Pair) -> None:
    fill(cast, pair[1])
    before = list(Credit.objects.order_by("pk").values())
    made = services.merge(kept=pair[0], given_up=pair[1], by=None, at=AT)
    assert list(Credit.objects.order_by("pk").values()) == before
    services.undo_merge(merge=made, by=None, at=AT)
    assert list(Credit.objects.order_by("pk").values()) == before


def test_undoing_a_merge_leaves_every_table_as_it_was(cast: Cast, pair: Pair) -> None:
    kept, given_up = pair
    fill(cast, kept)
    fill(cast, given_up)
    before = stand_by_table()
    made = services.merge(kept=kept, given_up=given_up, by=cast.ana.user, at=AT)
    assert stand_by_table() != before
    assert services.undo_merge(merge=made, by=cast.ana.user, at=AT) == []
    assert stand_by_table() == before


def test_what_was_changed_since_stays_and_is_said(cast: Cast, pair: Pair) -> None:
    kept, given_up = pair
    fill(cast, given_up)
    other = services.add_account(name="Third", owner=cast.ana, by=None)
    made = services.merge(kept=kept, given_up=given_up, by=None, at=AT)
    services.change_account(account=kept, industry="Lasers", by=None)
    services.change_deal(deal=Deal.objects.get(name="More"), account=other, by=None, at=AT)
    stays = services.undo_merge(merge=made, by=None, at=AT)
    assert sorted(stays) == [
        "1 deal stays where it is: changed since.",
        "Industry of Brandt Optik stays: it was changed since.",
    ]
    kept.refresh_from_db()
    assert (kept.industry, kept.employees) == ("Lasers", None)
    assert Deal.objects.get(name="More").account == other
    assert Deal.objects.get(name="Lenses").account == given_up


def test_merging_needs_the_right_to_change_both(cast: Cast, pair: Pair) -> None:
    theirs = services.add_account(name="Brandt Süd", owner=cast.cleo, by=None)
    nobodys = services.add_account(name="Brandt", owner=None, by=None)
    for by, one, other, words in (
        (cast.ana.user, pair[0], theirs, "no such account"),
        (cast.ana.user, pair[0], nobodys, "Only the owner"),
        (cast.vera.user, pair[0], pair[1], "Only the owner"),
        (cast.ana.user, pair[0], pair[0], "two different"),
    ):
        with pytest.raises(Refused, match=words):
            services.merge(kept=one, given_up=other, by=by, at=AT)
    services.merge(kept=pair[0], given_up=theirs, by=cast.olga.user, at=AT)
    with pytest.raises(Refused, match="withdrawn"):
        services.merge(kept=pair[0], given_up=theirs, by=cast.olga.user, at=AT)


def test_a_part_merged_with_its_whole_makes_no_circle(cast: Cast) -> None:
    top = services.add_account(name="Top", owner=cast.ana, by=None)
    whole = services.add_account(name="Whole", owner=cast.ana, parent=top, by=None)
    middle = services.add_account(name="Middle", owner=cast.ana, parent=whole, by=None)
    part = services.add_account(name="Part", owner=cast.ana, parent=middle, by=None)
    before = stand_by_table()
    made = services.merge(kept=part, given_up=whole, by=None, at=AT)
    part.refresh_from_db()
    middle.refresh_from_db()
    assert (part.parent, middle.parent) == (top, part)
    services.undo_merge(merge=made, by=None, at=AT)
    assert stand_by_table() == before


def test_a_merge_of_contacts_keeps_their_places(cast: Cast, pair: Pair) -> None:
    one = services.add_contact(name="Eva Brandt", account=pair[0], email="eva@brandt.de", by=None)
    other = services.add_contact(
        name="E. Brandt", account=pair[1], phone="+49 30 1", title="Chair", by=None, is_public_official=True
    )
    third = services.add_account(name="Third", owner=cast.ana, by=None)
    services.add_role(contact=one, account=third, by=None)
    services.add_role(contact=other, account=third, title="Guest", by=None)
    services.log_activity(owner=cast.ana, kind="call", at=AT, contact=other, by=None)
    before = stand_by_table()
    made = services.merge(kept=one, given_up=other, by=cast.ana.user, at=AT)
    one.refresh_from_db()
    assert (one.phone, one.email, one.title, one.is_public_official) == ("+49 30 1", "eva@brandt.de", "Chair", True)
    assert set(ContactRole.objects.filter(contact=one).values_list("account", flat=True)) == {third.pk, pair[1].pk}
    assert Activity.objects.get().contact == one
    assert services.undo_merge(merge=made, by=cast.ana.user, at=AT) == []
    assert stand_by_table() == before


def test_an_owner_filled_in_has_the_account_from_that_day(cast: Cast, pair: Pair) -> None:
    nobodys = services.add_account(name="Brandt", owner=None, by=None)
    made = services.merge(kept=nobodys, given_up=pair[1], by=cast.olga.user, at=AT)
    row = AccountOwnership.objects.get(account=nobodys)
    assert (row.owner, row.starts_on) == (cast.ana, DAY)
    services.undo_merge(merge=made, by=cast.olga.user, at=AT)
    assert not AccountOwnership.objects.on(DAY).filter(account=nobodys).exists()


def test_merges_upon_merges_come_apart_in_turn(cast: Cast, pair: Pair) -> None:
    third = services.add_account(name="Third", owner=cast.ana, by=None)
    fill(cast, pair[1])
    before = stand_by_table()
    first = services.merge(kept=pair[0], given_up=pair[1], by=None, at=AT)
    second = services.merge(kept=third, given_up=pair[0], by=None, at=AT)
    assert selectors.kept_for("account", [pair[1].pk, pair[0].pk]) == {pair[1].pk: third.pk, pair[0].pk: third.pk}
    with pytest.raises(Refused, match="undo that first"):
        services.undo_merge(merge=first, by=None, at=AT)
    services.undo_merge(merge=second, by=None, at=AT)
    services.undo_merge(merge=first, by=None, at=AT)
    assert stand_by_table() == before
    with pytest.raises(Refused, match="already"):
        services.undo_merge(merge=first, by=None, at=AT)


@pytest.mark.parametrize("model", [Account, Contact])
def test_every_foreign_key_to_a_customer_is_taken_along(model: type[models.Model]) -> None:
    named = {
        (field.model, field.name)
        for other in apps.get_models(include_auto_created=True)
        for field in other._meta.concrete_fields
        if field.is_relation and field.related_model is model
    }
    assert named == {(users, field.name) for users, field in services.references_to(model)}
    assert {(Deal, model.__name__.lower()), (Activity, model.__name__.lower())} <= named


def test_what_other_systems_call_it_leads_to_the_one_kept(cast: Cast, pair: Pair) -> None:
    kept, given_up = pair
    services.merge(kept=kept, given_up=given_up, by=None, at=AT)
    assert selectors.kept_by_external_id("account", ["A-1", "A-2", "A-9"]) == {"A-2": kept.pk}
    assert selectors.aliases("account") == {"a-2": kept.pk, "brandt optik gmbh": kept.pk}
    client = signed_in(cast.ana)
    assert [one["id"] for one in client.get("/api/v1/accounts/?external_id=A-2").json()["results"]] == [kept.pk]
    answer = client.get(reverse("account", args=[given_up.pk]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("account", args=[kept.pk]))
    assert signed_in(cast.cleo).get(reverse("account", args=[given_up.pk])).status_code == 404


def test_a_file_that_still_names_the_given_up_one_goes_to_the_one_kept(cast: Cast, pair: Pair, run: Any) -> None:
    services.merge(kept=pair[0], given_up=pair[1], by=None, at=AT)
    before = Account.objects.order_by("pk").values_list("pk", "name", "external_id", "owner", "withdrawn_at")
    stood = list(before)
    done = run("accounts", "external_id,name,owner\nA-1,Brandt Optik,Ana\nA-2,Brandt Optik GmbH,Ana\n")
    assert (done["created"], done["refused"]) == (0, 0)
    assert list(before) == stood
    done = run("deals", "external_id,name,owner,account\nD-1,Lenses,Ana,A-2\nD-2,More,Ana,Brandt Optik GmbH\n")
    assert done["refused"] == 0
    assert set(Deal.objects.values_list("account", flat=True)) == {pair[0].pk}


@pytest.fixture
def run(cast: Cast, tmp_path: Any) -> Any:
    """Import a table by the command, and tell how many rows came to what."""
    import json
    from io import StringIO

    from django.core.management import call_command

    def take(kind: str, text: str) -> dict[str, int]:
        path = tmp_path / f"{kind}.csv"
        path.write_text(text)
        out = StringIO()
        call_command("import_records", kind, str(path), "--format", "json", stdout=out)
        answer: dict[str, int] = json.loads(out.getvalue())
        return answer

    return take


def test_an_import_of_accounts_dates_who_owns_them(cast: Cast, run: Any) -> None:
    run("accounts", "external_id,name,owner\nX-1,New,Ana\nX-2,Free,\n")
    assert AccountOwnership.objects.get().owner == cast.ana
    run("accounts", "external_id,name,owner\nX-1,New,Ben\n")
    rows = AccountOwnership.objects.order_by("during").values_list("owner", flat=True)
    assert list(rows) == [cast.ana.pk, cast.ben.pk]


# ── Finding ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_review_list_finds_what_looks_alike_by_name_mail_phone_and_domain(cast: Cast, pair: Pair) -> None:
    far = services.add_account(name="Zeta Werke", owner=cast.cleo, by=None)
    for number, (account, mail) in enumerate([(pair[0], "eva@brandt.de"), (far, "tom@brandt.de")]):
        services.add_contact(name=f"Somebody {number}", account=account, email=mail, by=None)
    services.add_contact(name="Eva B.", account=far, email="EVA@brandt.de", by=None)
    services.add_contact(name="Paul Meier", account=far, phone="+49 30 555 12 34", by=None)
    services.add_contact(name="P. Meier", account=pair[0], phone="0049 (30) 5551234".replace("0049 ", "+49 "), by=None)
    services.find_look_alikes()
    found = {(row.noun, row.why) for row in LookAlike.objects.all()}
    assert {("account", "name"), ("account", "domain"), ("contact", "email"), ("contact", "phone")} <= found
    best = LookAlike.objects.filter(noun="account").latest("likeness")
    assert (best.one_id, best.other_id) == (pair[0].pk, pair[1].pk)
    count = LookAlike.objects.count()
    services.find_look_alikes()
    assert LookAlike.objects.count() == count


def test_what_was_told_apart_is_not_asked_again(cast: Cast, pair: Pair) -> None:
    services.find_look_alikes()
    client = signed_in(cast.olga)
    assert "Brandt Optik GmbH" in client.get("/duplicates/").content.decode()
    listed = LookAlike.objects.get()
    assert client.post(reverse("duplicate-apart", args=[listed.pk])).status_code == 303
    assert Distinct.objects.get().by == cast.olga.user
    services.find_look_alikes()
    assert not LookAlike.objects.exists()
    assert "No two accounts look alike" in client.get("/duplicates/").content.decode()


def test_only_operations_and_admin_review(cast: Cast, pair: Pair) -> None:
    services.find_look_alikes()
    listed = LookAlike.objects.get()
    for who in (cast.ana, cast.maya, cast.vera):
        assert signed_in(who).get("/duplicates/").status_code == 404
        assert signed_in(who).post(reverse("duplicate-apart", args=[listed.pk])).status_code == 404
        with pytest.raises(Refused):
            services.tell_apart(pair=listed, by=who.user, at=AT)


def test_whoever_asks_has_the_worker_look_once(cast: Cast, pair: Pair) -> None:
    client = signed_in(cast.olga)
    for _ in range(3):
        assert client.post(reverse("duplicates-find"), {"noun": "account"}).status_code == 303
    assert likeness.drain() == 3
    assert likeness.drain() == 0
    assert not Mark.objects.filter(topic="look_alikes").exists()
    assert LookAlike.objects.exists()


def test_the_search_by_name_goes_by_the_trigram_index(cast: Cast) -> None:
    Account.objects.bulk_create(Account(name=f"Firma {n * 7919 % 10007} Werk {n}", owner=cast.ana) for n in range(3000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sales_account")
        cursor.execute(likeness.SETTINGS)
        cursor.execute(
            "EXPLAIN " + likeness.SEARCHES["account"],
            {"noun": "account", "crowd": likeness.CROWD, "least": likeness.LEAST},
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "account_name_likeness" in plan


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_accounts_stand_beside_each_other_are_merged_and_taken_apart(cast: Cast, pair: Pair) -> None:
    kept, given_up = pair
    fill(cast, given_up)
    client, url = signed_in(cast.ana), reverse("account-merge", args=[kept.pk])
    assert client.get(url).status_code == 200
    page = client.get(url, {"other": "Brandt Optik GmbH"}).content.decode()
    assert "Optics" in page
    assert "2 deals" in page
    answer = client.post(url, {"with": given_up.pk}, follow=True)
    made = Merge.objects.get()
    body = answer.content.decode()
    assert reverse("merge-undo", args=[made.pk]) in body
    assert "was merged into this one" in body
    assert client.post(reverse("merge-undo", args=[made.pk])).status_code == 303
    assert Account.objects.present().filter(pk=given_up.pk).exists()
    assert client.post(reverse("merge-undo", args=[made.pk])).status_code == 404


def test_bad_input_of_a_merge_is_one_sentence(cast: Cast, pair: Pair) -> None:
    client, url = signed_in(cast.ana), reverse("account-merge", args=[pair[0].pk])
    for data in ({}, {"with": "9" * 40}, {"with": "x"}, {"with": pair[0].pk}, {"other": "Nobody"}, {"other": "\x00"}):
        assert client.post(url, data).status_code == 422, data
    assert "There is no account called" in client.get(url, {"other": "Nobody"}).content.decode()
    for who in (cast.cleo, cast.vera):
        assert signed_in(who).post(url, {"with": pair[1].pk}).status_code == 404


def test_the_api_merges_and_takes_apart(cast: Cast, pair: Pair) -> None:
    client, json = signed_in(cast.ana), "application/json"
    said = {"noun": "account", "kept": pair[0].pk, "given_up": pair[1].pk}
    theirs = services.add_account(name="Not seen", owner=cast.cleo, by=None)
    assert client.post("/api/v1/merges/", said | {"given_up": theirs.pk}, json).status_code == 400
    assert client.post("/api/v1/merges/", said | {"given_up": pair[0].pk}, json).status_code == 409
    made = client.post("/api/v1/merges/", said, json)
    assert made.status_code == 201, made.content
    assert [one["id"] for one in client.get("/api/v1/merges/").json()["results"]] == [made.json()["id"]]
    assert signed_in(cast.cleo).get(f"/api/v1/merges/{made.json()['id']}/").status_code == 404
    undone = client.post(f"/api/v1/merges/{made.json()['id']}/undo/", {}, json)
    assert (undone.status_code, undone.json()) == (200, {"stays": []})
