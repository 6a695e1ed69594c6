"""Leads: added once, answered, qualified into account, contact and deal, or not; what campaigns reached."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sales import services
from sales.models import Account, Activity, Campaign, Contact, Deal, Lead, LeadChange, Task
from sales.selectors import campaigns as of_campaigns
from sales.selectors import leads as selectors
from sales.services import campaigns, leads
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Posting, Role, Team, User
from tests.cast import Cast
from tests.sales.test_pages import NAUGHTY, signed_in

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def add(cast: Cast, **more: Any) -> Lead:
    return leads.add_lead(
        **({"name": "Marta Ruiz", "company": "Brandt Optik", "owner": cast.ana, "by": None, "at": AT} | more)
    )


def test_the_first_activity_with_a_lead_is_its_response_and_later_ones_are_not(cast: Cast) -> None:
    lead = add(cast)
    leads.respond_to_lead(lead=lead, by=cast.ana.user, at=AT + 2 * HOUR, kind="email", notes="Sent the price list")
    leads.respond_to_lead(lead=lead, by=cast.ana.user, at=AT + 5 * HOUR)
    lead.refresh_from_db()
    assert (lead.first_response_at, lead.response_time, lead.status) == (AT + 2 * HOUR, 2 * HOUR, "working")
    assert Activity.objects.filter(lead=lead, owner=cast.ana).count() == 2
    assert LeadChange.objects.filter(lead=lead, field="first_response_at").count() == 1


def test_how_soon_a_lead_was_answered_is_not_its_owners_to_say(cast: Cast) -> None:
    lead = add(cast)
    own = {"lead": lead, "by": cast.ana.user, "at": AT + 4 * HOUR}
    with pytest.raises(Refused, match="Only who leads you"):
        leads.change_lead(**own, received_at=AT + HOUR)
    leads.respond_to_lead(lead=lead, by=cast.ana.user, at=AT + 2 * HOUR)
    with pytest.raises(Refused, match="Only who leads you"):
        leads.change_lead(**own, received_at=AT + 2 * HOUR)
    for by in (cast.ana.user, cast.maya.user):
        with pytest.raises(Refused, match="a lead comes in first"):
            leads.change_lead(lead=lead, by=by, at=AT + 4 * HOUR, received_at=AT + 3 * HOUR)
    with pytest.raises(IntegrityError, match="lead_is_answered_after_it_came_in"), transaction.atomic():
        Lead.objects.update(received_at=AT + 3 * HOUR)
    assert leads.change_lead(**own, received_at=AT - HOUR).response_time == 3 * HOUR
    corrected = leads.change_lead(lead=lead, by=cast.maya.user, at=AT + 4 * HOUR, received_at=AT + HOUR)
    assert corrected.response_time == HOUR


def test_a_lead_saved_as_it_is_shown_came_in_when_it_did(cast: Cast) -> None:
    lead = add(cast, at=AT + timedelta(seconds=42))
    shown = {"name": lead.name, "owner": cast.ana.pk, "received_at": "2026-07-01T11:00", "notes": "Called"}
    said = {f"change-{name}": value for name, value in shown.items()}
    assert signed_in(cast.ana).post(f"/leads/{lead.pk}/change/", said).status_code == 303
    lead.refresh_from_db()
    assert (lead.notes, lead.received_at) == ("Called", AT + timedelta(seconds=42))


def test_an_activity_with_the_contact_of_a_lead_answers_it(cast: Cast) -> None:
    contact = Contact.objects.create(name="Marta Ruiz", made_by=cast.ana)
    lead = add(cast, contact=contact)
    services.log_activity(owner=cast.ana, kind="task", at=AT + HOUR, by=None, contact=contact)
    services.log_activity(owner=cast.ana, kind="call", at=AT - HOUR, by=None, contact=contact)
    lead.refresh_from_db()
    assert lead.first_response_at is None
    services.log_activity(owner=cast.ana, kind="call", at=AT + 3 * HOUR, by=None, contact=contact)
    lead.refresh_from_db()
    assert lead.first_response_at == AT + 3 * HOUR


def test_a_qualified_lead_is_an_account_a_contact_and_a_deal_and_its_story_goes_along(cast: Cast) -> None:
    lead = add(cast, email="marta@example.com", industry="Water", country="DE", source="Trade fair")
    leads.respond_to_lead(lead=lead, by=cast.ana.user, at=AT + HOUR)
    services.add_task(owner=cast.ana, text="Send the offer", due_on=date(2026, 7, 3), by=None, lead=lead)
    leads.qualify_lead(lead=lead, by=cast.ana.user, at=AT + 2 * HOUR, on=date(2026, 7, 1), amount=Decimal(900))
    lead.refresh_from_db()
    account, contact, deal = Account.objects.get(), Contact.objects.get(), Deal.objects.get()
    assert (lead.account, lead.contact, lead.deal, lead.status) == (account, contact, deal, "qualified")
    assert (account.name, account.industry, account.owner) == ("Brandt Optik", "Water", cast.ana)
    assert (contact.name, contact.email, contact.account) == ("Marta Ruiz", "marta@example.com", account)
    assert (deal.amount, deal.source, deal.contact, deal.owner) == (900, "Trade fair", contact, cast.ana)
    assert (Activity.objects.get().deal, Activity.objects.get().contact) == (deal, contact)
    assert Task.objects.get().deal == deal


def test_qualified_into_an_account_that_stands_a_known_contact_is_not_made_twice(cast: Cast) -> None:
    account = services.add_account(name="Brandt Optik", owner=cast.ana, by=None)
    known = services.add_contact(name="M. Ruiz", by=None, account=account, email="Marta@example.com")
    lead = add(cast, email="marta@example.com")
    leads.qualify_lead(lead=lead, by=cast.ana.user, at=AT, on=date(2026, 7, 1), account=account)
    lead.refresh_from_db()
    assert (lead.account, lead.contact) == (account, known)
    assert Contact.objects.count() == 1


def test_a_qualification_that_is_refused_leaves_nothing_behind(cast: Cast) -> None:
    lead = add(cast)
    with pytest.raises(Refused):
        leads.qualify_lead(lead=lead, by=cast.ana.user, at=AT, on=date(2026, 7, 1), amount=Decimal(-1))
    assert not Account.objects.exists()
    assert not Contact.objects.exists()
    with pytest.raises(Refused, match="Nobody has this lead"):
        leads.qualify_lead(lead=add(cast, owner=None), by=cast.maya.user, at=AT, on=date(2026, 7, 1))


def test_a_disqualified_lead_says_why_and_may_be_reopened(cast: Cast) -> None:
    lead = leads.disqualify_lead(lead=add(cast), reason="no_budget", note="Next year", by=cast.ana.user, at=AT)
    assert (lead.status, lead.disqualified_for, lead.decided_at) == ("disqualified", "no_budget", AT)
    with pytest.raises(Refused, match="reopen it first"):
        leads.qualify_lead(lead=lead, by=None, at=AT, on=date(2026, 7, 1))
    lead = leads.reopen_lead(lead=lead, by=cast.ana.user, at=AT + HOUR)
    assert (lead.status, lead.disqualified_for, lead.decided_at) == ("working", "", None)
    reasons = LeadChange.objects.filter(lead=lead, field="status").order_by("pk").values_list("value", "reason")
    assert list(reasons) == [("new", ""), ("disqualified", "No budget: Next year"), ("working", "Reopened")]


def test_a_qualified_lead_is_not_reopened_while_its_deal_stands(cast: Cast) -> None:
    lead = leads.qualify_lead(lead=add(cast), by=None, at=AT, on=date(2026, 7, 1))
    with pytest.raises(Refused, match="can't be a lead again"):
        leads.reopen_lead(lead=lead, by=None, at=AT)
    services.withdraw_deal(deal=lead.deal, by=None, at=AT)
    assert leads.reopen_lead(lead=lead, by=None, at=AT).status == "working"


def test_a_stale_form_is_refused_and_says_who_was_quicker(cast: Cast) -> None:
    lead = add(cast, campaign=campaigns.add_campaign(by=None, name="Fair"))
    leads.change_lead(lead=lead, by=cast.maya.user, at=AT, company="Brandt AG", version=1)
    with pytest.raises(Stale, match="Maya changed this lead"):
        leads.change_lead(lead=lead, by=cast.ana.user, at=AT, company="Brandt SE", version=1)


def test_nobody_gives_a_lead_to_people_of_others(cast: Cast) -> None:
    with pytest.raises(Refused):
        leads.change_lead(lead=add(cast), by=cast.ana.user, at=AT, owner=cast.cleo)
    with pytest.raises(Refused):
        add(cast, by=cast.ana.user, owner=cast.ben)
    with pytest.raises(Refused):
        leads.change_lead(lead=add(cast), by=cast.omar.user, at=AT, company="Mine now")


def test_what_no_rule_places_team_leaders_see_and_take(cast: Cast) -> None:
    lead = add(cast, owner=None)
    seen = {
        who.name
        for who in (cast.ana, cast.maya, cast.omar, cast.vera, cast.olga)
        if Lead.objects.visible_to(who.user).exists()
    }
    assert seen == {"Maya", "Omar", "Vera", "Olga"}
    assert leads.change_lead(lead=lead, by=cast.omar.user, at=AT, owner=cast.cleo).owner == cast.cleo


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lead_that_looks_like_somebody_known_is_asked_about_once(cast: Cast) -> None:
    client = signed_in(cast.ana)
    services.add_account(name="Brandt Optik GmbH", owner=cast.ana, by=None)
    said = {"name": "Marta Ruiz", "company": "Brandt Optik", "owner": cast.ana.pk}
    answer = client.post("/leads/add/", said)
    assert answer.status_code == 422
    assert "the account" in answer.content.decode()
    assert not Lead.objects.exists()
    assert client.post("/leads/add/", said | {"is_another": "on"}).status_code == 303
    assert Lead.objects.get().owner == cast.ana


def test_the_question_gives_nobody_away_whom_one_does_not_see(cast: Cast) -> None:
    services.add_account(name="Brandt Optik", owner=cast.cleo, by=None)
    add(cast, owner=cast.cleo, email="marta@example.com")
    said = {"name": "Marta Ruiz", "company": "Brandt Optik", "email": "marta@example.com", "owner": cast.ana.pk}
    assert signed_in(cast.ana).post("/leads/add/", said).status_code == 303


def test_a_double_submit_adds_one_lead(cast: Cast) -> None:
    client = signed_in(cast.ana)
    said = {"name": "Marta Ruiz", "owner": cast.ana.pk, "idempotency_key": "k"}
    assert [client.post("/leads/add/", said).status_code for _ in range(2)] == [303, 303]
    assert Lead.objects.count() == 1


def test_the_acts_of_a_lead_by_plain_forms(cast: Cast) -> None:
    lead = add(cast)
    client, page = signed_in(cast.ana), f"/leads/{lead.pk}/"
    assert client.post(f"{page}respond/", {"respond-kind": "call", "respond-version": 1}).status_code == 303
    assert client.post("/tasks/add/", {"lead": lead.pk, "text": "Call", "when": "week"}).status_code == 303
    assert Task.objects.get().lead == lead
    answer = client.post(f"{page}disqualify/", {"disqualify-reason": ""})
    assert answer.status_code == 422
    assert "Say why." in answer.content.decode()
    stage = services.first_stage()
    said = {"qualify-stage": stage.pk, "qualify-currency": "EUR", "qualify-amount": "1200"}
    stale = client.post(f"{page}qualify/", said | {"qualify-version": 1})
    assert stale.status_code == 422
    assert "changed this lead" in stale.content.decode()
    lead.refresh_from_db()
    assert client.post(f"{page}qualify/", said | {"qualify-version": lead.version}).status_code == 303
    lead.refresh_from_db()
    assert lead.deal.amount == 1200
    shown = client.get(page).content.decode()
    assert "qualified on" in shown
    assert lead.deal.name in shown


@pytest.mark.parametrize("text", NAUGHTY)
def test_bad_input_is_a_sentence_and_never_an_error(cast: Cast, text: str) -> None:
    client, lead = signed_in(cast.ana), add(cast)
    fields: tuple[str, ...]
    fields = ("name", "company", "email", "employees", "owner", "campaign", "received_at", "referrer", "territory")
    assert client.post("/leads/add/", dict.fromkeys(fields, text)).status_code == 422
    for act, prefix, fields in (
        ("change", "change", ("name", "version", "owner")),
        ("respond", "respond", ("kind", "occurred_at", "version")),
        ("qualify", "qualify", ("account", "stage", "amount", "currency", "expected_close_on")),
        ("disqualify", "disqualify", ("reason", "note")),
    ):
        answer = client.post(f"/leads/{lead.pk}/{act}/", {f"{prefix}-{field}": text for field in fields})
        assert answer.status_code in {303, 422}
    asked = dict.fromkeys(("text", "status", "source", "campaign", "owner", "reach", "cursor"), text)
    assert client.get("/leads/", asked).status_code == 200


def test_others_leads_are_in_no_list_count_or_export(cast: Cast) -> None:
    lead = add(cast)
    for who in (cast.ben, cast.cleo, cast.omar):
        client = signed_in(who)
        assert client.get(f"/leads/{lead.pk}/").status_code == 404
        for url in ("/leads/?status=all", "/leads/?text=Marta", "/leads/?export=csv&status=all"):
            assert "Brandt" not in client.get(url).getvalue().decode()
    assert "Brandt Optik" in signed_in(cast.ana).get("/leads/?export=csv").getvalue().decode()


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


MOST_QUERIES = {"/leads/": 12, "/campaigns/": 9, "/referrals/": 12, "/repeat/": 11, "/gifts/": 12}


@pytest.mark.parametrize("url", MOST_QUERIES)
def test_the_lists_cost_a_fixed_number_of_queries(cast: Cast, url: str) -> None:
    campaign = campaigns.add_campaign(by=None, name="Fair")
    add(cast, campaign=campaign)
    client = signed_in(cast.maya)
    client.get(url)
    few = queries(client, url)
    for number in range(6):
        add(cast, campaign=campaigns.add_campaign(by=None, name=f"Fair {number}"), company=f"C {number}")
    assert queries(client, url) == few <= MOST_QUERIES[url]


def test_the_page_of_a_lead_costs_a_fixed_number_of_queries(cast: Cast) -> None:
    lead = add(cast)
    client = signed_in(cast.ana)
    client.get(f"/leads/{lead.pk}/")
    few = queries(client, f"/leads/{lead.pk}/")
    for hours in range(1, 6):
        leads.respond_to_lead(lead=lead, by=cast.ana.user, at=AT + hours * HOUR)
    assert queries(client, f"/leads/{lead.pk}/") <= few + 1 <= 25


# ── Campaigns ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    return campaigns.add_campaign(
        by=cast.olga.user,
        name="Water fair",
        industries=["Water", "Energy"],
        countries=["DE"],
        least_employees=50,
        most_employees=500,
        cost=Decimal(1000),
    )


def test_whether_a_campaign_reached_whom_it_was_meant_for(cast: Cast, campaign: Campaign) -> None:
    for industry, country, employees in (
        ("water", "de", 50),  # whatever the case, the bounds included
        ("Energy", "DE", 500),
        ("Paper", "DE", 100),  # another industry
        ("Water", "", 501),  # too large, whatever the country
        ("Water", "DE", None),  # unknown size
        ("", "", None),
    ):
        add(cast, industry=industry, country=country, employees=employees, campaign=campaign)
    [reach] = of_campaigns.reached(cast.olga.user, [campaign])
    assert (reach.leads, reach.inside, reach.outside, reach.unknown) == (6, 2, 2, 2)
    assert (reach.share_inside, reach.cost_per_lead) == (Decimal("0.5"), Decimal(1000) / 6)
    outside = selectors.leads(cast.olga.user, selectors.LeadFilter(campaign=campaign.pk, reach="outside"))
    assert {lead.employees for lead in outside} == {100, 501}


def test_without_an_audience_everybody_was_meant(cast: Cast) -> None:
    open_to_all = campaigns.add_campaign(by=None, name="Anybody")
    add(cast, campaign=open_to_all)
    [reach] = of_campaigns.reached(cast.olga.user, [open_to_all])
    assert (reach.inside, reach.outside, reach.unknown) == (1, 0, 0)


def test_what_a_campaign_led_to(cast: Cast, campaign: Campaign) -> None:
    won, lost, silent = (add(cast, campaign=campaign, company=f"C {number}") for number in range(3))
    for lead, hours in ((won, 2), (lost, 4)):
        leads.respond_to_lead(lead=lead, by=None, at=AT + hours * HOUR)
    lead = leads.qualify_lead(lead=won, by=None, at=AT + 5 * HOUR, on=date(2026, 7, 1), amount=Decimal(5000))
    services.win_deal(deal=lead.deal, by=None, at=AT + 6 * HOUR, on=date(2026, 7, 1))
    leads.disqualify_lead(lead=lost, reason="bad_fit", by=None, at=AT)
    [reach] = of_campaigns.reached(cast.vera.user, [campaign])
    assert (reach.qualified, reach.disqualified, reach.waiting, reach.won, reach.won_amount) == (1, 1, 1, 1, 5000)
    assert (reach.median_response, reach.cost_per_qualified) == (3 * HOUR, 1000)
    assert silent.first_response_at is None


def test_marketing_sees_totals_and_a_rep_their_own_leads(cast: Cast, campaign: Campaign) -> None:
    marketing = Team.objects.create(name="Product marketing", parent=cast.company)
    Posting.objects.filter(person=cast.ben).update(team=marketing, role=Role.DEPARTMENT)
    add(cast, campaign=campaign)
    add(cast, campaign=campaign, owner=cast.cleo)
    counted = {}
    for who in (cast.ana, cast.maya, cast.ben, cast.vera, cast.olga):
        [reach] = of_campaigns.reached(User.objects.get(username=who.user.username), [campaign])
        counted[who.name] = (reach.leads, reach.cost_per_lead)
    assert counted == {"Ana": (1, None), "Maya": (1, None), "Ben": (2, 500), "Vera": (2, 500), "Olga": (2, 500)}
    assert not Lead.objects.visible_to(User.objects.get(username="ben")).exists()
    page = signed_in(User.objects.get(username="ben")).get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "Marta" not in page


def test_campaigns_are_run_by_marketing_operations_and_admin(cast: Cast, campaign: Campaign) -> None:
    with pytest.raises(Refused):
        campaigns.add_campaign(by=cast.ana.user, name="Mine")
    with pytest.raises(Refused, match="called “Water fair” already"):
        campaigns.add_campaign(by=cast.olga.user, name=" Water fair")
    client = signed_in(cast.olga)
    said = {"name": "Open day", "industries": "Water, Energy,, Water", "least_employees": "9", "most_employees": "3"}
    answer = client.post("/campaigns/add/", said)
    assert answer.status_code == 422
    assert "the second number is the larger" in answer.content.decode()
    assert client.post("/campaigns/add/", said | {"most_employees": "30"}).status_code == 303
    assert Campaign.objects.get(name="Open day").industries == ["Water", "Energy"]


# ── API ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def call(client: Client, path: str, body: Any, verb: str = "post") -> Any:
    return getattr(client, verb)(f"/api/v1/{path}", body, content_type="application/json")


def test_leads_by_the_api(cast: Cast) -> None:
    client = signed_in(cast.ana)
    made = call(client, "leads/", {"name": "Marta Ruiz", "owner": cast.ana.pk, "company": "Brandt"})
    assert made.status_code == 201
    path = f"leads/{made.json()['id']}/"
    assert call(client, f"{path}respond/", {"kind": "call"}).json()["first_response_at"]
    assert call(client, path, {"industry": "Water", "version": 1}, "patch").status_code == 409
    qualified = call(client, f"{path}qualify/", {"amount": "900.00", "stage": services.first_stage().name})
    assert (qualified.status_code, qualified.json()["status"]) == (200, "qualified")
    assert call(client, f"{path}disqualify/", {"reason": "no_budget"}).status_code == 409
    assert call(client, f"{path}disqualify/", {"reason": "dull"}).status_code == 400
    assert call(signed_in(cast.cleo), f"{path}reopen/", {}).status_code == 404
    assert client.get("/api/v1/leads/", {"status": "qualified"}).json()["results"][0]["company"] == "Brandt"
    assert client.get("/api/v1/leads/", {"unassigned": "true"}).json()["results"] == []
    assert call(client, "leads/", {"name": "X", "status": "qualified"}).json()["errors"][0]["field"] == "status"


def test_a_campaign_in_the_api_says_whom_it_reached(cast: Cast, campaign: Campaign) -> None:
    add(cast, campaign=campaign, industry="Paper")
    found = signed_in(cast.olga).get(f"/api/v1/campaigns/{campaign.pk}/").json()
    assert (found["reach"]["leads"], found["reach"]["outside"]) == (1, 1)
    assert call(signed_in(cast.ana), "campaigns/", {"name": "Mine"}).status_code == 409
