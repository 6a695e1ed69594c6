"""Tasks: on the list once, off it once, and the next of a series when it is due; reminders; time beside selling."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from sales import selectors, services
from sales.models import Activity, ActivityTemplate, Task, TimeEntry
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Holiday, Organisation, Person, User
from teams.services import record_leave
from tests.cast import Cast, make_cast

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
NAUGHTY = ["\x00", "x" * 20_000, "<script>alert(1)</script>", "'; --", "NaN", "-1", "9" * 40, "0001-01-01", "𝟙", " "]


def signed_in(person: Person | User) -> Client:
    client = Client()
    client.force_login(
        person.user if isinstance(person, Person) else person, backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def a_task(owner: Person, **said: Any) -> Task:
    return services.add_task(**({"owner": owner, "text": "Call", "due_on": date(2026, 7, 1), "by": owner.user} | said))


def following(task: Task, at: datetime = AT) -> Task | None:
    services.complete_task(task=task, by=task.owner.user, at=at)
    return Task.objects.filter(follows=task).first()


def test_one_puts_tasks_on_ones_own_list_and_on_those_of_ones_people(cast: Cast) -> None:
    assert a_task(cast.ana, by=cast.maya.user).made_by == cast.maya.user
    for who, owner in ((cast.ana, cast.ben), (cast.omar, cast.ana), (cast.vera, cast.ana)):
        with pytest.raises(Refused, match="Only the owner"):
            a_task(owner, by=who.user)


def test_a_task_is_tied_to_what_its_author_sees_and_brings_the_account_along(cast: Cast) -> None:
    account = services.add_account(name="Brandt", owner=cast.ana, by=None)
    deal = services.open_deal(owner=cast.ana, name="Probes", account=account, by=None, at=AT)
    assert a_task(cast.ana, deal=deal).account == account
    with pytest.raises(Refused, match="no such deal"):
        a_task(cast.cleo, deal=deal)


@pytest.mark.parametrize(
    ("recurs", "due", "done", "due_next"),
    [
        ("week", "2026-07-01", "2026-07-01", "2026-07-08"),
        ("week", "2026-07-01", "2026-07-20", "2026-07-22"),  # late: the past is not made up for
        ("week", "2026-07-08", "2026-07-01", "2026-07-15"),  # early
        ("month", "2026-01-31", "2026-01-31", "2026-02-28"),
        ("month", "2026-01-31", "2026-03-05", "2026-03-31"),
        ("quarter", "2025-11-30", "2025-12-01", "2026-02-28"),
        ("year", "2024-02-29", "2024-03-01", "2025-02-28"),
        ("year", "2024-02-29", "2027-03-01", "2028-02-29"),
    ],
)
def test_the_next_of_a_series_is_due_by_its_first_day(
    cast: Cast, recurs: str, due: str, done: str, due_next: str
) -> None:
    task = a_task(cast.ana, recurs=recurs, due_on=date.fromisoformat(due))
    after = following(task, datetime.fromisoformat(f"{done}T12:00+00:00"))
    assert after is not None
    assert after.due_on == date.fromisoformat(due_next)


def test_from_the_last_day_of_january_on_it_is_the_last_day_of_each_month(cast: Cast) -> None:
    task: Task | None = a_task(cast.ana, recurs="month", due_on=date(2026, 1, 31))
    days: list[date] = []
    while task is not None and len(days) < 4:
        task = following(task, datetime(2026, 1, 31, 12, tzinfo=UTC))
        assert task is not None
        days.append(task.due_on)
    assert days == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31)]


def test_every_working_day_is_a_day_on_which_the_person_works(cast: Cast) -> None:
    Holiday.objects.create(region="DE", on=date(2026, 7, 6), name="A day off")
    record_leave(person=cast.ana, kind="vacation", start=date(2026, 7, 7), last=date(2026, 7, 8), by=None)
    task = a_task(cast.ana, recurs="day", due_on=date(2026, 7, 3))  # a Friday
    after = following(task, datetime(2026, 7, 3, 9, tzinfo=UTC))
    assert after is not None
    assert after.due_on == date(2026, 7, 9)


def test_a_series_ends_and_is_not_doubled(cast: Cast) -> None:
    task = a_task(cast.ana, recurs="week", recurs_until=date(2026, 7, 10))
    after = following(task)
    assert after is not None
    following(task)
    assert Task.objects.filter(follows=task).count() == 1
    assert following(after, AT + timedelta(days=7)) is None
    for wrong in ({"recurs": "sometimes"}, {"recurs_until": date(2026, 8, 1)},
                  {"recurs": "week", "recurs_until": date(2026, 1, 1)}):  # fmt: skip
        with pytest.raises(Refused):
            a_task(cast.ana, **wrong)


def test_undoing_a_tick_takes_the_next_away_unless_something_was_done_with_it(cast: Cast) -> None:
    task = a_task(cast.ana, recurs="week")
    after = following(task)
    services.reopen_task(task=task, by=cast.ana.user)
    assert not Task.objects.filter(pk=after.pk).exists()
    after = following(task)
    services.snooze_task(task=after, to=date(2026, 7, 20), by=cast.ana.user)
    services.reopen_task(task=task, by=cast.ana.user)
    assert Task.objects.filter(pk=after.pk).exists()


def test_put_off_the_reminder_moves_along_and_keeps_its_hour_over_a_change_of_clocks(cast: Cast) -> None:
    nine = datetime(2026, 10, 24, 7, 0, tzinfo=UTC)  # nine o'clock in Berlin, the day before the clocks go back
    task = a_task(cast.ana, due_on=date(2026, 10, 24), remind_at=nine, recurs="week")
    services.snooze_task(task=task, to=date(2026, 10, 26), by=cast.ana.user)
    task.refresh_from_db()
    assert task.remind_at == datetime(2026, 10, 26, 8, 0, tzinfo=UTC)
    after = following(task, datetime(2026, 10, 26, 12, tzinfo=UTC))
    assert after is not None
    assert after.due_on == date(2026, 10, 31)  # by the series, not by what one of it was put off to
    assert after.remind_at == datetime(2026, 10, 31, 8, 0, tzinfo=UTC)


def test_a_form_opened_before_a_change_is_refused(cast: Cast) -> None:
    task = a_task(cast.ana)
    services.change_task(task=task, by=cast.maya.user, version=1, text="Call twice")
    with pytest.raises(Stale):
        services.change_task(task=task, by=cast.ana.user, version=1, text="Call once")
    with pytest.raises(Refused, match="Only the owner"):
        services.change_task(task=task, by=cast.ana.user, owner=cast.ben)
    services.complete_task(task=task, by=cast.ana.user, at=AT)
    with pytest.raises(Refused, match="is done"):
        services.change_task(task=task, by=cast.ana.user, text="Call")


def test_a_reminder_is_told_once_in_its_time(cast: Cast) -> None:
    task = a_task(cast.ana, remind_at=AT)
    a_task(cast.ana, remind_at=AT + timedelta(hours=1))
    done = a_task(cast.ana, remind_at=AT)
    services.complete_task(task=done, by=cast.ana.user, at=AT)
    assert services.remind(at=AT - timedelta(seconds=1)) == 0
    assert services.remind(at=AT) == 1
    assert services.remind(at=AT) == 0
    notice = Notice.objects.get()
    assert (notice.user, notice.link) == (cast.ana.user, f"/tasks/{task.pk}/")
    services.change_task(task=task, by=cast.ana.user, remind_at=AT + timedelta(minutes=5))
    assert services.remind(at=AT + timedelta(minutes=5)) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_tell_of_each_reminder_once() -> None:
    cast = make_cast()
    for _ in range(20):
        a_task(cast.ana, remind_at=AT)
    told: list[int] = []

    def work() -> None:
        told.append(services.remind(at=AT))
        connection.close()

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) + services.remind(at=AT) == 20
    assert Notice.objects.count() == 20


def test_the_page_adds_ticks_puts_off_and_changes_in_place(cast: Cast) -> None:
    client = signed_in(cast.ana)
    today = clock.today("Europe/Berlin")
    added = {"text": "Call back", "due_on": today.isoformat(), "recurs": "week", "remind_at": ""}
    assert client.post("/tasks/", added).status_code == 303
    task = Task.objects.get()
    assert task.recurs == "week"
    answer = client.post(reverse("task-snooze", args=[task.pk]), {"when": "week"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert text.lstrip().startswith('<div id="tasks">')
    assert "Put off to" in text
    task.refresh_from_db()
    assert task.due_on >= today + timedelta(days=7)
    change = {"text": "Visit", "due_on": today.isoformat(), "version": task.version}
    assert client.post(reverse("task", args=[task.pk]), change).status_code == 303
    assert client.post(reverse("task", args=[task.pk]), change).status_code == 422  # stale by now
    assert client.post(reverse("task-done", args=[task.pk])).status_code == 303
    assert "Visit" in client.get("/tasks/").content.decode()
    assert client.get("/to-do/")["Location"] == "/tasks/"


def test_a_manager_looks_at_and_adds_to_the_lists_of_their_people(cast: Cast) -> None:
    a_task(cast.ana, text="Of Ana")
    maya = signed_in(cast.maya)
    assert "Of Ana" in maya.get("/tasks/", {"owner": cast.ana.pk}).content.decode()
    assert maya.post("/tasks/", {"text": "Plan", "due_on": "2026-07-02", "owner": cast.ana.pk}).status_code == 303
    assert Task.objects.filter(owner=cast.ana, text="Plan").exists()
    assert maya.get("/tasks/", {"owner": cast.cleo.pk}).status_code == 404
    assert "Of Ana" not in signed_in(cast.ben).get("/tasks/", {"owner": cast.ana.pk}).content.decode()
    assert signed_in(cast.ben).post(
        "/tasks/", {"text": "T", "due_on": "2026-07-02", "owner": cast.ana.pk}
    ).status_code in (303, 422)
    assert not Task.objects.filter(owner=cast.ana, text="T").exists()


def test_after_logging_one_tap_schedules_what_comes_then(cast: Cast) -> None:
    account = services.add_account(name="Brandt", owner=cast.ana, by=None)
    client = signed_in(cast.ana)
    logged = client.post(reverse("activity-log"), {"kind": "call", "who": f"account:{account.pk}"}, follow=True)
    assert "And then?" in logged.content.decode()
    back = logged.redirect_chain[-1][0]
    said = {"text": "Follow up: Brandt", "account": account.pk, "when": "tomorrow", "back": back}
    assert client.post(reverse("task-add"), said)["Location"] == back
    task = Task.objects.get()
    assert task.account == account
    assert task.due_on > clock.today("Europe/Berlin")
    assert task.due_on.weekday() < 5
    for wrong in ({"back": "https://evil.example/"}, {"back": "//evil.example"}):
        assert client.post(reverse("task-add"), said | wrong)["Location"] == "/tasks/"
    assert client.post(reverse("task-add"), {"text": "", "when": "tomorrow"}).status_code == 303
    theirs = services.add_account(name="Theirs", owner=cast.cleo, by=None)
    client.post(reverse("task-add"), {"text": "Spy", "account": theirs.pk, "when": "week"})
    assert not Task.objects.filter(text="Spy").exists()


@pytest.mark.parametrize("field", ["text", "due_on", "remind_at", "recurs", "recurs_until", "owner", "account", "when"])
def test_whatever_is_sent_is_answered_by_a_sentence(cast: Cast, field: str) -> None:
    client = signed_in(cast.ana)
    task = a_task(cast.ana)
    for value in NAUGHTY:
        said = {"text": "Call", "due_on": "2026-07-02", "when": "day"} | {field: value}
        for path in ("/tasks/", "/tasks/add/", f"/tasks/{task.pk}/", f"/tasks/{task.pk}/snooze/"):
            assert client.post(path, said).status_code < 500


def test_a_double_submit_adds_one_task(cast: Cast) -> None:
    client = signed_in(cast.ana)
    for _ in range(2):
        client.post("/tasks/", {"text": "Call", "due_on": "2026-07-02", "idempotency_key": "k"})
    assert Task.objects.count() == 1


def test_templates_are_ones_own_or_everybodys(cast: Cast) -> None:
    client = signed_in(cast.ana)
    said = {"name": "No answer", "kind": "call", "outcome": "No answer", "duration_minutes": 3}
    assert client.post(reverse("activity-templates"), said).status_code == 303
    assert client.post(reverse("activity-templates"), said).status_code == 422
    own = ActivityTemplate.objects.get()
    services.add_template(name="Visit", kind="visit", owner=None, by=cast.olga.user)
    with pytest.raises(Refused, match="admin and operations"):
        services.add_template(name="Other", kind="visit", owner=None, by=cast.maya.user)
    page = client.get(reverse("activity-log"), {"template": own.pk}).content.decode()
    assert 'value="No answer"' in page
    assert "Visit" in signed_in(cast.ben).get(reverse("activity-log")).content.decode()
    assert "No answer" not in signed_in(cast.ben).get(reverse("activity-log")).content.decode()
    assert client.post(reverse("activity-template-remove", args=[own.pk])).status_code == 303
    assert not ActivityTemplate.objects.filter(pk=own.pk).exists()


def test_time_spent_selling_stands_beside_everything_else(cast: Cast) -> None:
    now = datetime(2026, 7, 1, 9, tzinfo=UTC)
    services.log_activity(owner=cast.ana, kind="visit", at=now, by=None, minutes=90)
    services.log_activity(owner=cast.ana, kind="call", at=now, by=None)  # taken to last ten minutes
    week = {"start": date(2026, 6, 29), "end": date(2026, 7, 6)}
    (row,) = selectors.selling_time(cast.ana.user, [cast.ana], **week)
    assert (row.selling, row.assumed, row.share) == (100, 10, None)
    services.add_time_entry(owner=cast.ana, on=date(2026, 7, 1), kind="travel", minutes=300, by=cast.ana.user)
    (row,) = selectors.selling_time(cast.maya.user, [cast.ana], **week)
    assert (row.elsewhere, row.share) == (300, Decimal("0.25"))
    with pytest.raises(Refused, match="1140 are left"):
        services.add_time_entry(owner=cast.ana, on=date(2026, 7, 1), kind="admin", minutes=1200, by=cast.ana.user)
    page = signed_in(cast.maya).get("/time/", {"week": "2026-07-01"}).content.decode()
    assert "25" in page
    assert "Ana" in page
    assert "Ana" not in signed_in(cast.cleo).get("/time/", {"week": "2026-07-01"}).content.decode()
    Organisation.objects.update(shows_selling_time=False)
    page = signed_in(cast.maya).get("/time/", {"week": "2026-07-01"}).content.decode()
    assert "Ana" not in page


def test_time_is_noted_by_a_quick_form_and_taken_out_again(cast: Cast) -> None:
    client = signed_in(cast.ana)
    today = clock.today("Europe/Berlin")
    assert client.post("/time/", {"kind": "travel", "minutes": 45, "on": today.isoformat()}).status_code == 303
    entry = TimeEntry.objects.get()
    ahead = (today + timedelta(days=1)).isoformat()
    assert client.post("/time/", {"kind": "travel", "minutes": 45, "on": ahead}).status_code == 422
    for value in NAUGHTY:
        for field in ("kind", "minutes", "on", "note"):
            said = {"kind": "travel", "minutes": 5, "on": today.isoformat()} | {field: value}
            assert client.post("/time/", said).status_code < 500
        assert client.get("/time/", {"week": value, "owner": value}).status_code == 200
    assert client.get("/time/", {"export": "csv"}).getvalue()
    assert signed_in(cast.ben).post(reverse("time-withdraw", args=[entry.pk])).status_code == 404
    assert client.post(reverse("time-withdraw", args=[entry.pk])).status_code == 303
    entry.refresh_from_db()
    assert entry.withdrawn_at is not None


def test_the_api_knows_tasks_templates_and_time(cast: Cast) -> None:
    client = signed_in(cast.ana)

    def post(path: str, **said: Any) -> Any:
        return client.post(f"/api/v1/{path}/", said, content_type="application/json")

    made = post("tasks", text="Call", due_on="2026-07-01", recurs="week")
    assert made.status_code == 201
    pk = made.json()["id"]
    assert post(f"tasks/{pk}/snooze", to="2026-07-02").json()["due_on"] == "2026-07-02"
    assert post(f"tasks/{pk}/done").json()["done_at"]
    assert client.get("/api/v1/tasks/", {"is_open": "true"}).json()["results"][0]["follows"] == pk
    assert post("tasks", text="Call", due_on="2026-07-01", owner=cast.ben.pk).status_code == 400
    assert signed_in(cast.ben).get(f"/api/v1/tasks/{pk}/").status_code == 404
    promise = Task.objects.create(owner=cast.ana, text="P", due_on=date(2026, 7, 1), source="action_item")
    assert post(f"tasks/{promise.pk}/done").status_code == 409
    stale = client.patch(f"/api/v1/tasks/{promise.pk}/", {"text": "Q", "version": 9}, content_type="application/json")
    assert stale.status_code == 409
    assert post("activity-templates", name="Call", kind="call").status_code == 201
    assert post("activity-templates", name="All", kind="call", is_shared=True).status_code == 409
    entry = post("time-entries", on="2026-07-01", kind="travel", minutes=30)
    assert entry.status_code == 201
    assert post("time-entries", on="2026-07-01", kind="sleep", minutes=30).status_code == 400
    assert client.delete(f"/api/v1/time-entries/{entry.json()['id']}/").status_code == 204


def test_the_activities_page_finds_words_of_the_notes(cast: Cast) -> None:
    services.log_activity(owner=cast.ana, kind="call", at=AT, by=None, notes="Über die Kalibrierung gesprochen")
    services.log_activity(owner=cast.ana, kind="visit", at=AT, by=None, notes="Nothing new")
    found = signed_in(cast.ana).get("/activities/", {"text": "uber kalib"}).context["page"].rows
    assert [activity.kind for activity in found] == [Activity.Kind.CALL]


def test_an_activity_is_changed_where_it_stands_in_the_list(cast: Cast) -> None:
    activity = services.log_activity(owner=cast.ana, kind="call", at=AT, by=None)
    client, path = signed_in(cast.ana), reverse("activity", args=[activity.pk])
    form = client.get(path, headers={"HX-Request": "true"}).content.decode()
    assert form.lstrip().startswith(f'<li class="row" id="activity-{activity.pk}"><div class="row-main"><form')
    said = {"kind": "call", "occurred_at": "2026-07-01T11:00", "outcome": "Reached", "version": 1}
    row = client.post(path, said, headers={"HX-Request": "true"})
    assert row.status_code == 200
    assert "Reached" in row.content.decode()
    assert "<form" not in row.content.decode()
    assert client.post(path, said, headers={"HX-Request": "true"}).status_code == 422  # stale by now
    assert "Reached" in client.get(f"{path}?row=1", headers={"HX-Request": "true"}).content.decode()
    assert f"activity-{activity.pk}" not in signed_in(cast.ben).get("/activities/").content.decode()
