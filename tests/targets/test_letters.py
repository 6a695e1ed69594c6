"""Say and be heard: everybody reads their figure, accepts or objects, is answered, and hears of changes."""

from datetime import date, timedelta
from decimal import Decimal as D
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import InternalError, connection, transaction

from sales.models import Account, Task
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import through
from salesmgmt.lib.refusals import Refused, Stale
from targets.models import AnnouncedFigure, Announcement, Answer, Plan, QuotaEntry, Response, Strategy
from targets.selectors import figures_of, history_of, standings, strategies_of
from targets.services import (
    adjust_quota,
    announce,
    answer_response,
    change_strategy,
    publish_plan,
    remind_of_letters,
    respond,
)
from teams.models import Leadership, Leave, LeaveKind, Look, User
from tests.cast import Cast, make_cast
from tests.targets.letters import AT, END, Q3, START, draft, get_json, post_json, published, signed_in, text_of

LATER = AT + timedelta(days=20)


@pytest.fixture
def plan(cast: Cast) -> Plan:
    return everybodys(cast)


def everybodys(cast: Cast, period: Period = Q3) -> Plan:
    lines = {(cast.north, cast.ana): "100000", (cast.north, cast.ben): "80000", (cast.south, cast.cleo): "90000"}
    return published(cast, lines, strategy="Win back the north.", period=period)


def objection(plan: Plan, cast: Cast, **more: Any) -> Response:
    said = {"stance": "objects", "statement": "My largest customer left.", "at": AT + timedelta(days=1)}
    return respond(plan=plan, person=cast.ana, by=cast.ana.user, **(said | more))


def state(plan: Plan, cast: Cast) -> str:
    return standings(plan, [cast.ana.pk], as_of=START)[cast.ana.pk].state


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_publishing_tells_everybody_in_the_plan_where_to_read_their_letter(cast: Cast, plan: Plan) -> None:
    notices = Notice.objects.filter(text__startswith="Plan Q3")
    assert {notice.user for notice in notices} == {cast.ana.user, cast.ben.user, cast.cleo.user}
    assert notices.get(user=cast.ana.user).link == f"/plans/{plan.pk}/letters/{cast.ana.pk}/"
    publish_plan(plan=plan, by=cast.admin, at=LATER)
    assert notices.count() == 3


def test_a_letter_is_the_persons_and_their_lines_and_nobody_elses(cast: Cast, plan: Plan) -> None:
    for person, status in ((cast.ana, 200), (cast.maya, 200), (cast.vera, 200), (cast.ben, 404), (cast.omar, 404)):
        for url in ("", "pdf/"):
            assert signed_in(person).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/{url}").status_code == status
        answer = signed_in(person).get(f"/api/v1/letters/?plan={plan.pk}&person={cast.ana.pk}")
        assert answer.status_code == status
    assert signed_in(cast.maya).get(f"/plans/{plan.pk}/letters/{cast.maya.pk}/").status_code == 404
    page = signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    assert "You are held to €100k" in page
    assert "Win back the north." in page


def test_a_draft_has_no_letters(cast: Cast) -> None:
    plan = draft(cast, {(cast.north, cast.ana): "10"})
    assert signed_in(cast.vera).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").status_code == 404
    with pytest.raises(Refused, match="not published"):
        respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=AT)


def test_all_letters_of_a_team_come_in_one_file(cast: Cast, plan: Plan) -> None:
    answer = signed_in(cast.maya).get(f"/plans/{plan.pk}/letters/pdf/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.count(b"/Type /Page\n") == 2
    assert signed_in(cast.vera).get(f"/plans/{plan.pk}/letters/pdf/?team={cast.south.pk}").status_code == 200
    assert signed_in(cast.omar).get(f"/plans/{plan.pk}/letters/pdf/?team={cast.north.pk}").status_code == 404
    assert signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/pdf/").status_code == 404


def test_names_in_any_script_are_drawn_and_one_that_no_face_can_draw_still_makes_a_file(cast: Cast) -> None:
    plan = published(cast, {(cast.north, cast.ana): "10"})
    names = ("佐藤 陽菜", "王伟", "김민준", "محمد", "כהן", "Юлия", "Đorđe Þórdís Ωμέγα Живкович Nguyễn")
    others = ("สมชาย ใจดี", "अनीता", "শুভ", "மாலா", "ລາວ")
    for name in (*names, *others):
        type(cast.ana).objects.filter(pk=cast.ana.pk).update(name=name)
        words = text_of(signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/pdf/").content)
        assert (name in words, "???" in words) == (name != "ລາວ", name == "ລາວ"), name


# ── Strategy ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_strategy_keeps_its_versions_and_says_why_it_changed(cast: Cast, plan: Plan) -> None:
    assert [one.version for one in strategies_of(plan)] == [1]
    with pytest.raises(Refused, match="why"):
        change_strategy(plan=plan, text="Sell services.", reason=" ", by=cast.vera.user, at=AT)
    change_strategy(plan=plan, text="Sell services.", reason="Margins", by=cast.vera.user, at=AT, version=1)
    with pytest.raises(Stale):
        change_strategy(plan=plan, text="Sell more.", reason="Also", by=cast.vera.user, at=AT, version=1)
    with pytest.raises(Refused, match="Executives"):
        change_strategy(plan=plan, text="Sell less.", reason="Rest", by=cast.maya.user, at=AT)
    assert [(one.version, one.text) for one in strategies_of(plan)] == [
        (1, "Win back the north."),
        (2, "Sell services."),
    ]
    page = signed_in(cast.ana).get(f"/plans/{plan.pk}/strategy/").content.decode()
    assert "Win back the north." in page
    assert "Margins" in page
    assert signed_in(cast.ana).post(f"/plans/{plan.pk}/strategy/", {"text": "Mine"}).status_code == 404
    with pytest.raises(InternalError, match="Cannot update"):
        Strategy.objects.update(text="Never")


# ── Responses ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_says_how_they_get_there_and_accepts(cast: Cast, plan: Plan) -> None:
    account = Account.objects.create(name="Brandt", owner=cast.ana)
    url = f"/plans/{plan.pk}/letters/{cast.ana.pk}/respond/"
    said = {
        "approach": "Two visits a day", "accounts": [account.pk], "per_week_call": "20", "per_week_visit": "6",
        "help_needed": "A demo kit", "stance": "accepts", "quota": "100000.00", "version": "1",
    }  # fmt: skip
    answer = signed_in(cast.ana).post(url, said)
    assert answer.status_code == 303
    response = Response.objects.get()
    assert (response.quota, response.strategy_version, response.announcement) == (D(100_000), 1, None)
    assert response.activities == {"call": 20, "visit": 6}
    assert list(response.accounts.all()) == [account]
    assert state(plan, cast) == "accepted"
    task = Task.objects.get(source="response")
    assert (task.owner, task.text) == (cast.maya, "Help Ana: A demo kit")
    assert Notice.objects.filter(user=cast.maya.user, text__contains="accepts").exists()
    page = signed_in(cast.maya).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    assert "Two visits a day" in page
    assert "20 × call" in page
    assert "Brandt" in page
    again = signed_in(cast.ana).post(url, said)
    assert again.status_code == 422
    assert "already" in again.content.decode()


def test_what_is_said_is_refused_with_one_sentence(cast: Cast, plan: Plan) -> None:
    theirs = Account.objects.create(name="Other", owner=cast.ben)
    for more, sentence in (
        ({"statement": ""}, "what you object to"),
        ({"stance": "maybe"}, "Accept, or object"),
        ({"accounts": [theirs]}, "not one of your accounts"),
        ({"activities": {"dance": 1}}, "no kind of activity"),
        ({"activities": {"call": -1}}, "1 to 500"),
        ({"quota": D(1)}, "has changed"),
        ({"version": 7}, "strategy has changed"),
    ):
        with pytest.raises(Refused, match=sentence):
            objection(plan, cast, **more)
    url = f"/plans/{plan.pk}/letters/{cast.ana.pk}/respond/"
    for said in ({}, {"stance": "objects"}, {"stance": "accepts", "quota": "x"}, {"stance": "x"},
                 {"stance": "accepts", "per_week_call": "9999"}, {"stance": "accepts", "accounts": ["x"]}):  # fmt: skip
        assert signed_in(cast.ana).post(url, said).status_code == 422
    assert not Response.objects.exists()


def test_nobody_answers_for_somebody_else_or_their_own_objection(cast: Cast, plan: Plan) -> None:
    for user in (cast.maya.user, cast.vera.user, cast.admin, cast.ben.user):
        with pytest.raises(Refused, match="themselves"):
            respond(plan=plan, person=cast.ana, stance="accepts", by=user, at=AT)
    for who in (cast.maya, cast.vera, cast.ben):
        url = f"/plans/{plan.pk}/letters/{cast.ana.pk}/respond/"
        assert signed_in(who).post(url, {"stance": "accepts"}).status_code == 404
    response = objection(plan, cast)
    for user in (cast.ana.user, cast.ben.user, cast.omar.user):
        with pytest.raises(Refused):
            answer_response(response=response, kind="changed", amount=D(1), text="Less", by=user, at=AT)
    for who in (cast.ana, cast.ben, cast.omar):
        url = f"/plans/{plan.pk}/letters/{cast.ana.pk}/answer/"
        assert signed_in(who).post(url, {"kind": "stands", "text": "No"}).status_code == 404


def test_the_manager_answers_that_it_stands_and_the_person_has_the_last_word(cast: Cast, plan: Plan) -> None:
    response = objection(plan, cast)
    assert state(plan, cast) == "objected"
    with pytest.raises(Refused, match="waits for its answer"):
        objection(plan, cast)
    url = f"/plans/{plan.pk}/letters/{cast.ana.pk}/answer/"
    assert signed_in(cast.maya).post(url, {"kind": "stands", "text": "", "seen": "0"}).status_code == 422
    said = {"kind": "stands", "text": "Two others grow.", "seen": "0"}
    assert signed_in(cast.maya).post(url, said).status_code == 303
    assert signed_in(cast.maya).post(url, said).status_code == 422  # a stale page: somebody answered since
    assert state(plan, cast) == "answered"
    assert figures_of(plan, [cast.ana.pk]) == {cast.ana.pk: D(100_000)}
    assert Notice.objects.filter(user=cast.ana.user, text__contains="the figure stands").count() == 1
    respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=LATER)
    assert state(plan, cast) == "accepted"
    with pytest.raises(Stale, match="said something since"):
        answer_response(response=response, kind="stands", text="Late", by=cast.maya.user, at=LATER)


def test_the_manager_changes_the_figure_by_an_entry_with_the_reason(cast: Cast, plan: Plan) -> None:
    response = objection(plan, cast)
    with pytest.raises(Refused, match="new figure"):
        answer_response(response=response, kind="changed", text="Yes", by=cast.maya.user, at=AT)
    with pytest.raises(Refused, match="as it stands"):
        answer_response(response=response, kind="changed", amount=D(100_000), text="Yes", by=cast.maya.user, at=AT)
    made = answer_response(
        response=response, kind="changed", amount=D("95000.50"), text="You are right.", by=cast.maya.user, at=AT
    )
    assert (made.was, made.amount) == (D(100_000), D("95000.50"))
    entry = QuotaEntry.objects.get(person=cast.ana, kind="relief")
    assert (entry.amount, entry.reason, entry.by) == (D("-4999.50"), "You are right.", cast.maya.user)
    page = signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    assert "€100,000 → €95,000.50" in page
    respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=LATER, quota=D("95000.50"))
    assert state(plan, cast) == "accepted"


def test_the_next_manager_up_answers_once_asked_and_who_asked_waits(cast: Cast, plan: Plan) -> None:
    response = objection(plan, cast)
    made = answer_response(response=response, kind="asked_up", text="Beyond me", by=cast.maya.user, at=AT)
    assert made.asked == cast.vera
    assert state(plan, cast) == "asked_up"
    assert Notice.objects.filter(user=cast.vera.user, text__contains="figure of Ana").exists()
    with pytest.raises(Refused, match="next manager up"):
        answer_response(response=response, kind="stands", text="Well", by=cast.maya.user, at=AT)
    answer_response(response=response, kind="changed", amount=D(90_000), text="Agreed", by=cast.vera.user, at=LATER)
    assert state(plan, cast) == "answered"
    assert list(response.answers.order_by("pk").values_list("kind", flat=True)) == ["asked_up", "changed"]
    with pytest.raises(Refused, match="nobody above"):
        answer_response(response=response, kind="asked_up", text="God", by=cast.vera.user, at=LATER)


def test_who_has_no_manager_is_answered_by_the_next_one_up(cast: Cast, plan: Plan) -> None:
    Leadership.objects.filter(team=cast.north).delete()
    objection(plan, cast, help_needed="A manager")
    assert Task.objects.get(source="response").owner == cast.vera
    assert Notice.objects.filter(user=cast.vera.user, text__contains="Ana objects").exists()
    page = signed_in(cast.vera).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    assert "Vera is to answer the objection" in page
    assert signed_in(cast.maya).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").status_code == 404


def test_a_figure_that_changed_after_it_was_accepted_waits_for_a_word_again(cast: Cast, plan: Plan) -> None:
    respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=AT)
    adjust_quota(person=cast.ana, period=Q3, amount=D(110_000), reason="More", by=cast.maya.user, at=AT)
    assert state(plan, cast) == "waiting"
    respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=LATER)
    assert state(plan, cast) == "accepted"


def test_what_was_said_is_never_changed(cast: Cast, plan: Plan) -> None:
    response = objection(plan, cast)
    answer_response(response=response, kind="stands", text="It does", by=cast.maya.user, at=AT)
    for model in (Response, Answer):
        with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
            model.objects.update(at=LATER)
        with pytest.raises(InternalError, match="Cannot update or delete"), transaction.atomic():
            model.objects.all()._raw_delete("default")


# ── Who has yet to ──────────────────────────────────────────────────────────────────────────────────────────────


def test_until_when_one_answers_counts_the_days_one_works(cast: Cast) -> None:
    """Asked on Saturday 20 June: five days of the working week, of a week of four days, and after a week away."""
    cast.ben.postings.update(working_week=[1, 2, 3, 4])
    kind = LeaveKind.objects.get(key="vacation")
    Leave.objects.create(person=cast.ana, kind=kind, during=through(date(2026, 6, 22), date(2026, 6, 26)))
    plan = published(
        cast,
        {(cast.company, None): "9", (cast.north, None): "6", (cast.south, None): "3", (cast.north, cast.ana): "3",
         (cast.north, cast.ben): "3", (cast.south, cast.cleo): "3"},
    )  # fmt: skip
    people = (cast.cleo, cast.ben, cast.ana)
    found = standings(plan, [one.pk for one in people], as_of=AT.date())
    assert [f"{found[one.pk].due_on}" for one in people] == ["2026-06-26", "2026-06-29", "2026-07-03"]
    told = dict(Notice.objects.values_list("user__username", "text"))
    assert told["ana"].endswith("by 3 Jul.")
    assert told["cleo"].endswith("by 26 Jun.")


def test_managers_see_who_is_overdue_and_executives_the_roll_up(cast: Cast, plan: Plan) -> None:
    respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=AT)
    # Published on Saturday 20 June: five working days later is Friday 26 June.
    found = standings(plan, [cast.ana.pk, cast.ben.pk], as_of=START)
    assert str(found[cast.ben.pk].due_on) == "2026-06-26"
    assert (found[cast.ana.pk].is_overdue, found[cast.ben.pk].is_overdue) == (False, True)
    assert not standings(plan, [cast.ben.pk], as_of=found[cast.ben.pk].due_on)[cast.ben.pk].is_overdue
    page = signed_in(cast.maya).get(f"/plans/{plan.pk}/letters/").content.decode()
    assert "1 of 2 has answered" in page
    assert "1 is overdue" in page
    assert "Cleo" not in page
    late = signed_in(cast.maya).get(f"/plans/{plan.pk}/letters/?state=overdue").content.decode()
    assert ">Ben<" in late
    assert ">Ana<" not in late
    everything = signed_in(cast.vera).get(f"/plans/{plan.pk}/letters/").content.decode()
    assert "1 of 3 has answered" in everything
    assert "North" in everything
    assert signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/").status_code == 404


def test_reminders_come_once_for_each_asking(cast: Cast) -> None:
    now = clock.now()
    plan = everybodys(cast, period=Period.of(clock.today("Europe/Berlin"), "quarter"))
    Notice.objects.all().delete()
    respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=now)
    assert remind_of_letters(at=now) == 2
    assert remind_of_letters(at=now) == 0
    told = now + timedelta(minutes=1)
    announce(plan=plan, headline="Prices rise.", economy="Steel", by=cast.vera.user, at=told)
    assert remind_of_letters(at=told) == 0
    if (later := now + timedelta(days=12)).date() < plan.until:
        assert remind_of_letters(at=later) == 3


# ── Announcements ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_change_is_announced_with_figures_and_strategy_and_asks_anew(cast: Cast, plan: Plan) -> None:
    respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=AT)
    adjust_quota(person=cast.ben, period=Q3, amount=D(70_000), reason="Less", by=cast.maya.user, at=LATER)
    made = announce(
        plan=plan, headline="Half of the north is gone.", results="A customer left.", competition="They cut prices.",
        figures={cast.ana.pk: D(90_000)}, strategy="Hold the rest.", by=cast.vera.user, at=LATER,
    )  # fmt: skip
    told = {figure.person: (figure.before, figure.after) for figure in made.figures.all()}
    assert told == {
        cast.ana: (D(100_000), D(90_000)), cast.ben: (D(80_000), D(70_000)), cast.cleo: (D(90_000), D(90_000)),
    }  # fmt: skip
    assert made.strategy.version == 2
    assert QuotaEntry.objects.get(person=cast.ana, kind="relief").reason == "Half of the north is gone."
    assert state(plan, cast) == "waiting"
    page = signed_in(cast.ana).get(f"/announcements/{made.pk}/").content.decode()
    assert "They cut prices." in page
    assert "Ben" not in page
    letter = signed_in(cast.ana).get(f"/plans/{plan.pk}/letters/{cast.ana.pk}/").content.decode()
    assert "Your figure went from €100,000 to €90,000." in letter
    with pytest.raises(Stale):
        respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=LATER, quota=D(100_000))
    response = respond(plan=plan, person=cast.ana, stance="accepts", by=cast.ana.user, at=LATER, quota=D(90_000))
    assert response.announcement == made
    assert state(plan, cast) == "accepted"
    # Told anew, people are told from what they knew.
    second = announce(plan=plan, headline="And more.", economy="Rain", person=cast.ben, by=cast.maya.user, at=LATER)
    assert list(second.figures.values_list("person", "before", "after")) == [(cast.ben.pk, D(70_000), D(70_000))]
    assert signed_in(cast.ana).get(f"/announcements/{second.pk}/").status_code == 404


def test_an_announcement_reaches_those_one_leads_and_never_oneself(cast: Cast) -> None:
    lines = {(cast.north, cast.maya): "10", (cast.north, cast.ana): "20", (cast.south, cast.cleo): "30"}
    plan = published(cast, lines)
    by = cast.maya.user
    said = {"plan": plan, "headline": "Steel is dear.", "economy": "Steel", "at": LATER}
    made = announce(team=cast.north, by=by, **said)
    assert [figure.person for figure in made.figures.all()] == [cast.ana]
    for scope, sentence in (
        ({}, "you lead"),
        ({"team": cast.south}, "you lead"),
        ({"team": cast.company}, "you lead"),
        ({"person": cast.cleo}, "you lead"),
        ({"person": cast.maya}, "their own figure"),
        ({"team": cast.north, "figures": {cast.maya.pk: D(1)}}, "not among those"),
        ({"team": cast.north, "strategy": "Mine"}, "Executives"),
        ({"team": cast.north, "economy": ""}, "what changed"),
        ({"team": cast.north, "headline": " "}, "one line"),
        ({"team": cast.north, "seen": {cast.ana.pk: D(3)}}, "changed meanwhile"),
    ):
        with pytest.raises(Refused, match=sentence):
            announce(by=by, **(said | scope))
    assert Announcement.objects.count() == 1
    assert AnnouncedFigure.objects.count() == 1


def test_an_announcement_is_made_on_its_page(cast: Cast, plan: Plan) -> None:
    url = f"/plans/{plan.pk}/announce/?team={cast.north.pk}"
    maya = signed_in(cast.maya)
    assert "It reaches 2 people" in maya.get(url).content.decode()
    said = {f"figure_{cast.ana.pk}": "99000", f"seen_{cast.ana.pk}": "100000.00", "headline": "A change."}
    assert maya.post(url, said).status_code == 422
    assert maya.post(url, said | {"results": "Slow", f"figure_{cast.ana.pk}": "x"}).status_code == 422
    answer = maya.post(url, said | {"results": "Slow"})
    assert answer.status_code == 303
    assert figures_of(plan, [cast.ana.pk]) == {cast.ana.pk: D(99_000)}
    assert signed_in(cast.ana).get(url).status_code == 404


# ── History ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_whole_history_of_a_figure_is_on_one_page_for_those_who_may_see_it(cast: Cast, plan: Plan) -> None:
    response = objection(plan, cast)
    answer_response(
        response=response, kind="changed", amount=D(95_000), text="You are right.", by=cast.maya.user,
        at=AT + timedelta(days=2),
    )  # fmt: skip
    announce(plan=plan, headline="Prices rise.", economy="Steel", by=cast.vera.user, at=LATER)
    found = [one.kind for one in history_of(cast.ana, cast.ana.user, start=START, end=END)]
    assert found == ["proposed", "published", "entry", "objects", "entry", "answer_changed", "announced"]
    page = signed_in(cast.ana).get(f"/quotas/{cast.ana.pk}/?period=2026-Q3").content.decode()
    for words in ("My largest customer left.", "You are right.", "Prices rise", "in all €95,000"):
        assert words in page
    assert history_of(cast.ana, cast.omar.user, start=START, end=END) == []
    assert signed_in(cast.omar).get(f"/quotas/{cast.ana.pk}/?period=2026-Q3").status_code == 404


# ── API ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_api_takes_responses_and_answers(cast: Cast, plan: Plan) -> None:
    ana, maya = signed_in(cast.ana), signed_in(cast.maya)
    url = "/api/v1/plan-responses/"
    assert post_json(ana, url, {"plan": plan.pk, "stance": "objects"}).status_code == 409
    assert post_json(ana, url, {"plan": plan.pk, "stance": "never"}).status_code == 400
    assert post_json(ana, url, {"plan": plan.pk, "stance": "accepts", "person": cast.ben.pk}).status_code == 400
    assert post_json(ana, url, {"plan": plan.pk, "stance": "accepts", "quota": "1.00"}).status_code == 409
    made = post_json(ana, url, {"plan": plan.pk, "stance": "objects", "statement": "No", "activities": {"call": 3}})
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert post_json(signed_in(cast.omar), f"{url}{pk}/answer/", {"kind": "stands", "text": "x"}).status_code == 404
    assert post_json(ana, f"{url}{pk}/answer/", {"kind": "stands", "text": "x"}).status_code == 409
    said = {"kind": "changed", "text": "Right", "amount": "99000.00", "seen": 0}
    assert post_json(maya, f"{url}{pk}/answer/", said).status_code == 201
    assert post_json(maya, f"{url}{pk}/answer/", said).status_code == 409
    (row,) = get_json(maya, f"{url}?plan={plan.pk}&person={cast.ana.pk}&stance=objects")["results"]
    assert row["answers"][0]["amount"] == "99000.00"
    assert get_json(signed_in(cast.ben), url)["results"] == []
    assert get_json(ana, f"/api/v1/plan-answers/?response={pk}")["results"][0]["text"] == "Right"
    assert post_json(signed_in(cast.admin), url, {"plan": plan.pk, "stance": "accepts"}).status_code == 404


def test_the_api_takes_strategies_and_announcements(cast: Cast, plan: Plan) -> None:
    vera, maya, ana = signed_in(cast.vera), signed_in(cast.maya), signed_in(cast.ana)
    said = {"plan": plan.pk, "text": "New", "reason": "So", "version": 1}
    assert post_json(maya, "/api/v1/plan-strategies/", said).status_code == 409
    assert post_json(vera, "/api/v1/plan-strategies/", said).status_code == 201
    assert [row["version"] for row in get_json(ana, "/api/v1/plan-strategies/?ordering=version")["results"]] == [1, 2]
    url = "/api/v1/plan-announcements/"
    both = {"plan": plan.pk, "headline": "So.", "results": "x", "team": cast.north.pk, "person": cast.ana.pk}
    assert post_json(vera, url, both).status_code == 400
    figures = [{"person": cast.ana.pk, "amount": "98000.00"}]
    said = {"plan": plan.pk, "headline": "So.", "results": "x", "team": cast.north.pk, "figures": figures}
    assert post_json(ana, url, said).status_code == 409
    made = post_json(maya, url, said)
    assert made.status_code == 201, made.content
    assert len(made.json()["figures"]) == 2
    assert get_json(ana, url)["results"][0]["figures"] == [
        {"person": cast.ana.pk, "before": "100000.00", "after": "98000.00"}
    ]
    assert get_json(signed_in(cast.omar), url)["results"] == []


# ── Races and costs ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_of_two_managers_who_answer_at_once_one_is_told_to_read_first() -> None:
    cast = make_cast()
    plan = everybodys(cast)
    response = objection(plan, cast)
    start, said = Barrier(2), []

    def answer(username: str) -> None:
        try:
            by = User.objects.get(username=username)
            start.wait()
            answer_response(response=response, kind="changed", amount=D(90_000), text="Yes", by=by, at=LATER, seen=0)
            said.append("done")
        except Refused:
            said.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=answer, args=[name]) for name in ("maya", "vera")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["done", "refused"]
    assert Answer.objects.count() == 1
    assert QuotaEntry.objects.filter(kind="relief").count() == 1


def test_the_pages_of_letters_cost_a_fixed_number_of_queries(
    cast: Cast, plan: Plan, django_assert_max_num_queries: Any
) -> None:
    response = objection(plan, cast)
    answer_response(response=response, kind="stands", text="It does", by=cast.maya.user, at=AT)
    made = announce(plan=plan, headline="Prices rise.", economy="Steel", by=cast.vera.user, at=LATER)
    for person, url, most in (
        (cast.ana, f"/plans/{plan.pk}/letters/{cast.ana.pk}/", 50),
        (cast.maya, f"/plans/{plan.pk}/letters/{cast.ana.pk}/", 50),
        (cast.vera, f"/plans/{plan.pk}/letters/", 30),
        (cast.ana, f"/announcements/{made.pk}/", 30),
        (cast.ana, f"/plans/{plan.pk}/strategy/", 20),
        (cast.vera, f"/plans/{plan.pk}/announce/", 30),
        (cast.maya, f"/quotas/{cast.ana.pk}/?period=2026-Q3", 50),
        (cast.maya, "/api/v1/plan-responses/", 20),
        (cast.vera, "/api/v1/plan-announcements/", 20),
    ):
        client = signed_in(person)
        with django_assert_max_num_queries(most):
            assert client.get(url).status_code == 200


def test_every_way_to_somebodys_figure_is_written_down(cast: Cast, plan: Plan) -> None:
    line = plan.allocations.get(person=cast.ana)
    for path, people in (
        (f"/plans/{plan.pk}/letters/pdf/", {cast.ana, cast.ben}),
        (f"/plans/{plan.pk}/lines/{line.pk}/", {cast.ana}),
        (f"/plans/{plan.pk}/lines/{line.pk}/history/", {cast.ana}),
        (f"/api/v1/allocations/{line.pk}/", {cast.ana}),
        (f"/api/v1/allocations/?person={cast.ana.pk}", {cast.ana}),
    ):
        Look.objects.all().delete()
        assert signed_in(cast.maya).get(path).status_code == 200, path
        assert {(one.person, one.page) for one in Look.objects.all()} == {(one, "quota") for one in people}, path
