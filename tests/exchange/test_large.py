"""Large files: in portions of any size, stopped and gone on with, killed in the middle, undone as a whole."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import get_ident
from typing import Any

import psycopg2
import pytest
from celery import Celery
from django.core.files.base import ContentFile
from django.db import OperationalError, connection, transaction
from hypothesis import Phase, given, note
from hypothesis import strategies as st

from sales.models import Account, Activity, Credit, Deal, DealChange, Outcome
from salesmgmt.exchange.kinds import kinds
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.exchange.reader import Unreadable
from salesmgmt.exchange.services import (
    Answer,
    Options,
    begin_undo,
    import_file,
    loading,
    resume_batch,
    stop_batch,
    undo_batch,
    work_off,
)
from salesmgmt.exchange.services import undoing as undoing_module
from salesmgmt.lib.refusals import Refused
from salesmgmt.run import home, services
from teams.models import Organisation
from tests.cast import Cast, make_cast

from .conftest import fuzzed
from .test_kinds import cell_of, counts, reasons, take

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
BASE = Path(__file__).parents[2]
LOADED = [key for key, kind in kinds().items() if kind.loader is not None]


@pytest.fixture
def portions(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have files taken in so many rows at a time."""
    return lambda rows: monkeypatch.setattr(loading, "PORTION", rows)


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def queued(kind: str, text: str, **options: Any) -> Batch:
    """A batch that waits for the worker."""
    batch = Batch(kind=kind, file_name=f"{kind}.csv", digest="", at=AT, state=Batch.State.QUEUED)
    batch.options = {"size": len(text), **options}
    batch.file.save("waiting", ContentFile(text.encode()), save=False)
    batch.save()
    return batch


# ── Portions ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.fuzz
def test_what_a_row_comes_to_does_not_depend_on_where_portions_end(cast: Cast, portions: Callable[[int], None]) -> None:
    @fuzzed(10, phases=[Phase.generate])
    @given(data=st.data())
    def holds(data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(LOADED))
        fields = kinds()[kind].fields
        some = data.draw(st.lists(st.sampled_from(fields), unique_by=lambda one: one.name, max_size=8))
        some = [one for one in fields if one.needed or one in some]
        rows = data.draw(st.lists(st.tuples(*(cell_of(one) for one in some)), max_size=7))
        rows += data.draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []
        quoted = [[one.name for one in some], *rows]
        text = "\r\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in quoted)
        options = {"create_missing": data.draw(st.booleans())}
        found: list[Any] = []
        for size in (1000, 1, 3):
            portions(size)
            with transaction.atomic():
                take("accounts", "external_id,name\nA1,Acme\n")
                try:
                    would = take(kind, text, dry_run=True, **options)
                    answer = take(kind, text, **options)
                except Unreadable as refusal:
                    note(refusal.sentence)
                    found.append([refusal.sentence])
                else:
                    assert (counts(would), reasons(would), would.made) == (
                        counts(answer), reasons(answer), answer.made,
                    )  # fmt: skip
                    found.append([counts(answer), reasons(answer), answer.made, records()])
                transaction.set_rollback(True)
        assert found[0] == found[1] == found[2]

    holds()


def records() -> list[Any]:
    deals = ("external_id", "name", "owner__name", "account__name", "stage__name", "status", "amount", "closed_on")
    acts = ("external_id", "owner__name", "kind", "occurred_at", "account__name", "deal__name", "duration_minutes")
    return [
        list(Deal.objects.order_by("pk").values_list(*deals)),
        list(Activity.objects.order_by("pk").values_list(*acts)),
        list(DealChange.objects.order_by("pk").values_list("deal__name", "field", "was", "value")),
        Credit.objects.all().total(),
        Outcome.objects.count(),
    ]


@pytest.mark.fuzz
@fuzzed(20, phases=[Phase.generate])
@given(data=st.binary(max_size=300), kind=st.sampled_from(LOADED))
def test_any_bytes_are_rows_or_a_sentence(cast: Cast, data: bytes, kind: str) -> None:
    head = ",".join(one.name for one in kinds()[kind].fields)
    with transaction.atomic():
        for text in (data, head.encode() + b"\n" + data):
            try:
                take(kind, text)  # counts every row
            except Unreadable as refusal:
                note(refusal.sentence)
        transaction.set_rollback(True)


def test_alike_activities_in_different_portions_stay_as_many_as_they_are(
    cast: Cast, portions: Callable[[int], None]
) -> None:
    portions(2)
    text = "owner,kind,occurred_at\n" + "Ana,call,2026-05-04 10:00\n" * 5
    assert counts(take("activities", text)) == (5, 0, 0, 0)
    assert counts(take("activities", text)) == (0, 0, 5, 0)
    assert counts(take("activities", text + "Ana,call,2026-05-04 10:00\n")) == (1, 0, 5, 0)


def test_odd_ways_of_writing_are_read_as_everywhere(cast: Cast) -> None:
    Organisation.objects.update(time_zone="UTC")
    head = "external_id,owner,kind,occurred_at,duration_minutes,notes\n"
    rows = [
        "1, ana ,Call,4 May 2026 9:05 PM,15,", "2,ANA@example.com,EMAIL,2026-05-04T10:00:00+02:00,\"1,000\",'=1",
        "3,Ana,call,2026-05-04T10:00,none,", "4,Ana,call,2026-05-04 24:00,,", "5,Ana,call,1899-05-04,,",
        "6,Ana,call,2026-02-30,,", "7,Ana,chat,2026-05-04,,", "8,Ana,call,2026-05-04,1441,",
    ]  # fmt: skip
    answer = take("activities", head + "\n".join(rows))
    assert counts(answer) == (3, 0, 0, 5)
    assert [(line, column) for line, column, _ in reasons(answer)] == [
        (5, "occurred_at"), (6, "occurred_at"), (7, "occurred_at"), (8, "kind"), (9, "duration_minutes"),
    ]  # fmt: skip
    found = list(Activity.objects.order_by("pk").values_list("occurred_at", "kind", "duration_minutes", "notes"))
    assert found == [
        (datetime(2026, 5, 4, 21, 5, tzinfo=UTC), "call", 15, ""),
        (datetime(2026, 5, 4, 8, tzinfo=UTC), "email", 1000, "=1"),
        (datetime(2026, 5, 4, 10, tzinfo=UTC), "call", None, ""),
    ]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_moments_are_read_by_the_database_as_by_python(cast: Cast, zone: str) -> None:
    Organisation.objects.update(time_zone=zone)
    moments = [
        "2025-03-30 02:30",
        "2025-10-26 02:30",
        "2025-03-09 02:30",
        "2025-11-02 01:30",
        "2025-07-01",
        "1950-01-01 00:00",
    ]
    plain = "".join(f"{n},Ana,call,{moment}\n" for n, moment in enumerate(moments))
    odd = "".join(f"odd{n},Ana,call,{moment.replace('-', '/')}\n" for n, moment in enumerate(moments))
    assert counts(take("activities", f"external_id,owner,kind,occurred_at\n{plain}{odd}")) == (12, 0, 0, 0)
    found = dict(Activity.objects.values_list("external_id", "occurred_at"))
    assert [found[str(n)] for n in range(6)] == [found[f"odd{n}"] for n in range(6)]


# ── Stopped, gone on with, undone ───────────────────────────────────────────────────────────────────────────────


def activities(count: int, first: int = 0) -> str:
    lines = (f"A{n},Ana,call,2026-05-{n % 28 + 1:02d} 10:00,{n}\n" for n in range(first, first + count))
    return "external_id,owner,kind,occurred_at,notes\n" + "".join(lines)


def test_a_stopped_import_goes_on_where_it_was(
    cast: Cast, portions: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    portions(10)
    batch = queued("activities", activities(45) + "A1,Ben,call,2026-05-01\nA0,Ana,call,2026-05-01 10:00,0\n")
    wrote, write = [], loading.Load.write

    def write_and_stop(load: loading.Load, of: Batch) -> None:
        write(load, of)
        wrote.append(1)
        if len(wrote) == 2:
            Batch.objects.filter(pk=batch.pk).update(state=Batch.State.RUNNING)
            stop_batch(batch=batch)

    monkeypatch.setattr(loading.Load, "write", write_and_stop)
    assert work_off(at=AT) == 1
    batch.refresh_from_db()
    assert (batch.state, batch.read, batch.total, batch.position, batch.created) == ("stopped", 20, 47, 21, 20)
    assert Activity.objects.count() == 20
    assert work_off(at=AT) == 0
    resume_batch(batch=batch)
    assert work_off(at=AT) == 1
    batch.refresh_from_db()
    assert (batch.state, batch.read, batch.created, batch.equal, batch.refused) == ("done", 47, 45, 1, 1)
    assert batch.rows.get(act="refused").line == 47
    assert undo_batch(batch=batch, by=None, at=AT) == []
    assert not Activity.objects.present().exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failing", [None, 2])
def test_two_sessions_take_a_file_and_what_one_fails_at_the_other_takes(
    transactional_db: None, portions: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, failing: int | None
) -> None:
    make_cast()
    portions(10)
    batch = queued("activities", activities(75))
    sessions, write = [], loading.Load.write

    def write_and_tell(load: loading.Load, of: Batch) -> None:
        write(load, of)
        sessions.append(get_ident())
        if len(sessions) == failing:
            raise OperationalError("the rows are held by somebody else")

    monkeypatch.setattr(loading.Load, "write", write_and_tell)
    assert work_off(at=AT) == 1
    batch.refresh_from_db()
    assert (batch.state, batch.read, batch.created, batch.position) == ("done", 75, 75, 76)
    assert Activity.objects.count() == 75
    assert len(set(sessions)) == 2
    spans = batch.rows.order_by("object_id").values_list("object_id", "through_id")
    assert sum(last - first + 1 for first, last in spans) == 75


def test_a_stopped_import_is_undone_as_a_whole(cast: Cast, portions: Callable[[int], None]) -> None:
    portions(10)
    batch = queued("activities", activities(30))
    Batch.objects.filter(pk=batch.pk).update(is_stopping=True, position=11, read=10, created=10, state="running")
    assert work_off(at=AT) == 1
    batch.refresh_from_db()
    assert batch.state == Batch.State.STOPPED
    assert undo_batch(batch=batch, by=None, at=AT) == []
    batch.refresh_from_db()
    assert batch.state == Batch.State.UNDONE
    with pytest.raises(Refused, match="nothing to go on with"):
        resume_batch(batch=batch)


def test_what_waits_is_stopped_before_it_begins(cast: Cast) -> None:
    batch = stop_batch(batch=queued("deals", "owner\nAna\n"))
    assert batch.state == Batch.State.PREVIEWED
    with pytest.raises(Refused, match="nothing to stop"):
        stop_batch(batch=batch)


def test_a_batch_that_another_session_holds_is_left_alone(cast: Cast) -> None:
    batch = queued("activities", activities(3))
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [0x1A9027, batch.pk])
        assert work_off(at=AT) == 0
    finally:
        other.close()
    while work_off(at=AT) == 0:  # until the server has noticed
        time.sleep(0.01)
    batch.refresh_from_db()
    assert batch.state == Batch.State.DONE


def test_a_failure_in_the_middle_tells_what_stands_and_can_go_on(
    cast: Cast, portions: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    portions(10)
    batch = queued("activities", activities(30))
    judge, calls = loading.Load.judge, []

    def fail_in_the_third(load: loading.Load, first: int, last: int, **more: Any) -> None:
        calls.append(first)
        if len(calls) == 3:
            raise RuntimeError("out of order")
        judge(load, first, last, **more)

    monkeypatch.setattr(loading.Load, "judge", fail_in_the_third)
    work_off(at=AT)
    batch.refresh_from_db()
    assert (batch.state, batch.position) == ("failed", 21)
    assert "what was taken before stands" in batch.message
    resume_batch(batch=batch)
    work_off(at=AT)
    batch.refresh_from_db()
    assert (batch.state, batch.created, Activity.objects.count()) == ("done", 30, 30)


def test_a_large_import_is_undone_by_the_worker(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing_module, "AT_ONCE", 5)
    answer = take("activities", activities(9))
    assert answer.batch is not None
    assert BatchRow.objects.filter(batch=answer.batch).count() == 1  # one range of numbers
    assert begin_undo(batch=answer.batch, by=None, at=AT) is None
    assert Activity.objects.present().count() == 9
    assert work_off(at=AT) == 1
    assert not Activity.objects.present().exists()
    assert Batch.objects.get().state == Batch.State.UNDONE


def test_an_undo_after_later_edits_says_what_it_keeps_and_why(cast: Cast, portions: Callable[[int], None]) -> None:
    portions(2)
    first = take(
        "deals", "external_id,owner,amount,account\nD1,Ana,1,Acme\nD2,Ana,2,\nD3,Ben,3,\n", create_missing=True
    )
    second = take("deals", "external_id,owner,amount,source\nD1,Ana,10,web\nD2,Ben,20,web\n")
    Deal.objects.filter(external_id="D1").update(amount=11)
    take("activities", "owner,kind,occurred_at,deal\nAna,call,2026-05-04,D3\n")
    assert undo(second) == ["Amount of acme stays: it was changed since."]
    kept = Deal.objects.get(external_id="D2")
    assert (kept.amount, kept.owner, kept.source) == (2, cast.ana, "")
    assert undo(first) == ["Deal d3 stays: 1 activity needs it."]
    assert [deal.external_id for deal in Deal.objects.present()] == ["D3"]
    assert not Account.objects.present().exists()


def undo(answer: Answer) -> list[str]:
    assert answer.batch is not None
    return undo_batch(batch=answer.batch, by=None, at=AT)


def test_a_large_file_by_command_is_kept_until_it_is_done(cast: Cast, portions: Callable[[int], None]) -> None:
    portions(10)
    file = io.BytesIO(activities(25).encode())
    answer = import_file(
        kind="activities", file=file, name="a.csv", options=Options(create_missing=True), by=None, at=AT
    )
    assert answer.batch is not None
    assert (answer.batch.state, answer.batch.total, answer.created) == ("done", 25, 25)
    assert answer.batch.file.size == len(activities(25))
    assert answer.batch.options["create_missing"] is True


# ── Killed ──────────────────────────────────────────────────────────────────────────────────────────────────────

SETUP = "import sys, django; django.setup(); from salesmgmt.exchange.services import loading; loading.PORTION = 30\n"
PREPARE = """
from django.core.files.base import ContentFile
from salesmgmt.exchange.models import Batch
from salesmgmt.lib import clock
from tests.cast import make_cast
make_cast()
for kind in ("deals", "activities"):
    text = sys.stdin.readline().encode().decode("unicode_escape")
    batch = Batch(kind=kind, file_name=kind, digest="", at=clock.now(), options={"size": len(text)}, state="previewed")
    batch.file.save(kind, ContentFile(text.encode()), save=False)
    batch.save()
"""
WORKER = """
from salesmgmt.celery import app
app.worker_main(["--quiet", "worker", "--concurrency=1", "--without-gossip", "--without-mingle"])
"""


class Own:
    """A PostgreSQL and a broker of its own, with what the suite's migrations made, and Celery workers to be killed."""

    def __init__(self, folder: Path) -> None:
        self.home = home.settle(folder)
        self.start()
        tools, to = Path(self.home.postgres), connection.settings_dict
        dump = [tools / "pg_dump", "--no-owner", "--no-acl", "-h", to["HOST"], "-U", to["USER"], to["NAME"]]
        dump += ["-p", str(to["PORT"])] if to["PORT"] else []
        secret = os.environ | {"PGPASSWORD": to["PASSWORD"] or ""}
        with subprocess.Popen(dump, stdout=subprocess.PIPE, env=secret) as dumped:
            restore = [tools / "psql", "--quiet", "--no-psqlrc", "--output=/dev/null", self.url]
            subprocess.run(restore, stdin=dumped.stdout, stderr=subprocess.DEVNULL, check=True)
        self.environment = os.environ | {
            "DATABASE_URL": self.url, "DATABASE_OWNER_URL": self.url, "DJANGO_SETTINGS_MODULE": "salesmgmt.settings",
            "REDIS_URL": self.broker, "FILES": str(folder / "files"), "VAR": str(folder),
        }  # fmt: skip
        self.celery = Celery(broker=self.broker)

    def start(self) -> None:
        started = services.start(self.home, ["postgres", "valkey"])
        self.url, self.broker = started["DATABASE_OWNER_URL"], started["REDIS_URL"]

    def crash(self) -> None:
        """An immediate stop, and the recovery that follows it."""
        pid = int((self.home.cluster / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        while services.is_up(self.home, "postgres"):
            continue
        self.start()

    def run(self, code: str, told: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        quiet = subprocess.DEVNULL
        command = [sys.executable, "-c", SETUP + code]
        return subprocess.Popen(
            command, cwd=BASE, env=self.environment, stdin=told, stdout=quiet, stderr=quiet, start_new_session=True
        )

    def worker(self) -> "subprocess.Popen[bytes]":
        """A worker that is told to look, as beat tells it every second."""
        self.tell()
        return self.run(WORKER)

    def tell(self) -> None:
        self.celery.send_task("salesmgmt.desk.tasks.drain", ["import"])

    def ask(self, query: str) -> Any:
        with closing(psycopg2.connect(self.url)) as reading, reading, reading.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()

    def until(self, kind: str, part: float, process: "subprocess.Popen[bytes]") -> None:
        """Wait until a worker has taken that part of a file."""
        query = f"SELECT coalesce(read >= total * {part}, false) FROM exchange_batch WHERE kind = '{kind}'"
        query = query if part < 1 else f"SELECT state = 'done' FROM exchange_batch WHERE kind = '{kind}'"
        reading = psycopg2.connect(self.url)
        reading.autocommit = True
        with reading.cursor() as cursor:
            while True:
                cursor.execute(query)
                if cursor.fetchone()[0]:
                    break
                assert process.poll() is None, "the worker ended before its time"
        reading.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any) -> Iterator[Own]:
    with django_db_blocker.unblock():
        made = Own(tmp_path_factory.mktemp("own"))
    status = ("won", "lost", "open")
    deals = "".join(f"D{n},Ana,{status[n % 3]},{n}.50,{'2026-05-04' if n % 3 < 2 else ''}\n" for n in range(900))
    texts = ["external_id,owner,status,amount,closed_on\n" + deals, activities(900)]
    try:
        made.run(PREPARE, subprocess.PIPE).communicate(
            "\n".join(text.replace("\n", "\\n") for text in texts).encode() + b"\n"
        )
        yield made
    finally:
        services.stop(made.home)


def kill(worker: "subprocess.Popen[bytes]") -> None:
    """The worker and the process in which it works."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


@pytest.mark.django_db
def test_a_worker_killed_thrice_leaves_each_deal_once(own: Own) -> None:
    own.ask("UPDATE exchange_batch SET state = 'queued' WHERE kind = 'deals' RETURNING 1")
    worker = own.worker()
    for part in (0.1, 0.5, 0.9):
        own.until("deals", part, worker)
        if part == 0.5:  # only the process that does the work: Celery gives its task to another
            (child,) = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
            os.kill(int(child), signal.SIGKILL)
            continue
        kill(worker)
        state, read, taken = own.ask(
            "SELECT state, read, (SELECT count(*) FROM sales_deal) FROM exchange_batch WHERE kind = 'deals'"
        )
        assert (state, read) == ("running", taken)
        assert part * 900 <= read < 900
        worker = own.worker()
    own.until("deals", 1, worker)
    kill(worker)
    assert own.ask("SELECT state, read, created, refused FROM exchange_batch WHERE kind = 'deals'") == (
        "done", 900, 900, 0,
    )  # fmt: skip
    tables = {"deal": 900, "dealchange": 900 * 2 + 600, "outcome": 600, "order": 300, "credit": 300}
    for table, count in tables.items():
        assert own.ask(f"SELECT count(*) FROM sales_{table}") == (count,)
    assert own.ask("SELECT sum(amount) FROM sales_credit") == (sum(n + 0.5 for n in range(0, 900, 3)),)
    assert own.ask("SELECT sum(through_id - object_id + 1) FROM exchange_batchrow") == (900,)


@pytest.mark.django_db
def test_a_server_that_crashes_twice_leaves_each_activity_once(own: Own) -> None:
    own.ask("UPDATE exchange_batch SET state = 'queued' WHERE kind = 'activities' RETURNING 1")
    worker = own.worker()
    for part in (0.2, 0.6):
        own.until("activities", part, worker)
        own.crash()
        state, read, taken = own.ask(
            "SELECT state, read, (SELECT count(*) FROM sales_activity) FROM exchange_batch WHERE kind = 'activities'"
        )
        assert (state, read) == ("running", taken)
        assert part * 900 <= read < 900
        own.tell()  # the worker outlives it
    own.until("activities", 1, worker)
    kill(worker)
    query = "SELECT state, created, (SELECT count(DISTINCT external_id) FROM sales_activity)"
    assert own.ask(f"{query} FROM exchange_batch WHERE kind = 'activities'") == ("done", 900, 900)
