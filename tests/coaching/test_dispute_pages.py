"""Pages and API of disputes: who reads the words, what a form says, what is kept, what is forgotten."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.html import escape

from coaching import services
from coaching.models import Decider, Decision, Dispute, DisputeEvent, Evidence, Party, Remedy, Statement
from coaching.selectors import disputes as selectors
from salesmgmt.desk.models import AuditEntry, Notice
from salesmgmt.exchange.services.erasing import erase
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from salesmgmt.pages.search import find
from teams import services as teams
from teams.models import Look, Organisation, Person, Team
from teams.services import make_api_token
from tests.cast import Cast
from tests.coaching.test_disputes import LATER, NOW, TODAY, World, by, signed_in
from tests.exchange.test_round_trip import empty

SECRET = "Zimtsternkonferenz"  # nobody says that by chance


@pytest.fixture
def world(cast: Cast) -> World:
    return World(cast)


def api(person: Person) -> Any:
    client, bearer = Client(), f"Bearer {make_api_token(user=by(person), name='Script', at=NOW)}"

    def call(method: str, path: str, said: Any = None) -> Any:
        return client.generic(
            method, f"/api/v1/{path}", "" if said is None else json.dumps(said),
            content_type="application/json", headers={"Authorization": bearer},
        )  # fmt: skip

    return call


def test_a_dispute_from_the_form_to_the_decision(world: World) -> None:
    ben, who = signed_in(world.ben), {"ground": "left_out", "order": world.order.pk}
    assert "Who is credited" in ben.get("/disputes/new/").content.decode()
    page = ben.post("/disputes/new/?subject=credit", who | {"claim": " "})
    assert page.status_code == 422
    assert ben.post("/disputes/new/?subject=credit", who | {"claim": "x\0"}).status_code == 422
    assert (
        ben.post("/disputes/new/?subject=credit", who | {"claim": "x", "statements_due_on": "9999-12-31"}).status_code
        == 422
    )
    made = ben.post("/disputes/new/?subject=credit", who | {"claim": SECRET, "idempotency_key": "k"})
    again = ben.post("/disputes/new/?subject=credit", who | {"claim": SECRET, "idempotency_key": "k"})
    assert made["Location"] == again["Location"]
    dispute = Dispute.objects.get()
    address = f"/disputes/{dispute.pk}/"
    decider = world.decider(dispute)
    assert "1 dispute waits for you" in signed_in(world.ana).get("/disputes/").content.decode()
    shares = {f"primary-{world.ana.pk}": "60", f"primary-{world.ben.pk}": "40"}
    said = {"outcome": "granted", "reasons": "The visits", "version": 1} | shares
    early = signed_in(decider).post(address + "decide/", said)
    assert early.status_code == 422
    assert "The statement of Ana is asked for" in early.content.decode()
    signed_in(world.ana).post(address + "statement/", {"text": "No"})
    stale = signed_in(decider).post(address + "decide/", said)
    assert escape("since you opened it") in stale.content.decode()
    dispute.refresh_from_db()
    assert signed_in(decider).post(address + "decide/", said | {"version": dispute.version}).status_code == 302
    decided = ben.get(address).content.decode()
    assert "100 % to 60 %" in decided
    assert "The visits" in decided
    paper = ben.get(address + "pdf/")
    assert paper.content.startswith(b"%PDF")
    assert signed_in(world.cast.vera).get(address + "pdf/").status_code == 404
    assert ben.post(address + "appeal/", {"text": "All of it is mine"}).status_code == 302
    dispute.refresh_from_db()
    assert (dispute.state, dispute.round) == ("appealed", 2)


def test_words_are_for_the_parties_who_decides_and_hr(world: World) -> None:
    dispute = world.open(claim=SECRET)
    services.add_evidence(dispute=dispute, text=f"Also {SECRET}", by=by(world.ben), at=NOW)
    for outside in ("//evil.example", "/\\evil.example", "https://evil.example/"):
        with pytest.raises(Refused, match="leads to a page here"):
            services.add_evidence(dispute=dispute, text="See", link=outside, by=by(world.ben), at=NOW)
    services.name_decider(dispute=dispute, person=world.emil, by=by(world.hugo), at=NOW)
    address = f"/disputes/{dispute.pk}/"

    def reads(person: Person) -> str:
        pages = signed_in(person).get(address), api(person)("GET", f"disputes/{dispute.pk}/")
        if {page.status_code for page in pages} == {404}:
            return "nothing"
        words = {SECRET in page.content.decode() for page in pages}
        assert len(words) == 1
        return "words" if words == {True} else "facts"

    cast = world.cast
    assert {name: reads(person) for name, person in {
        "claimant": world.ben, "party": world.ana, "decider": world.emil, "HR": world.hugo,
        "executive of their line": cast.vera,
        "manager of both": world.maya, "another manager": world.omar, "a colleague": cast.cleo, "operations": cast.olga,
    }.items()} == {
        "claimant": "words", "party": "words", "decider": "words", "HR": "words", "executive of their line": "nothing",
        "manager of both": "nothing", "another manager": "nothing", "a colleague": "nothing", "operations": "nothing",
    }  # fmt: skip
    admin = Client()
    admin.force_login(cast.admin, backend="django.contrib.auth.backends.ModelBackend")
    assert admin.get(address).status_code == 404
    for path in (f"/admin/coaching/dispute/{dispute.pk}/change/", "/admin/coaching/dispute/"):
        shown = admin.get(path)
        assert shown.status_code == 200
        assert SECRET not in shown.content.decode()
    # A stand-in for the manager, a new manager, a former decider and a leaver read nothing.
    olga = by(cast.olga)
    teams.appoint_manager(team=cast.north, person=world.omar, on=TODAY, by=olga)
    assert reads(world.omar) == "nothing"
    teams.post_person(person=world.ana, team=Team.objects.get(name="East"), on=TODAY, by=olga)
    assert reads(world.ana) == "words"
    assert reads(world.emil) == "nothing"  # on the next request, before anybody else is named
    assert Decider.objects.standing().filter(dispute=dispute, person=world.emil).exists()
    services.keep_disputes_going(at=NOW)
    assert reads(world.emil) == "nothing"
    teams.end_employment(person=world.ana, on=TODAY, by=olga)
    assert reads(world.ana) == "nothing"


def test_words_stand_in_no_search_notice_or_audit(world: World) -> None:
    dispute = world.heard(world.open(claim=SECRET))
    world.decide(dispute)
    for person in (world.ben, world.ana, world.hugo):
        assert SECRET not in str(find(by(person), SECRET[:9]))
    assert not Notice.objects.filter(text__contains=SECRET).exists()
    assert not [row for row in AuditEntry.objects.all() if SECRET in f"{row.before}{row.after}"]


def test_who_decided_first_is_not_told_what_was_said_after(world: World) -> None:
    dispute = world.heard(world.open())
    first = world.decide(dispute).decider
    services.appeal_dispute(dispute=dispute, text=SECRET, by=by(world.ana), at=LATER - timedelta(days=2))
    assert SECRET not in signed_in(first).get(f"/disputes/{dispute.pk}/").content.decode()
    dispute.refresh_from_db()
    assert SECRET in signed_in(world.decider(dispute)).get(f"/disputes/{dispute.pk}/").content.decode()


def test_similar_disputes_are_shown_without_names(world: World) -> None:
    old = world.heard(world.open(claim=SECRET))
    world.decide(old, "dismissed")
    services.keep_disputes_going(at=NOW + timedelta(days=40))
    for _ in range(3):
        world.decide(world.heard(world.open()), "dismissed")
        services.keep_disputes_going(at=NOW + timedelta(days=40))
    other = world.open()
    assert selectors.similar_to(other, by(world.maya)) == []  # of four everybody would know whose
    assert selectors.similar_to(other, by(world.hugo))[-1].pk == old.pk
    world.decide(world.heard(other), "dismissed")
    services.keep_disputes_going(at=NOW + timedelta(days=40))
    row = selectors.similar_to(world.open(), by(world.maya))[0]
    quarter = Period.of(TODAY, "quarter", Organisation.get().calendar).label
    assert (row.outcome, row.is_same_ground, row.pk, row.when) == ("Dismissed", True, None, quarter)


def test_the_api_opens_hears_and_decides(world: World) -> None:
    ben = api(world.ben)
    said = {"subject": "credit", "ground": "left_out", "claim": SECRET, "order": world.order.pk}
    wrong = ben("POST", "disputes/", said | {"order": 10**17})
    assert (wrong.status_code, "Choose the order" in wrong.content.decode()) == (409, True)
    assert ben("POST", "disputes/", said | {"colour": 1}).status_code == 400
    made = ben("POST", "disputes/", said)
    assert made.status_code == 201
    dispute = Dispute.objects.get()
    assert [row["id"] for row in ben("GET", "disputes/?subject=credit&state=open").json()["results"]] == [dispute.pk]
    assert SECRET not in ben("GET", "disputes/").content.decode()
    assert api(world.cast.cleo)("GET", f"disputes/{dispute.pk}/").status_code == 404
    assert api(world.ana)("POST", f"disputes/{dispute.pk}/statement/", {"text": "No"}).status_code == 200
    decider = api(world.decider(dispute))
    decision = {"outcome": "granted", "reasons": "So", "shares": {str(world.cast.cleo.pk): "100"}}
    unheard = decider("POST", f"disputes/{dispute.pk}/decide/", decision)
    assert (unheard.status_code, "have not been heard" in unheard.content.decode()) == (409, True)
    decision["shares"] = {str(world.ana.pk): "60", str(world.ben.pk): "40"}
    assert api(world.ben)("POST", f"disputes/{dispute.pk}/decide/", decision).status_code == 409
    decided = decider("POST", f"disputes/{dispute.pk}/decide/", decision)
    assert Look.objects.filter(person=world.ben, viewer=by(world.hugo), page="dispute").count() == 0
    assert api(world.hugo)("GET", f"disputes/{dispute.pk}/").status_code == 200
    assert Look.objects.filter(person=world.ben, viewer=by(world.hugo), page="dispute").count() == 1
    assert decided.json()["decisions"][0]["outcome"] == "granted"
    appealed = api(world.ana)("POST", f"disputes/{dispute.pk}/appeal/", {"text": "No"})
    assert appealed.json()["state"] == "appealed"


def test_erasing_a_party_blanks_the_words_and_keeps_what_was_decided(world: World) -> None:
    dispute = world.heard(world.open(claim=SECRET))
    services.add_evidence(dispute=dispute, text=SECRET, by=by(world.ben), at=NOW)
    world.decide(dispute)
    teams.end_employment(person=world.ben, on=TODAY, by=by(world.cast.olga))
    with pytest.raises(Refused, match="isn't settled yet"):
        erase(noun="person", pk=world.ben.pk, by=None, at=NOW, on=TODAY, reason="Asked for it")
    services.keep_disputes_going(at=NOW + timedelta(days=40))
    erase(noun="person", pk=world.ben.pk, by=None, at=NOW, on=TODAY, reason="Asked for it")
    said = [*Statement.objects.values_list("text", flat=True), *Decision.objects.values_list("reasons", flat=True)]
    assert set(said) == {"Erased", "It was so."}  # what the others said is theirs
    assert not Evidence.objects.filter(text=SECRET).exists()
    assert Remedy.objects.get().shares.count() == 2
    assert Party.objects.filter(dispute=dispute).count() == 2


def test_what_happened_moves_to_another_installation_without_the_words(world: World, tmp_path: Path) -> None:
    dispute = world.heard(world.open(claim=SECRET))
    world.decide(dispute)
    services.appeal_dispute(dispute=dispute, text=SECRET, by=by(world.ana), at=NOW)
    world.decide(world.heard(dispute), "overturned")

    def told() -> list[Any]:
        remedies = Remedy.objects.values_list("decision__outcome", "reverses__decision__outcome", "shares__percent")
        return [
            Dispute.objects.values_list("title", "state", "round", "opened_by__name").get(),
            sorted(Statement.objects.values_list("party__person__name", "round", "said_at", "missed_at")),
            sorted(Decision.objects.values_list("round", "outcome", "decider__name")),
            sorted(DisputeEvent.objects.values_list("kind", "at", "round")),
            sorted(remedies, key=str),
        ]

    before = told()
    call_command("export_records", "all", "--out", str(tmp_path))
    assert not [path for path in tmp_path.iterdir() if SECRET in path.read_text()]
    empty()
    out = io.StringIO()
    call_command("import_records", "all", str(tmp_path), "--format", "json", stdout=out)
    assert [one["kind"] for one in json.loads(out.getvalue()) if one["refused"]] == []
    assert told() == before
    assert set(Statement.objects.values_list("text", flat=True)) == {""}


def test_a_page_costs_a_fixed_number_of_queries(world: World) -> None:
    dispute = world.heard(world.open())
    client, address = signed_in(world.ben), f"/disputes/{dispute.pk}/"
    few = int(client.get(address)["X-Query-Count"])
    for number in range(3):
        services.add_evidence(dispute=dispute, text=f"{number}", by=by(world.ben), at=NOW)
    services.add_party(dispute=dispute, person=world.maya, by=by(world.hugo), at=NOW)
    assert int(client.get(address)["X-Query-Count"]) <= few <= 22
    assert int(client.get("/disputes/")["X-Query-Count"]) <= 9
