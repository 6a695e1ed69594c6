"""People's rights: what is shown of them, who looked, what is stored, and for how long."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client

from coaching.models import (
    ActionItem,
    AgendaItem,
    Case,
    Course,
    CourseVersion,
    DevelopmentPlan,
    DiagnosisStep,
    Enrolment,
    Meeting,
    MeetingPoint,
    MeetingQuestion,
    Mentorship,
    Note,
    OneOnOne,
)
from coaching.selectors import usable_measures
from performance.models import Flag
from performance.selectors.scorecards import scorable
from performance.services import define_measure
from sales.models import Task
from salesmgmt.desk.erasure import Forgotten
from salesmgmt.desk.expiry import Expiry, expiries, forget_expired, set_retention
from salesmgmt.desk.models import AuditEntry, Erasure, Notice, Retention
from salesmgmt.exchange.kinds import STAYS, kinds
from salesmgmt.exchange.services import own_data
from salesmgmt.exchange.services.own_data import LEFT_OUT, archive, names_people, tables
from salesmgmt.exchange.tasks import pack_own_data
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import (
    DataCopy,
    Leadership,
    Leave,
    LeaveKind,
    Look,
    Organisation,
    Person,
    Posting,
    Showing,
    Skill,
    SkillRating,
    User,
    access_of,
)
from teams.selectors import hidden_of, told_of
from teams.services import contest_rating
from tests.answers import content_of
from tests.cast import SINCE, Cast

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = date(2026, 11, 20)


def signed_in(person: Person | User) -> Client:
    client = Client()
    user = person if isinstance(person, User) else person.user
    assert user is not None
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def a_flag(cast: Cast, person: Person) -> Flag:
    return Flag.objects.create(
        person=person, team=cast.north, measure="bookings", period="2026-Q4", raised_on=TODAY, behind_since=TODAY,
        expected=100, actual=60, gap=40, severity="behind", cause="activity", sentence="Fewer meetings.", p_miss="0.7",
        as_of=TODAY, expires_on=TODAY + timedelta(days=21),
    )  # fmt: skip


# ── Who looked at my figures ────────────────────────────────────────────────────────────────────────────────────


def test_who_opens_a_page_about_somebody_is_written_down_once_a_day_for_each_kind_of_page(cast: Cast) -> None:
    maya, flag = signed_in(cast.maya), a_flag(cast, cast.ana)
    for path in (
        f"/people/{cast.ana.pk}/", f"/people/{cast.ana.pk}/", f"/flags/{flag.pk}/", f"/quotas/{cast.ana.pk}/",
        f"/scorecards/{cast.ana.pk}/", f"/people/{cast.ana.pk}/skills/", "/records/?of=person:E-Ana",
        "/levers/?of=person:E-Ana", "/pipeline/?of=person:E-Ana", "/calls/?of=person:E-Ana",
        "/api/v1/figures/?of=person:E-Ana&measure=bookings", f"/api/v1/people/{cast.ana.pk}/",
    ):  # fmt: skip
        assert maya.get(path).status_code == 200, path
    seen = Look.objects.filter(person=cast.ana, viewer=cast.maya.user)
    assert sorted(seen.values_list("page", flat=True)) == [
        "calls", "figures", "flag", "levers", "person", "pipeline", "quota", "scorecard", "skills",
    ]  # fmt: skip
    assert Look.objects.exclude(person=cast.ana).count() == 0


def test_lists_of_a_team_own_looks_and_pages_one_may_not_open_are_no_looks(cast: Cast) -> None:
    for path in ("/", "/teams/", f"/teams/{cast.north.pk}/", "/flags/", "/scorecards/", "/forecast/", "/quotas/"):
        signed_in(cast.maya).get(path)
    signed_in(cast.ana).get(f"/people/{cast.ana.pk}/")
    assert signed_in(cast.cleo).get(f"/people/{cast.ana.pk}/").status_code == 404
    assert Look.objects.count() == 0


def test_the_words_of_lists_of_further_gets_and_of_a_form_that_comes_back_are_looked_at_too(cast: Cast) -> None:
    assert cast.maya.user is not None
    maya = signed_in(cast.maya)
    case = Case.objects.create(
        person=cast.ana, owner=cast.maya, source="manager", subject="Few meetings", opened_at=NOW, due_on=TODAY,
    )  # fmt: skip
    DiagnosisStep.objects.create(
        case=case, step="product", is_in=False, reason="Sells well elsewhere.", ruled_at=NOW, ruled_by=cast.maya.user
    )
    plan = DevelopmentPlan.objects.create(person=cast.ana, manager=cast.maya, aim="Lead", review_on=TODAY, made_at=NOW)
    for person in (cast.ana, cast.ben):
        ActionItem.objects.create(
            person=person, owner=cast.maya, coach=cast.maya, text="Listen in", due_on=TODAY, made_at=NOW
        )
    for path, page, people in (
        (f"/api/v1/cases/?person={cast.ana.pk}", "case", {cast.ana}),
        (f"/api/v1/cases/{case.pk}/diagnosis/", "case", {cast.ana}),
        (f"/api/v1/diagnosis-steps/?case={case.pk}", "case", {cast.ana}),
        (f"/api/v1/development-plans/{plan.pk}/", "plan", {cast.ana}),
        ("/api/v1/development-plans/", "plan", {cast.ana}),
        ("/api/v1/action-items/", "talk", {cast.ana, cast.ben}),
        ("/improvement/signs/", "signs", {cast.ana, cast.ben}),
    ):
        Look.objects.all().delete()
        assert maya.get(path).status_code == 200, path
        looks = set(Look.objects.values_list("person", "page"))
        assert looks == {(person.pk, page) for person in people}, path
    Look.objects.all().delete()
    assert maya.post(f"/development/{cast.ana.pk}/save/", {"aim": ""}).status_code == 422
    assert list(Look.objects.values_list("person", "page")) == [(cast.ana.pk, "plan")]
    maya.get("/api/v1/people/")
    assert Look.objects.filter(page="person").count() == 0


def test_only_oneself_reads_who_looked(cast: Cast) -> None:
    signed_in(cast.maya).get(f"/people/{cast.ana.pk}/")
    page = signed_in(cast.ana).get("/me/looks/").content.decode()
    assert "1 person has opened a page about you" in page
    assert "Maya" in page
    for other in (cast.maya, cast.vera, cast.olga):
        assert "Nobody has opened a page about you yet" in signed_in(other).get("/me/looks/").content.decode()
        assert signed_in(other).get("/api/v1/looks/").json()["results"] == []
    assert signed_in(cast.admin).get("/me/looks/").status_code == 404
    assert [row["viewer_name"] for row in signed_in(cast.ana).get("/api/v1/looks/").json()["results"]] == ["Maya"]


# ── What is written of somebody ─────────────────────────────────────────────────────────────────────────────────


def test_what_is_written_of_a_skill_is_for_the_person_who_leads_them_and_executives(cast: Cast) -> None:
    skill = Skill.objects.create(name="Asking")
    rating = SkillRating.objects.create(
        person=cast.ana, skill=skill, is_own=False, score=2, note="Talks too much", at=NOW, by=cast.maya.user
    )
    contest_rating(rating=rating, reason="Not in May", by=cast.ana.user, at=NOW)  # type: ignore[arg-type]
    (entry,) = AuditEntry.objects.filter(table="teams_skillrating")
    assert not {"note", "contest"} & {*entry.before, *entry.after}
    boss = Person.objects.create(external_id="E-Ada", name="Ada", user=cast.admin)
    for who, reads in (
        (cast.ana, True), (cast.maya, True), (cast.vera, True), (cast.olga, False), (cast.admin, False),
    ):  # fmt: skip
        page = signed_in(who).get(f"/people/{cast.ana.pk}/skills/").content.decode()
        assert "2 of 5" in page
        assert ("Talks too much" in page, "Not in May" in page) == (reads, reads), who
    for who in (cast.olga, boss):
        Leadership.objects.filter(team=cast.south).update(person=who)
        for person, may in ((cast.ana, False), (cast.cleo, True)):
            answer = signed_in(who).post(f"/people/{person.pk}/skills/", {"skill": skill.pk, "score": "3"})
            assert answer.status_code == (302 if may else 404), (who, person)


# ── All that is stored about me ─────────────────────────────────────────────────────────────────────────────────


def test_every_table_about_people_is_in_the_archive_or_left_out_with_a_reason() -> None:
    inside = {table.label for table in tables()} | {"teams.Person", "teams.User"}
    about = {
        str(model._meta.label)
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and names_people(model)
    }
    assert about - inside == set(LEFT_OUT) & about
    assert not inside & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def opened(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {
            name: json.loads(packed.read(name)) if name.endswith(".json") else list(
                csv.DictReader(io.StringIO(packed.read(name).decode()))
            )
            for name in packed.namelist()
        }  # fmt: skip


def test_one_takes_along_what_is_stored_about_oneself_and_nobody_elses(cast: Cast) -> None:
    a_flag(cast, cast.ana), a_flag(cast, cast.ben)
    words = {"to me": False, "for Maya alone": True}
    for text, alone in words.items():
        Note.objects.create(person=cast.ana, author=cast.maya, text=text, at=NOW, is_for_author_only=alone)
    Note.objects.create(person=cast.ben, author=cast.maya, text="about Ben", at=NOW)
    assert cast.ana.user is not None
    Notice.objects.create(user=cast.ana.user, text="Told", at=NOW)
    ana = signed_in(cast.ana)
    assert ana.get("/me/data/file/").status_code == 404
    for _ in range(2):
        assert ana.post("/me/data/").status_code == 303
    assert "it is being packed" in ana.get("/me/data/").content.decode()
    assert (pack_own_data(), pack_own_data()) == (1, 0)
    assert Notice.objects.filter(user=cast.ana.user, link="/me/data/").count() == 1
    assert "/me/data/file/" in ana.get("/me/data/").content.decode()
    answer = ana.get("/me/data/file/")
    content = content_of(answer)
    assert answer["Cache-Control"] == "private, no-store"
    for other in (cast.maya, cast.vera, cast.olga, cast.admin):
        assert signed_in(other).get("/me/data/file/").status_code == 404
    found = opened(content)
    assert [row["person"] for row in found["performance.Flag.csv"]] == ["Ana"]
    assert [row["text"] for row in found["coaching.Note.csv"]] == ["to me"]
    assert found["about.json"]["withheld"]["coaching.Note"]["rows"] == 1
    assert [row["text"] for row in found["desk.Notice.csv"]] == ["Told"]
    assert "password" not in found["login.csv"][0]
    text = json.dumps(found)
    assert "for Maya alone" not in text
    assert "about Ben" not in text


def test_what_was_packed_goes_after_seven_days_and_a_new_one_takes_the_place_of_the_last(cast: Cast) -> None:
    kept = []
    for _ in range(2):
        own_data.ask_copy(person=cast.ana, at=NOW)
        assert (own_data.make_copy(at=NOW), own_data.make_copy(at=NOW)) == (1, 0)
        kept.append(DataCopy.objects.get().file)
    assert own_data.forget_copies(at=NOW + timedelta(days=6)) == 0
    assert not DataCopy.objects.visible_to(cast.ana.user).kept(NOW + timedelta(days=7)).exists()  # type: ignore[arg-type]
    assert own_data.forget_copies(at=NOW + timedelta(days=7)) == 1


def test_what_can_not_be_packed_is_said_and_not_tried_each_second(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_data, "archive", lambda **_: 1 / 0)
    own_data.ask_copy(person=cast.ana, at=NOW)
    assert (own_data.make_copy(at=NOW), own_data.make_copy(at=NOW)) == (1, 0)
    assert "could not be packed" in Notice.objects.get().text
    now = clock.now()
    DataCopy.objects.update(made_at=now)
    assert "It could not be packed" in signed_in(cast.ana).get("/me/data/").content.decode()


def test_who_wrote_about_others_takes_along_that_they_did_and_not_the_words(cast: Cast) -> None:
    Note.objects.create(person=cast.ana, author=cast.maya, text="hers", at=NOW)
    whole, told = archive(person=cast.maya, at=NOW)
    with whole:
        found = opened(whole.read())
    assert list(found["coaching.Note (mentioned as author).csv"][0]) == ["id", "at"]
    assert told.rows["coaching.Note (mentioned as author)"] == 1
    assert "hers" not in json.dumps(found)


def test_who_has_left_is_handed_theirs_by_command(cast: Cast, tmp_path: Path) -> None:
    out = tmp_path / "ana.zip"
    call_command("export_person", str(cast.ana.pk), str(out), stdout=io.StringIO())
    assert [row["name"] for row in opened(out.read_bytes())["person.csv"]] == ["Ana"]
    with pytest.raises(CommandError, match="no person 0"):
        call_command("export_person", "0", str(out))


def test_only_who_is_somebody_takes_data_along(cast: Cast) -> None:
    assert signed_in(cast.admin).get("/me/data/").status_code == 404
    assert signed_in(cast.admin).post("/me/data/").status_code == 404
    assert signed_in(cast.ben).get("/me/data/").status_code == 200


def test_words_between_people_are_columns_of_no_export() -> None:
    words = {
        "cases": {"subject", "result"}, "action_items": {"text", "result"}, "enrolments": {"reason"},
        "diagnosis_steps": {"reason", "reopened_because", "not_asked_because"}, "coaching_plans": {"text"},
        "meetings": {"minutes"}, "meeting_points": {"text", "link"}, "meeting_questions": {"text", "answer"},
        "meeting_decisions": {"text", "outcome"}, "skill_ratings": {"note", "contest"},
        "dispute_statements": {"text"}, "dispute_decisions": {"reasons"},
    }  # fmt: skip
    for key, names in words.items():
        assert not names & {one.name for one in kinds()[key].fields}, key
    for model in ("AgendaItem", "CaseChange", "CaseStatement", "Note", "OneOnOneChange", "Question"):
        assert f"coaching.{model}" in STAYS
    assert {one.name for one in kinds()["retention"].fields} >= {"key", "months"}


def test_a_case_travels_with_its_figures_if_it_has_any_and_without_its_words(cast: Cast, tmp_path: Path) -> None:
    both: list[tuple[dict[str, Any] | None, Person]] = [(None, cast.ana), ({"product": {}}, cast.ben)]
    for evidence, person in both:
        case = Case.objects.create(
            person=person, owner=cast.maya, subject="private", opened_at=NOW, due_on=TODAY, evidence=evidence
        )
        ActionItem.objects.create(
            person=person, owner=person, coach=cast.maya, text="private", due_on=TODAY, made_at=NOW, case=case
        )
    paths = {kind: str(tmp_path / f"{kind}.csv") for kind in ("cases", "action_items")}
    for kind, path in paths.items():
        call_command("export_records", kind, "--out", path, stdout=io.StringIO())
        assert "private" not in Path(path).read_text()
    ActionItem.objects.all().delete()
    Case.objects.all().delete()
    for kind, path in paths.items():
        call_command("import_records", kind, path, stdout=io.StringIO())
    found = ActionItem.objects.values_list("person__name", "case__evidence", "text", "case__subject")
    assert set(map(str, found)) == {"('Ana', None, '', '')", "('Ben', {'product': {}}, '', '')"}
    assert str(Case.objects.first()) == "A case"


# ── How long what is kept ───────────────────────────────────────────────────────────────────────────────────────


def test_what_is_older_than_it_may_be_goes_out_of_the_audit_too(cast: Cast) -> None:
    skill = Skill.objects.create(name="Asking")
    then = NOW - timedelta(days=4 * 366)
    old, latest = (
        SkillRating.objects.create(person=cast.ana, skill=skill, is_own=False, score=2, note=note, at=at)
        for note, at in (("Talks too much", then), ("Listens", then + timedelta(days=1)))
    )
    SkillRating.objects.filter(pk=old.pk).update(score=3)
    assert cast.maya.user is not None
    for on in (TODAY - timedelta(days=366), TODAY):
        Look.objects.create(viewer=cast.maya.user, person=cast.ana, page="person", on=on, at=NOW)
    done = forget_expired(at=NOW)
    assert (done["looks"], done["skill_ratings"]) == (1, 1)
    assert list(SkillRating.objects.values_list("pk", flat=True)) == [latest.pk]
    assert [look.on for look in Look.objects.all()] == [TODAY]
    entries = AuditEntry.objects.filter(table="teams_skillrating", row_id=old.pk)
    assert entries.count() == 2
    assert "Talks too much" not in json.dumps(list(entries.values_list("before", "after")))
    assert Erasure.objects.filter(noun="expired").count() == 2
    assert forget_expired(at=NOW) == {}


def test_what_was_never_ended_expires_by_its_day_and_what_is_of_leavers_by_theirs(cast: Cast) -> None:
    then, old = NOW - timedelta(days=4 * 366), "said long ago"
    day, ana = then.date(), cast.ana
    talk = OneOnOne.objects.create(person=ana, manager=cast.maya, starts_at=then, planned_at=then)
    AgendaItem.objects.create(one_on_one=talk, text=old, position=1)
    meeting = Meeting.objects.create(team=cast.north, chair=cast.maya, title="Monday", starts_at=then, planned_at=then)
    item = ActionItem.objects.create(
        person=ana, owner=ana, coach=cast.maya, text=old, due_on=day, made_at=then, meeting=meeting
    )
    MeetingPoint.objects.create(
        meeting=meeting, source="promise", about=f"promise:{item.pk}", text=f"Ana: {old}", position=1
    )
    MeetingQuestion.objects.create(team=cast.north, author=ana, text=old, asked_at=then)
    case = Case.objects.create(person=ana, owner=cast.maya, subject=old, opened_at=then, due_on=day)
    Task.objects.create(owner=cast.maya, text="Close it", due_on=day, reason=old, link=f"/cases/{case.pk}/")
    DevelopmentPlan.objects.create(person=ana, manager=cast.maya, aim=old, review_on=day, made_at=then)
    Mentorship.objects.create(
        person=ana, mentor=cast.vera, focus=old, during=half_open(day), asked_at=then, agreed_at=then
    )
    course = Course.objects.create(title="Asking", author=cast.vera, made_at=then)
    version = CourseVersion.objects.create(course=course, number=1, made_at=then)
    Enrolment.objects.create(
        person=ana, course=course, version=version, reason=old, assigned_at=then, agreed_on=day, due_on=day
    )
    SkillRating.objects.create(
        person=ana, skill=Skill.objects.create(name="Asking"), is_own=False, score=2, note=old, at=then
    )

    def still() -> set[str]:
        said = {
            AgendaItem: "text", ActionItem: "text", MeetingPoint: "text", MeetingQuestion: "text", Case: "subject",
            Task: "reason", DevelopmentPlan: "aim", Mentorship: "focus", Enrolment: "reason", SkillRating: "note",
        }  # fmt: skip
        return {
            model.__name__ for model, name in said.items() if model._base_manager.filter(**{f"{name}__contains": old})
        }

    forget_expired(at=NOW)
    assert still() == {"Case", "Task", "DevelopmentPlan", "Mentorship", "SkillRating"}  # of who works here
    Person.objects.filter(pk=ana.pk).update(hired_on=None, left_on=day)
    forget_expired(at=NOW)
    assert still() == set()
    assert forget_expired(at=NOW) == {}


def test_the_organisation_says_for_how_long_and_nonsense_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="0 months can't be"):
        set_retention(key="looks", months=0, by=cast.admin.pk, at=NOW)
    with pytest.raises(Refused, match="no kind of record “nothing”"):
        set_retention(key="nothing", months=3, by=cast.admin.pk, at=NOW)
    admin = signed_in(cast.admin)
    assert admin.post("/privacy/kept/looks/", {"months": "3"}).status_code == 303
    assert Retention.objects.get(key="looks").months == 3
    for months in ("", "0", "-1", "121", "9" * 40, "many", "\x00"):
        assert admin.post("/privacy/kept/looks/", {"months": months}).status_code == 422, months
    assert admin.post("/privacy/kept/nothing/", {"months": "3"}).status_code == 404
    assert signed_in(cast.maya).post("/privacy/kept/looks/", {"months": "1"}).status_code == 404
    assert Retention.objects.get(key="looks").months == 3


def test_every_kind_that_expires_is_looked_for_without_a_mistake(cast: Cast) -> None:
    for one in expiries().values():
        forgotten = Forgotten()
        one.forget(NOW, forgotten)
        assert not forgotten.parts, one.key
    labels = [one.label for one in expiries().values()]
    assert len(set(labels)) == len(labels)


def test_a_kind_whose_forgetting_fails_holds_up_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(before: datetime, forgotten: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setitem(expiries(), "broken", Expiry("broken", "A broken kind", 1, fail))
    assert cast.maya.user is not None
    Look.objects.create(viewer=cast.maya.user, person=cast.ana, page="person", on=SINCE, at=NOW)
    assert forget_expired(at=NOW) == {"looks": 1}


# ── What is shown, by country ───────────────────────────────────────────────────────────────────────────────────


def test_a_switch_holds_by_the_country_of_today_or_of_then(cast: Cast) -> None:
    Organisation.objects.update(countries_without_chances=["FR"])
    moved = date(2026, 10, 1)
    Posting.objects.filter(person=cast.ana).update(during=half_open(SINCE, moved), holiday_region="FR-XX")
    Posting.objects.create(person=cast.ana, team=cast.south, role="rep", during=half_open(moved), holiday_region="DE")
    ids, organisation = [cast.ana.pk, cast.ben.pk], Organisation.get()

    def hidden(*days: date) -> set[int]:
        return hidden_of(Showing.CHANCES, ids, days=days, organisation=organisation)

    assert hidden(TODAY) == set()
    assert hidden(date(2026, 9, 1), TODAY) == {cast.ana.pk}
    Posting.objects.filter(person=cast.ana, team=cast.south).update(during=half_open(moved, TODAY), holiday_region="FR")
    assert hidden(TODAY + timedelta(days=30)) == {cast.ana.pk}  # has left from there


def test_no_team_is_told_of_where_few_are_hidden_in_it(cast: Cast) -> None:
    organisation = Organisation.get()
    asked: Any = {"on": TODAY, "today": TODAY}
    assert told_of(Showing.CHANCES, organisation=organisation, **asked) is None
    Organisation.objects.update(countries_without_chances=["FR"])
    Posting.objects.filter(person=cast.ana).update(holiday_region="FR")
    told = told_of(Showing.CHANCES, organisation=Organisation.get(), **asked)
    assert told == {cast.south.pk}


def test_selling_time_is_kept_by_country_on_page_figure_record_export_and_api(cast: Cast) -> None:
    today = clock.today("Europe/Berlin")
    for person in (cast.ana, cast.ben):
        assert signed_in(person).post(
            "/time/", {"kind": "travel", "minutes": 45, "on": today.isoformat()}
        ).status_code == 303  # fmt: skip
    Organisation.objects.update(countries_without_selling_time=["FR"])
    Posting.objects.filter(person=cast.ana).update(holiday_region="FR")
    maya, ana = signed_in(cast.maya), signed_in(cast.ana)
    page = maya.get("/time/").content.decode()
    assert "Of 1 person no selling time is shown" in page
    assert ">Ana<" not in page
    assert "Ben" in page
    rows = content_of(maya.get("/time/?export=csv")).decode()
    assert "E-Ana" not in rows
    assert "E-Ben" in rows
    assert {row["owner"] for row in maya.get("/api/v1/time-entries/").json()["results"]} == {cast.ben.pk}
    assert len(ana.get("/api/v1/time-entries/").json()["results"]) == 1
    for who, status in ((maya, 404), (ana, 200)):
        assert who.get("/records/?of=person:E-Ana&measure=selling_time").status_code == status
    asked = "/api/v1/figures/?of=person:E-Ana&measure=selling_time"
    assert maya.get(asked).json()["value"] is None
    assert "/records/?measure=selling_time" not in maya.get("/figures/?of=person:E-Ana").content.decode()
    for ending in ("csv", "xlsx"):
        given = content_of(signed_in(cast.olga).get(f"/exports/time_entries.{ending}"))
        assert (b"E-Ana" in given, b"E-Ben" in given) == (False, ending == "csv")  # a workbook is packed
    spec = {"source": "time", "value": "minutes", "conditions": []}
    define_measure(key="travel", label="On the road", unit="minutes", method="sum", spec=spec, by=cast.admin, at=NOW)
    call_command("refresh_rollups", verbosity=0)
    assert ana.get("/api/v1/figures/?of=person:E-Ana&measure=travel").json()["value"] == "45"
    for measure in ("selling_time", "travel"):
        asked = f"/api/v1/figures/?of=person:E-Ana&measure={measure}"
        assert maya.get(asked).json()["value"] is None
        assert measure not in usable_measures()
        assert measure not in {one.key for one in scorable()}
    for who, shown in ((maya, False), (ana, True)):
        assert ("On the road" in who.get(f"/people/{cast.ana.pk}/").content.decode()) == shown


def test_only_the_admin_switches_and_a_country_is_two_letters(cast: Cast) -> None:
    admin = signed_in(cast.admin)
    assert admin.post("/privacy/shown/chances/", {"is_shown": "on", "countries": "de, fr"}).status_code == 303
    assert Organisation.get().countries_without_chances == ["DE", "FR"]
    assert "Everywhere but DE, FR" in signed_in(cast.ana).get("/privacy/").content.decode()
    wrong = admin.post("/privacy/shown/chances/", {"is_shown": "on", "countries": "Germany"})
    assert wrong.status_code == 422
    assert "“Germany” is no country" in wrong.content.decode()
    assert signed_in(cast.olga).post("/privacy/shown/chances/", {"is_shown": "on"}).status_code == 404
    assert admin.post("/privacy/shown/weight/", {}).status_code == 404
    assert admin.post("/privacy/shown/ranks/", {}).status_code == 303
    assert "Nowhere" in signed_in(cast.ana).get("/privacy/").content.decode()
    assert Organisation.get().shows_individual_ranks is False


def test_admin_has_no_looks_of_its_own(cast: Cast) -> None:
    assert access_of(cast.admin).person_id is None
    assert list(Look.objects.visible_to(cast.admin)) == []


# ── Small groups elsewhere ──────────────────────────────────────────────────────────────────────────────────────


def test_what_was_reported_is_asked_for_by_months(cast: Cast) -> None:
    client = signed_in(cast.vera)
    asked = "/api/v1/figures/?of=company&measure=bookings&basis=reported&period="
    for key in ("2026-W07", "2026-W10"):
        refused = client.get(asked + key)
        assert refused.status_code == 400
        assert "kept by months" in refused.content.decode()
    assert client.get(asked + "2026-Q1").status_code == 200
    page = "/records/?of=company&measure=bookings&basis=reported&until=2026-04-01&from="
    sent = client.get(page + "2026-03-02", follow=True)
    assert "kept by months" in sent.content.decode()
    assert client.get(page + "2026-03-01").status_code == 200


def test_who_leads_only_a_team_that_was_withdrawn_reads_every_page(cast: Cast) -> None:
    Posting.objects.filter(person=cast.omar).update(team=cast.company)
    Posting.objects.filter(person=cast.cleo).update(team=cast.company)
    type(cast.south).objects.filter(pk=cast.south.pk).update(withdrawn_at=NOW)
    client = signed_in(cast.omar)
    for path in ("/", "/pipeline/", "/calls/", "/forecast/", "/levers/", "/figures/", "/leaderboard/", "/scorecards/"):
        assert client.get(path).status_code == 200, path


# ── Why somebody is away ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def hugo(cast: Cast) -> Person:
    made = Person.objects.create(name="Hugo", user=User.objects.create(username="hugo"), hired_on=SINCE)
    Posting.objects.create(person=made, team=cast.company, role="hr", during=half_open(SINCE))
    return made


def test_the_kind_of_a_leave_is_hrs_and_the_persons_and_nobody_elses(cast: Cast, hugo: Person) -> None:
    today = clock.today("Europe/Berlin")
    kind = LeaveKind.objects.get(key="long_sick")
    said = {"person": cast.ana.pk, "kind": kind.pk, "start": today.isoformat(), "last": today.isoformat()}
    for other in (cast.maya, cast.vera, cast.olga, cast.admin, cast.ana):
        assert signed_in(other).post("/leave/", said).status_code == 404
    hr = signed_in(hugo)
    for _ in range(2):
        assert hr.post("/leave/", said).status_code == 302
    assert hr.post("/leave/", said | {"last": "0001-01-01"}).status_code == 422
    assert hr.post("/leave/", said | {"last": (today - timedelta(days=1)).isoformat()}).status_code == 422
    leave = Leave.objects.get()
    assert kind.name in hr.get("/leave/").content.decode()
    assert kind.name in signed_in(cast.ana).get("/leave/").content.decode()
    assert Look.objects.get(person=cast.ana).page == "leave"
    assert hr.get("/api/v1/leaves/").json()["results"][0]["kind"] == kind.name
    pages = (
        "/leave/", "/", f"/people/{cast.ana.pk}/", f"/quotas/{cast.ana.pk}/", f"/teams/{cast.north.pk}/",
        "/search/?q=Ana", "/forecast/", "/api/v1/leaves/", "/api/v1/quotas/", f"/scorecards/{cast.ana.pk}/",
    )  # fmt: skip
    for other in (cast.maya, cast.vera, cast.olga, cast.admin):
        client = signed_in(other)
        for path in pages:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert kind.name not in answer.content.decode(), (path, other)
            assert kind.key not in answer.content.decode(), (path, other)
        seen = client.get("/api/v1/leaves/").json()["results"]
        assert [(row["kind"], row["relieves_quota"]) for row in seen] == [("", True)]
    assert signed_in(cast.cleo).get("/api/v1/leaves/").json()["results"] == []
    for other in (cast.olga, cast.admin):
        file = content_of(signed_in(other).get("/exports/leave.csv"))
        assert b"Ana" in file
        assert kind.key.encode() not in file
    admin = signed_in(cast.admin)
    for path in ("/admin/teams/leave/", f"/admin/teams/leave/{leave.pk}/change/"):
        text = admin.get(path).content.decode()
        assert kind.name not in text
    Leave.objects.filter(pk=leave.pk).update(kind=LeaveKind.objects.get(key="vacation"))
    entry = AuditEntry.objects.get(table="teams_leave")
    text = admin.get(f"/admin/desk/auditentry/{entry.pk}/change/").content.decode()
    assert "kind_id" in text
    assert f"&#x27;kind_id&#x27;: {kind.pk}" not in text


def test_no_admin_reads_words_of_coaching_in_the_settings(cast: Cast) -> None:
    case = Case.objects.create(
        person=cast.ana, owner=cast.maya, subject="Talks too fast", opened_at=NOW, due_on=TODAY
    )  # fmt: skip
    ActionItem.objects.create(person=cast.ana, owner=cast.maya, text="Slow down", due_on=TODAY, made_at=NOW)
    admin = signed_in(cast.admin)
    for path, words in (("case", "Talks too fast"), ("actionitem", "Slow down")):
        page = admin.get(f"/admin/coaching/{path}/").content.decode()
        assert "Ana" in page
        assert words not in page
    assert admin.get(f"/admin/coaching/case/{case.pk}/change/").status_code == 404
