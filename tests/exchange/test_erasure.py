"""Edge case “Deleting people”: leavers are deactivated, their numbers stay; personal data goes on request."""

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from coaching.models import ActionItem, Case, Meeting, MeetingPoint, Note
from performance.models import Flag, FlagEvent, Report, Rollup
from sales import services as sales
from sales.models import Account, Activity, Contact, Credit, InboundMail, Lead, Order, Task
from sales.services import leads
from salesmgmt.desk.drains import drain_topic, topics
from salesmgmt.desk.models import AuditEntry, Delivery, Erasure, Notice
from salesmgmt.exchange.models import Batch
from salesmgmt.exchange.services.erasing import WORDS, erase
from salesmgmt.exchange.services.own_data import tables
from salesmgmt.exchange.services.taking import Options, import_file
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from salesmgmt.pages.search import find
from targets.models import Plan, Response
from teams import services as teams
from teams.models import Person, Posting, Skill, SkillRating, User
from tests.cast import Cast

NAME, EMAIL, PHONE = "Eva Brandt-Özil", "eva.brandt@optik.example", "+49 30 901820"
TODAY = date(2026, 11, 22)


def now() -> datetime:
    return clock.now()


def taken(kind: str, text: str, by: User | None) -> Any:
    return import_file(
        kind=kind, file=io.BytesIO(text.encode()), name=f"{kind}.csv", options=Options(), by=by, at=now()
    )  # fmt: skip


def everything() -> str:
    """Every row of every table as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = [name for (name,) in cursor.fetchall()]
        said = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            said += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(said)


def where(text: str) -> list[str]:
    return [line[:300] for line in everything().splitlines() if text.casefold() in line.casefold()]


def figures() -> list[Any]:
    for topic in topics():
        drain_topic(topic)
    rollups = Rollup.objects.order_by("pk").values_list("person", "team", "measure", "on", "total", "count")
    return [*rollups, *Credit.objects.order_by("pk").values_list("pk", "person", "reporting_amount")]


@pytest.fixture
def eva(cast: Cast) -> Contact:
    """A contact of whom much is known: from a file, by hand, by mail, in notes, tasks, notices and the audit."""
    ana, by = cast.ana, cast.ana.user
    Account.objects.create(name="Brandt Optik", external_id="A-1", owner=ana)
    taken("contacts", f"external_id,name,email,phone,account\nC-1,{NAME},{EMAIL},,A-1\n", cast.admin)
    taken("contacts", f"external_id,name,email,phone,account\nC-1,{NAME},{EMAIL},{PHONE},A-1\n", cast.admin)
    taken("contacts", f"external_id,name,email,account\nC-9,{NAME},{EMAIL},Nobody knows it\n", cast.admin)
    batch = Batch.objects.earliest("pk")
    batch.file.save("contacts.csv", ContentFile(EMAIL.encode()))
    eva = Contact.objects.get(external_id="C-1")
    sales.change_contact(contact=eva, by=by, birthday=date(1980, 2, 29), preferences="Never before ten", title="Buyer")
    assert eva.account
    deal = sales.open_deal(
        owner=ana, name=f"Lenses for {NAME}", account=eva.account, amount=Decimal(900), by=by, at=now(), contact=eva
    )
    sales.win_deal(deal=deal, by=by, at=now(), on=TODAY)
    order = Order.objects.get(deal=deal)
    sales.refund_order(order=order, amount=Decimal(100), on=TODAY, reason=f"{NAME} sent one back", by=by, at=now())
    sales.log_activity(
        owner=ana, kind="call", at=now(), by=by, account=eva.account, contact=eva, notes="Her knee is being operated on"
    )
    sales.log_activity(owner=ana, kind="call", at=now(), by=by, account=eva.account, notes=f"Ask {NAME.upper()} again.")
    InboundMail.objects.create(
        message_id="<1@x>", owner=ana, received_at=now(), sender="ana@example.com", addresses=[EMAIL], subject="Knee",
        text="Get well soon", problem=f"Two have the address {EMAIL}.",
    )  # fmt: skip
    sales.add_market_note(text=f"{NAME} buys elsewhere.", owner=ana, by=by, at=now(), account=eva.account)
    Notice.objects.create(user=cast.ana.user, text=f"Call {NAME}", at=now())
    LogEntry.objects.create(user=cast.admin, object_repr=NAME, action_flag=2, action_time=now())
    lead = leads.add_lead(name=NAME, owner=ana, by=None, at=now(), email=EMAIL, notes="Rides horses", phone=PHONE)
    Lead.objects.filter(pk=lead.pk).update(contact=eva)
    return eva


def erased(record: Contact | Lead | Person, noun: str, by: User) -> Erasure:
    return erase(noun=noun, pk=record.pk, by=by, at=now(), on=TODAY, reason=f"Letter of {NAME}")


def test_deleting_people_erases_a_contact_everywhere_and_keeps_the_amounts(cast: Cast, eva: Contact) -> None:
    before = figures()
    made = erased(eva, "contact", cast.admin)
    for gone in (NAME, EMAIL, PHONE, "knee", "horses", "Get well", "Never before ten", "1980-02-29", "C-1"):
        assert where(gone) == []
    assert figures() == before
    call_command("rebuild_rollups", "--check")
    eva.refresh_from_db()
    assert (eva.name, eva.external_id, eva.withdrawn_at is not None) == (f"Erased contact {eva.pk}", None, True)
    assert Activity.objects.filter(contact=eva).count() == 1
    assert Lead.objects.get().name.startswith("Erased lead")
    assert AuditEntry.objects.filter(table="sales_contact", row_id=eva.pk).exists()
    assert (made.by_id, made.reason) == (cast.admin.pk, "Letter of erased")
    assert made.touched["sales_activity"] == 1
    assert not Batch.objects.exclude(file="").exists()


def test_deleting_people_leaves_no_trace_in_the_search(cast: Cast, eva: Contact) -> None:
    def found() -> list[str]:
        return [hit.text for hit in find(cast.admin, "özil")]

    assert found()
    erased(eva, "contact", cast.admin)
    assert not found()


def test_a_file_does_not_bring_an_erased_person_back(cast: Cast, eva: Contact) -> None:
    erased(eva, "contact", cast.admin)
    for row in (f"C-1,{NAME},,A-1", f"C-77,Eva,{EMAIL.upper()},A-1"):
        answer = taken(
            "contacts", f"external_id,name,email,account\n{row}\nC-2,Otto Wald,otto@x.example,A-1\n", cast.admin
        )
        assert answer.refused == 1
        assert "erased on request" in answer.refusals[0].reason
    assert not Contact.objects.present().filter(name__startswith="Eva").exists()


def test_what_a_namesake_and_a_shared_mailbox_say_stays(cast: Cast, eva: Contact) -> None:
    twin = sales.add_contact(name=NAME, account=eva.account, by=None, email="eva@other.example")
    mate = sales.add_contact(name="Otto Wald", account=eva.account, by=None, email=EMAIL)
    erased(eva, "contact", cast.admin)
    twin.refresh_from_db()
    mate.refresh_from_db()
    assert (twin.name, mate.email) == (NAME, EMAIL)
    assert Activity.objects.filter(notes__contains=NAME.upper()).exists()


def test_somebody_who_left_is_erased_with_their_login_and_their_numbers_stay(cast: Cast) -> None:
    ben = cast.ben
    teams.change_person(
        person=ben, by=None, name="Benedikt Sauer", birthday=date(1990, 5, 7), email="ben.sauer@x.example"
    )
    account = Account.objects.create(name="Brandt Optik", owner=ben)
    deal = sales.open_deal(owner=ben, name="Probes", account=account, amount=Decimal(900), by=ben.user, at=now())
    sales.win_deal(deal=deal, by=ben.user, at=now(), on=TODAY)
    Note.objects.create(person=ben, author=cast.maya, text="Going through a divorce", at=now())
    Notice.objects.create(user=cast.maya.user, text="Benedikt Sauer is behind", at=now())
    with pytest.raises(Refused, match="still works here"):
        erased(ben, "person", cast.admin)
    teams.end_employment(person=ben, on=TODAY, by=None)
    before = figures()
    erased(ben, "person", cast.admin)
    for gone in ("Benedikt", "Sauer", "1990-05-07", "divorce", "E-Ben", "ben@example.com"):
        assert where(gone) == []
    assert figures() == before
    call_command("rebuild_rollups", "--check")
    ben.refresh_from_db()
    assert ben.name == f"Erased person {ben.pk}"
    assert (ben.user.is_active, ben.user.username) == (False, f"erased-{ben.user_id}")
    assert Posting.objects.filter(person=ben).exists()
    assert taken("people", "external_id,name\nE-Ben,Ben\n", cast.admin).refused == 1


BLANKED = {  # by the services of coaching
    "ActionItem": "text result", "AgendaItem": "text link", "Case": "subject result evidence", "CaseChange": "what",
    "CaseStatement": "text", "CoachingPlan": "text", "CoachingPlanChange": "what", "Decision": "reasons",
    "DevelopmentPlan": "aim path", "DiagnosisStep": "reason evidence reopened_because not_asked_because",
    "Enrolment": "reason", "Evidence": "text", "Exit": "interview lesson", "Goal": "text wanted",
    "Ladder": "reason closing", "LadderDecision": "reason answer", "LadderEvent": "text",
    "LadderStep": "text result", "MeetingQuestion": "text answer", "Mentorship": "focus", "Note": "text",
    "OneOnOneChange": "reason", "Question": "text answer", "Remedy": "text", "Statement": "text",
    "StepReading": "comment", "StepSupport": "text",
}  # fmt: skip
STAYS = {  # and why: taken out of them is the name alone
    "about customers": (
        "sales.Account sales.AccountOwnership sales.Activity sales.ActivityTemplate sales.AssignmentRule "
        "sales.Complaint sales.Contract sales.Deal sales.Feedback sales.Gift sales.InboundMail sales.Lead "
        "sales.MarketNote sales.Order sales.Recommendation sales.Referral sales.Task"
    ),
    "made for all": (
        "coaching.Course coaching.CourseEffect coaching.GrowthStep coaching.Lesson coaching.OnboardingStep "
        "coaching.Play coaching.PlayChange coaching.PlayComment coaching.PlayVersion coaching.QuizQuestion"
    ),
    "why amounts are what they are": (
        "sales.Credit sales.Outcome targets.QuotaEntry targets.AllocationReason recognition.PersonalBest"
    ),
    "praise, of nobody one knows": "recognition.Award recognition.Kudos",
    "codes, no words": "coaching.StepGoal teams.Posting coaching.Decider",
    "deleted": "desk.Delivery desk.Notice desk.NoticeChoice desk.SavedView desk.Token sales.FeedbackRequest",
}
CODES = {"about", "measure", "period", "currency", "zone", "peers", "content", "link", "title", "facts", "activities",
         "key", "moved", "external_id", "ramp", "working_week", "path"}  # fmt: skip


def test_every_column_of_words_about_people_is_blanked_or_stays_for_a_reason() -> None:
    stays, left = {label for labels in STAYS.values() for label in labels.split()}, {}
    for table in tables():
        if not table.about or table.label in stays:
            continue
        said = {
            str(one.name)
            for one in table.model._meta.concrete_fields
            if one.get_internal_type() in {"CharField", "TextField", "JSONField", "ArrayField"} and not one.choices
        }
        gone = {*WORDS.get(table.label, ()), *BLANKED.get(table.label.removeprefix("coaching."), "").split()}
        left[table.label] = said - gone - CODES
    assert {label: names for label, names in left.items() if names} == {}


def test_what_was_said_about_somebody_who_left_goes_with_them(cast: Cast) -> None:
    ben, by, at = cast.ben, cast.maya.user, now()
    said = [f"private {name} words" for name in "ABCDEFGHI"]
    flag = Flag.objects.create(
        person=ben, team=cast.north, measure="bookings", period="2026-Q4", raised_on=TODAY, behind_since=TODAY,
        expected=100, actual=60, gap=40, severity="behind", cause="activity", sentence=said[0], as_of=TODAY,
        expires_on=TODAY,
    )  # fmt: skip
    FlagEvent.objects.create(flag=flag, kind="answered", text=said[1], at=at)
    SkillRating.objects.create(
        person=ben,
        skill=Skill.objects.create(name="Asking"),
        is_own=False,
        score=2,
        note=said[2],
        contest=said[3],
        at=at,
    )
    case = Case.objects.create(
        person=ben, owner=cast.maya, flag=flag, subject=said[0], opened_at=at, due_on=TODAY, result=said[4]
    )
    Task.objects.create(owner=cast.maya, text="Close", due_on=TODAY, reason=said[0], link=f"/cases/{case.pk}/")
    meeting = Meeting.objects.create(team=cast.north, chair=cast.maya, title="Monday", starts_at=at, planned_at=at)
    item = ActionItem.objects.create(
        person=ben, owner=ben, coach=cast.maya, text=said[5], due_on=TODAY, made_at=at, meeting=meeting
    )
    MeetingPoint.objects.create(
        meeting=meeting, source="promise", about=f"promise:{item.pk}", text=f"Ben: {said[5]}", position=1
    )
    plan = Plan.objects.create(name="2026", during=half_open(date(2026, 1, 1), date(2027, 1, 1)), amount=1, made_at=at)
    Response.objects.create(
        plan=plan, person=ben, stance="objects", quota=1, strategy_version=1, approach=said[6], statement=said[7], at=at
    )
    Delivery.objects.create(key="x", user=ben.user, text=said[8], due_at=at)
    Case.objects.filter(pk=case.pk).update(result=said[3])
    figures = {"people": [{"pk": ben.pk, "name": "Ben"}, {"pk": cast.ana.pk, "name": "Ana"}]}
    Report.objects.create(
        team=cast.north, period="2026-10", made_at=at, due_on=TODAY, comment=f"With {ben.email} away.", as_of=TODAY,
        sent_at=at, figures=figures,
    )  # fmt: skip
    teams.end_employment(person=ben, on=TODAY, by=by)
    assert {text for text in said if where(text)} == set(said)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        erased(ben, "person", cast.admin)
        cursor.execute("RESET ROLE")
    assert [text for text in said if where(text)] == []
    report = Report.objects.get()
    assert [part["name"] for part in report.figures["people"]] == [f"Erased person {ben.pk}", "Ana"]
    assert (report.comment, report.sent_at) == ("With erased away.", at)
    answer = Response.objects.get()
    assert (answer.approach, answer.help_needed, answer.statement) == ("Erased", "", "Erased")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT desk_blank('desk_auditentry', '{1}', '{operation}')")


def test_only_an_admin_erases_and_says_why(cast: Cast, eva: Contact) -> None:
    assert cast.olga.user
    with pytest.raises(Refused, match="Only an admin"):
        erased(eva, "contact", cast.olga.user)
    with pytest.raises(Refused, match="Say who asked"):
        erase(noun="contact", pk=eva.pk, by=cast.admin, at=now(), on=TODAY, reason=" ")
    assert Contact.objects.get(pk=eva.pk).name == NAME


def test_the_command_needs_the_name_as_it_stands(cast: Cast, eva: Contact) -> None:
    with pytest.raises(CommandError, match="is not called"):
        call_command("erase_person", "contact", str(eva.pk), name="Eva", reason="Letter")
    call_command("erase_person", "contact", str(eva.pk), name=NAME, reason="Letter", stdout=io.StringIO())
    assert where(NAME) == []


def test_the_application_erases_by_the_owners_function_alone(cast: Cast, eva: Contact) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        erased(eva, "contact", cast.admin)
        cursor.execute("RESET ROLE")
    assert where(EMAIL) == []
    for statement in ("UPDATE desk_erasure SET reason = 'x'", "DELETE FROM desk_erasure"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE desk_auditentry SET user_id = 1")


def test_the_page_asks_for_the_name_before_it_erases(cast: Cast, eva: Contact, client: Client) -> None:
    client.force_login(cast.admin, backend="django.contrib.auth.backends.ModelBackend")
    page = f"/erasures/contact/{eva.pk}/"
    assert f"Type “{NAME}”." in client.get(page).content.decode()
    answer = client.post(page, {"name": "Eva", "reason": "Letter"})
    assert answer.status_code == 422
    assert "“Eva” is not the name" in answer.content.decode()
    assert client.post(page, {"name": NAME, "reason": ""}).status_code == 422
    assert Contact.objects.get(pk=eva.pk).name == NAME
    assert client.post(page, {"name": NAME, "reason": "Letter"}).status_code == 303
    assert where(NAME) == []
    assert "Letter" in client.get("/erasures/").content.decode()
    assert client.get("/erasures/team/1/").status_code == 404
