"""Several writers and drainers at once, and a drainer that is killed: nothing is lost, nothing counts twice."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import performance.tasks  # noqa: F401  (declares the drainers, as in the worker)
from performance.models import Rollup
from performance.services import define_measure, rollups
from sales.models import Account, Activity, Deal, Order
from salesmgmt.desk.drains import drain_topic
from salesmgmt.desk.models import Mark
from salesmgmt.lib.ranges import half_open
from teams.models import Person, Posting
from tests.cast import Cast, make_cast
from tests.performance.records import AT, a_credit, a_deal, an_activity, an_order, an_outcome

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 5, 4)
TOPICS = ("credits", "outcomes", "activities", "pipeline")


@pytest.fixture
def company(transactional_db: None) -> Cast:
    cast = make_cast()
    call_command("refresh_rollups")
    return cast


class Worker:
    """A thread with a connection of its own; a writer keeps one transaction open between its acts."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(max_workers=1)
        self.running: list[Future] = []
        self.open: transaction.Atomic | None = None

    def do(self, act, *arguments) -> None:
        self.thread.submit(act, *arguments).result(timeout=30)

    def begin(self, act, *arguments) -> None:
        """Do it meanwhile; `finish` waits for all."""
        self.running.append(self.thread.submit(act, *arguments))

    def finish(self) -> None:
        for future in self.running:
            future.result(timeout=60)
        self.running = []

    def close(self) -> None:
        self.finish()
        self.thread.submit(connections.close_all).result()
        self.thread.shutdown()


def write(worker: Worker, act, *arguments) -> None:
    if worker.open is None:
        worker.open = transaction.atomic()
        worker.open.__enter__()
    act(*arguments)


def end(worker: Worker, *, keep: bool) -> None:
    if worker.open is not None:
        if not keep:
            transaction.set_rollback(True)
        worker.open.__exit__(None, None, None)
        worker.open = None


def log(cast: Cast, who: str, offset: int, mine: list) -> None:
    mine.append(an_activity(getattr(cast, who), DAY + timedelta(offset), duration_minutes=10))


def move(cast: Cast, who: str, offset: int, mine: list) -> None:
    for record in mine[-2:]:
        Activity.objects.filter(pk=record.pk).update(owner=getattr(cast, who), occurred_on=DAY + timedelta(offset))


def remove(cast: Cast, who: str, offset: int, mine: list) -> None:
    if mine:
        Activity.objects.filter(pk=mine.pop().pk).delete()


def credit(cast: Cast, who: str, offset: int, mine: list) -> None:
    a_credit(getattr(cast, who), "10.01", DAY + timedelta(offset))


def take_back(cast: Cast, who: str, offset: int, mine: list) -> None:
    a_credit(getattr(cast, who), "-10.01", DAY + timedelta(offset), order=an_order(cast.ben, "1", DAY))


def win(cast: Cast, who: str, offset: int, mine: list) -> None:
    an_outcome(getattr(cast, who), "won", DAY + timedelta(offset), days=offset)


def deal(cast: Cast, who: str, offset: int, mine: list) -> None:
    made = a_deal(getattr(cast, who), "5", close=DAY + timedelta(offset))
    Deal.objects.filter(pk=made.pk).update(amount=offset)


ACTS = (log, move, remove, credit, take_back, win, deal)
steps = st.one_of(
    st.tuples(
        st.just("write"), st.integers(0, 2), st.sampled_from(ACTS), st.sampled_from(["ana", "ben"]), st.integers(0, 2)
    ),
    st.tuples(st.just("commit"), st.integers(0, 2)),
    st.tuples(st.just("rollback"), st.integers(0, 2)),
    st.tuples(st.just("drain"), st.sampled_from(TOPICS)),
)


@pytest.fixture
def workers() -> Iterator[tuple[list[Worker], list[Worker]]]:
    writers, drainers = [Worker() for _ in range(3)], [Worker() for _ in range(2)]
    yield writers, drainers
    for worker in (*writers, *drainers):
        worker.close()


def test_rollups_follow_the_records_whatever_the_interleaving(company: Cast, workers: tuple) -> None:
    writers, drainers = workers

    @settings(
        max_examples=25, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(steps, min_size=5, max_size=40))
    def runs_clean(schedule: list[tuple]) -> None:
        mine: list[list] = [[], [], []]
        for step in schedule:
            match step:
                case ("write", n, act, who, offset):
                    writers[n].do(write, writers[n], act, company, who, offset, mine[n])
                case ("commit", n):
                    writers[n].do(lambda n=n: end(writers[n], keep=True))
                case ("rollback", n):
                    writers[n].do(lambda n=n: end(writers[n], keep=False))
                    mine[n].clear()
                case ("drain", topic):
                    for drainer in drainers:
                        drainer.begin(drain_topic, topic)
        for writer in writers:
            writer.do(lambda writer=writer: end(writer, keep=True))
        for drainer in drainers:
            for topic in TOPICS:
                drainer.begin(drain_topic, topic)
        for drainer in drainers:
            drainer.finish()
        assert not Mark.objects.filter(topic__in=TOPICS).exists()
        assert [str(difference) for difference in rollups.rebuild(write=False)] == []

    runs_clean()
    assert Rollup.objects.exists()


def test_a_transfer_while_activities_are_logged_and_drained(company: Cast, workers: tuple) -> None:
    (writer, mover, _), drainers = workers
    for n in range(6):
        writer.begin(log, company, "cleo", n, [])
        for drainer in drainers:
            drainer.begin(drain_topic, "activities")
        if n == 3:
            mover.do(transfer, company)
    for worker in (writer, *drainers):
        worker.finish()
    call_command("refresh_rollups")
    assert list(rollups.rebuild(write=False)) == []
    teams = Rollup.objects.filter(measure="activities.call").order_by("on").values_list("team_id", flat=True)
    assert list(teams) == [company.south.pk] * 3 + [company.north.pk] * 3


@transaction.atomic
def transfer(cast: Cast) -> None:
    day = DAY + timedelta(3)
    Posting.objects.filter(person=cast.cleo).update(during=half_open(date(2024, 1, 1), day))
    Posting.objects.create(person=cast.cleo, team=cast.north, during=half_open(day))


def test_what_hangs_on_a_record_follows_it_though_it_was_made_meanwhile(company: Cast, workers: tuple) -> None:
    """An order of a customer who is being changed, and two first orders at once."""
    account = Account.objects.create(name="Brandt", industry="Steel")
    for key, condition in (("steel", ["industry", "is", ["Steel"]]), ("first", ["first_order", "yes", []])):
        spec = {"source": "credits", "value": "amount", "conditions": [condition]}
        define_measure(key=key, label=key, unit="money", method="sum", spec=spec, by=company.admin, at=AT)
    call_command("refresh_rollups")
    [one, _, _], _ = workers

    def book(owner: Person, day: date) -> None:
        order = Order.objects.create(owner=owner, account=account, amount=5, currency="EUR", ordered_on=day)
        a_credit(owner, "5", day, order=order)

    one.do(write, one, lambda: Account.objects.filter(pk=account.pk).update(industry="Paper"))
    one.do(write, one, book, company.ben, DAY)
    book(company.ana, DAY + timedelta(1))
    call_command("refresh_rollups")
    assert set(Rollup.objects.values_list("measure", flat=True)) >= {"credits:steel", "credits:first"}
    one.do(lambda: end(one, keep=True))
    call_command("refresh_rollups")
    assert [str(difference) for difference in rollups.rebuild(write=False)] == []
    assert not Rollup.objects.filter(measure="credits:steel").exists()
    assert list(Rollup.objects.filter(measure="credits:first").values_list("person", flat=True)) == [company.ben.pk]


def test_a_drainer_killed_in_the_middle_of_fifty_thousand_marks_leaves_everything_consistent(company: Cast) -> None:
    people = [company.ana, company.ben, company.cleo, company.maya, company.omar]
    days = [date(2024, 1, 1) + timedelta(n) for n in range(700)]
    Activity.objects.bulk_create(
        Activity(owner=person, kind="call", occurred_at=f"{day}T10:00Z", occurred_on=day)
        for person in people
        for day in days
    )
    Mark.objects.all().delete()
    with connection.cursor() as cursor:
        # As fifty thousand single edits would have left them.
        cursor.execute(
            "INSERT INTO desk_mark (topic, person_id, days) SELECT 'activities', p, daterange(d, d + 1)"
            " FROM generate_series(1, 50000) AS n, LATERAL (SELECT (%s::bigint[])[1 + n %% 5] AS p,"
            " '2024-01-01'::date + (n / 5) %% 700 AS d) AS x",
            [[person.pk for person in people]],
        )
    process = subprocess.Popen(
        [sys.executable, "manage.py", "refresh_rollups"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"DATABASE_URL": _url(), "DATABASE_OWNER_URL": _url()},
        stdout=subprocess.DEVNULL,
    )
    while process.poll() is None and Mark.objects.filter(topic="activities").count() == 50_000:
        continue
    process.kill()
    process.wait()
    left = Mark.objects.filter(topic="activities").count()
    assert 0 < left < 50_000
    assert list(rollups.rebuild(write=False)) == []  # what no mark waits for is right already
    call_command("refresh_rollups")
    call_command("rebuild_rollups", "--check")
    assert not rollups.waiting()
    assert sum(Rollup.objects.filter(measure="activities.call").values_list("count", flat=True)) == 3500


def _url() -> str:
    to = connection.settings_dict
    port = f":{to['PORT']}" if to["PORT"] else ""
    secret = f":{quote(to['PASSWORD'], safe='')}" if to["PASSWORD"] else ""
    return f"postgres://{to['USER']}{secret}@{quote(to['HOST'], safe='')}{port}/{to['NAME']}"
