"""What it costs to keep figures equal to the records, beside the bare statements; and how soon a page shows a save.

`measure` runs this module in a fresh process on a seeded database; all of it is rolled back.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from .client import Client

BASE = Path(__file__).resolve().parent.parent.parent
MARKS, LOADED, RUNS, SAVES = 10_000, 50_000, 5, 15
DRAIN_BAR, REBUILD_BAR, TRIGGER_BAR, GROWTH_BAR, SCREEN_BAR = 2.0, 1.5, 1.3, 1.2, 1.0
SMALLER = "the same on a tenth of the records, the same people"


def measure(whole: dict[str, str], tenth: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Lines for the table."""
    from .__main__ import line

    here, there = _measured(whole), _measured(tenth)
    yield line("drain of 10,000 marks", here["drain"], "the bare aggregate of the same cells and its upsert",
               here["bare"], "ms", DRAIN_BAR)  # fmt: skip
    yield line("drain of 10,000 marks, growth per 1,000 cells", 1000 * here["drain"] / here["cells"],
               f"{SMALLER}: fewer records and so fewer cells a mark", 1000 * there["drain"] / there["cells"],
               "ms", GROWTH_BAR)  # fmt: skip
    yield line("drain of 1 mark, growth", here["one"], SMALLER, there["one"], "ms", GROWTH_BAR)
    yield line("rebuild of all rollups", here["rebuild"], "INSERT INTO equal, equally indexed tables SELECT … GROUP BY",
               here["insert"], "ms", REBUILD_BAR)  # fmt: skip
    yield line("bulk load of 50,000 activities", here["load"], "the same without the triggers that mark",
               here["unmarked"], "ms", TRIGGER_BAR)  # fmt: skip


def _measured(environment: dict[str, str]) -> dict[str, float]:
    own = environment | {"DATABASE_URL": environment["DATABASE_OWNER_URL"]}
    done = subprocess.run([sys.executable, "-m", __name__], cwd=BASE, env=own, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{__name__} failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesmgmt.settings")
    import django

    django.setup()
    from django.db import connection, transaction

    from performance.selectors.parts import parts_in_force, sql_of
    from performance.services import rollups

    def run(sql: str, *arguments: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, arguments or None)

    @contextmanager
    def undone() -> Iterator[None]:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    def fresh(topic: str, scope: str) -> tuple[str, list[Any]]:
        """What the records of a topic come to in a scope, as a plain statement."""
        sql, arguments = sql_of(parts_in_force(topic))
        both = " UNION ALL ".join(part for part in (rollups.FAMILIES[topic].records, sql) if part)
        return rollups.with_months(f"WITH scope AS MATERIALIZED ({scope}) SELECT * FROM ({both}) AS fresh"), arguments

    picked = f"""
        SELECT owner_id AS person_id, occurred_on AS first, occurred_on + 1 AS until FROM (
               SELECT DISTINCT owner_id, occurred_on FROM sales_activity WHERE withdrawn_at IS NULL) AS days
         ORDER BY md5(owner_id::text || occurred_on) LIMIT {MARKS}
    """  # nosec B608
    columns = 'person_id, team_id, "on", posted_month, measure, bucket, total, count'

    def drained() -> tuple[float, float, float, int]:
        with undone():
            run(f"CREATE TEMP TABLE picked ON COMMIT DROP AS {picked}")
            run("CREATE TABLE kept (LIKE performance_rollup INCLUDING ALL)")
            run(f"INSERT INTO kept ({columns}) SELECT {columns} FROM performance_rollup")
            for name in ("kept", "performance_rollup"):
                run(f"UPDATE {name} r SET total = total + 1 FROM picked p WHERE r.person_id = p.person_id"
                    " AND r.on = p.first AND r.measure LIKE 'activities%'")  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM kept r JOIN picked p ON r.person_id = p.person_id"
                               " AND r.on = p.first AND r.measure LIKE 'activities%'")  # fmt: skip
                cells = cursor.fetchone()[0]
            run("DELETE FROM desk_mark")
            run("ANALYZE kept; ANALYZE picked")
            sql, arguments = fresh("activities", "SELECT * FROM picked")
            bare = _timed(
                lambda: run(
                    f"INSERT INTO kept ({columns}) SELECT {columns} FROM ({sql}) AS cells"
                    ' ON CONFLICT (person_id, measure, "on", team_id, posted_month, bucket)'
                    " DO UPDATE SET total = excluded.total, count = excluded.count",
                    *arguments,
                )
            )
            run("INSERT INTO desk_mark (topic, person_id, days)"
                " SELECT 'activities', person_id, daterange(first, until) FROM picked")  # fmt: skip

            def drain() -> None:
                while rollups.drain("activities"):
                    pass

            many = _timed(drain)
            run("INSERT INTO desk_mark (topic, person_id, days)"
                " SELECT 'activities', person_id, daterange(first, until) FROM picked LIMIT 1")  # fmt: skip
            return many, bare, _timed(drain), cells

    def rebuilt() -> tuple[float, float]:
        with undone():
            run("SET LOCAL work_mem = '64MB'")
            run("CREATE TABLE days (LIKE performance_rollup INCLUDING ALL)")
            run("CREATE TABLE sums (LIKE performance_rollupsum INCLUDING ALL)")
            always = "date '1900-01-01' AS first, date '9999-01-01' AS until"
            everybody = f"SELECT id AS person_id, {always} FROM teams_person"  # nosec B608

            def insert() -> None:
                for topic in rollups.FAMILIES:
                    if topic == "quota":
                        run(f"INSERT INTO days ({columns}) SELECT {columns} FROM performance_rollup"
                            " WHERE measure = 'expected'")  # fmt: skip
                        continue
                    sql, arguments = fresh(topic, everybody)
                    run(f"INSERT INTO days ({columns}) SELECT {columns} FROM ({sql}) AS cells", *arguments)
                run(rollups.with_months("""
                    INSERT INTO sums (level, measure, "on", person_id, team_id, posted_month, bucket, total, count)
                    SELECT level, r.measure, day, person, team, r.posted_month, r.bucket, sum(r.total), sum(r.count)
                      FROM days r
                     CROSS JOIN LATERAL (VALUES ('pm', month(r."on"), r.person_id, 0), ('td', r."on", 0, r.team_id),
                                                ('tm', month(r."on"), 0, r.team_id)) AS l(level, day, person, team)
                     GROUP BY 1, 2, 3, 4, 5, 6, 7
                """))  # fmt: skip

            plain = _timed(insert)
        with undone():
            run("TRUNCATE performance_rollup, performance_rollupsum")
            run("DELETE FROM desk_mark")
            return _timed(lambda: list(rollups.rebuild())), plain

    def loaded(*, marks: bool) -> float:
        with undone():
            if not marks:
                run("""
                    DO $$ DECLARE t record; BEGIN
                      FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'sales_activity'::regclass
                                      AND tgname LIKE '%mark%insert%' LOOP
                        EXECUTE format('ALTER TABLE sales_activity DISABLE TRIGGER %I', t.tgname);
                      END LOOP;
                    END $$
                """)
            return _timed(
                lambda: run(f"""
                    INSERT INTO sales_activity (owner_id, kind, occurred_at, occurred_on, account_id, created_at,
                                                outcome, notes, version)
                    SELECT owner_id, kind, occurred_at, occurred_on, account_id, now(), outcome, '', 1
                      FROM sales_activity ORDER BY id LIMIT {LOADED}
                """)  # nosec B608
            )

    drains = [drained() for _ in range(RUNS)]
    rebuilds = [rebuilt() for _ in range(2)]
    found = {
        "drain": median(many for many, _, _, _ in drains),
        "bare": median(bare for _, bare, _, _ in drains),
        "one": median(one for _, _, one, _ in drains),
        "cells": drains[0][3],
        "rebuild": min(ours for ours, _ in rebuilds),
        "insert": min(plain for _, plain in rebuilds),
    }
    loads = [(loaded(marks=True), loaded(marks=False)) for _ in range(RUNS)]
    found |= {"load": median(ours for ours, _ in loads), "unmarked": median(bare for _, bare in loads)}
    print(json.dumps(found))


# ── From a save to the screen ───────────────────────────────────────────────────────────────────────────────────


@contextmanager
def working(environment: dict[str, str]) -> Iterator[None]:
    """A worker and its clock, as `make run` starts them."""
    started = []
    with (Path(environment["VAR"]) / "worker.log").open("ab") as log:
        for words in (("worker", "--loglevel=WARNING", "--concurrency=1"), ("beat", "--loglevel=WARNING")):
            command = [sys.executable, "-m", "celery", "-A", "salesmgmt", *words]
            started.append(subprocess.Popen(command, cwd=BASE, env=environment, stdout=log, stderr=log))
    try:
        time.sleep(8)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:  # in the midst of a long task, which its next start takes up again
                process.kill()


def screen(port: int) -> dict[str, Any]:
    """Median seconds from a save until the home page of a manager, open elsewhere, shows its new figures."""
    from .__main__ import line, log_activity

    rep, manager = Client(port, "ana"), Client(port, "maya")
    took = []
    for _ in range(SAVES):
        page = manager.get("/").body
        token = page.split('data-live-token="')[1].split('"')[0] if 'data-live-token="' in page else ""
        shown = manager.get(f"/live/stamp/?t={token}").body
        log_activity(rep)
        began = time.perf_counter()
        time.sleep(random.random())  # where in its second the open page happens to be
        while manager.get(f"/live/stamp/?t={token}").body == shown and time.perf_counter() - began < 30:
            time.sleep(1)
        manager.get("/")
        took.append(time.perf_counter() - began)
    return line("from a save to an open page", median(took), "the limit", SCREEN_BAR, "s", 1)


if __name__ == "__main__":
    main()
