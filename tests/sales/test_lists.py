"""What long lists read: along an index, and of the rows themselves only those that are shown."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from sales import selectors
from sales.models import Account, Activity, Deal, Product, Stage
from sales.selectors import DealFilter
from sales.views.deals import SORTS, SORTS_OF
from salesmgmt.lib import keyset
from salesmgmt.lib.periods import Period
from teams.models import Organisation, User
from tests.cast import Cast, make_cast

DEALS, ACTIVITIES = 6_000, 20_000
MOST_ROWS = 3 * (keyset.SIZE + 1)  # of the page, once to find and once to show them, and some
SMALL = ("seqscan", "bitmapscan", "mergejoin", "hashjoin")  # ways that pay on a table thirty times as small as theirs
A_MONTH = 32 * 24
LAST = "WyI8IiwgbnVsbCwgMV0"  # the cursor before the end
TODAY = date(2026, 11, 21)


def fill(cast: Cast) -> None:
    """Deals of three people in all stages, the older the likelier decided; activities of three years."""
    owners = [cast.ana.pk, cast.ben.pk, cast.cleo.pk]
    stages = list(Stage.objects.order_by("pk").values_list("pk", flat=True))
    common, other, rare = (Product.objects.create(name=f"P{number}", currency="EUR").pk for number in range(3))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sales_deal (created_at, name, owner_id, stage_id, product_id, status, amount, currency,
                                    opened_on, expected_close_on, closed_on, own_forecast_category, source, next_step,
                                    version)
            SELECT now(), 'Deal ' || i, (%(owners)s)[1 + i %% 3], (%(stages)s)[1 + i %% %(count)s],
                   CASE WHEN i %% 50 = 0 THEN %(rare)s WHEN i %% 2 = 0 THEN %(common)s ELSE %(other)s END,
                   state, i %% 7919, 'EUR', date '2024-01-01' + i / 8, date '2024-03-01' + i / 8,
                   CASE WHEN state <> 'open' THEN date '2024-03-01' + i / 8 END, '', '', '', 1
              FROM (SELECT i, CASE WHEN i > %(deals)s - 400 THEN 'open'
                                  WHEN i %% 2 = 0 THEN 'won' ELSE 'lost' END AS state
                      FROM generate_series(1, %(deals)s) i) made
            """,
            {
                "owners": owners, "stages": stages, "count": len(stages), "deals": DEALS, "rare": rare,
                "common": common, "other": other,
            },
        )  # fmt: skip
        cursor.execute(
            """
            INSERT INTO sales_activity (created_at, owner_id, kind, occurred_at, occurred_on, outcome, notes, version)
            SELECT now(), (%(owners)s)[1 + i %% 3], 'call',
                   timestamptz '2024-01-01 12:00Z' + i * interval '1 hour',
                   (timestamptz '2024-01-01 12:00Z' + i * interval '1 hour')::date, '', '', 1
              FROM generate_series(1, %(activities)s) i
            """,
            {"owners": owners, "activities": ACTIVITIES},
        )
        # What other tests rolled back swells tables and indexes, and leaves pages that never count as visible.
        cursor.execute("VACUUM (FULL, ANALYZE) sales_deal, sales_activity, sales_stage, teams_person")
        # Until no snapshot of the server's own upkeep holds a row back: what an index alone can tell shows only then.
        for _ in range(2000):
            cursor.execute("VACUUM (ANALYZE) sales_deal, sales_activity")
            cursor.execute(
                "SELECT bool_and(relallvisible = relpages) FROM pg_class"
                " WHERE oid IN ('sales_deal'::regclass, 'sales_activity'::regclass)"
            )
            if cursor.fetchone() == (True,):
                break


def rows_read(statements: list[str], table: str) -> int:
    """How many rows of a table were read themselves, shown or not, in the dearest of some statements."""
    dearest = 0
    with connection.cursor() as cursor:
        for way in SMALL:
            cursor.execute(f"SET enable_{way} = off")
        for statement in statements:
            if statement.startswith("EXPLAIN"):  # reads none
                continue
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}")
            (answer,) = cursor.fetchone()
            plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
            read = sum(
                (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
                for node in nodes(plan)
                if node.get("Relation Name") == table and node["Node Type"] != "Index Only Scan"
            )
            dearest = max(dearest, int(read))
        for way in SMALL:
            cursor.execute(f"RESET enable_{way}")
    return dearest


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


@pytest.mark.django_db(transaction=True)  # what is to be vacuumed has to be committed
def test_long_lists_read_no_row_that_they_do_not_show(transactional_db: None) -> None:
    cast = make_cast()
    fill(cast)
    quarter = Period.of(TODAY, "quarter", Organisation.get().calendar)
    stage, rare = Stage.objects.order_by("pk")[0], Product.objects.get(name="P2")
    narrowed = [
        DealFilter(),
        DealFilter(stage=stage.pk),
        DealFilter(pipeline=stage.pipeline_id),
        DealFilter(product=rare.pk),
        DealFilter(owner=cast.ben.pk),
        DealFilter(closing=quarter),
        DealFilter(closing=quarter.shift(-8)),
    ]
    too_many: dict[tuple[Any, ...], int] = {}
    for person in (cast.vera, cast.maya, cast.ana):
        user = User.objects.get(pk=person.user_id)
        for asked, status in product(narrowed, SORTS_OF):
            more = {"stage", "owner"} if asked == DealFilter() else set()
            if more and person is cast.vera:  # a rep's own are few enough to be read for their names
                more.add("name")
            sorts = [sort for sort in SORTS_OF[status] if sort in more or sort not in ("name", "stage", "owner")]
            for sort, cursor in product(sorts, ("", LAST)):
                by, descending = SORTS[sort]
                found = selectors.deals_in_order(user, replace(asked, status=status))
                with CaptureQueriesContext(
                    connection,
                ) as captured:
                    keyset.page(
                        found.parts, by=by, descending=descending, cursor=cursor, shown=found.lines,
                        narrowed=by not in found.evenly, soon=found.soon, gather=found.gather,
                    )  # fmt: skip
                read = rows_read([query["sql"] for query in captured], "sales_deal")
                if read > MOST_ROWS:
                    too_many[person.name, status, sort, cursor, asked] = read
        spans = [(None, None), (date(2026, 1, 1), None), (None, date(2024, 2, 1)), (date(2025, 1, 1), date(2025, 1, 9))]
        for (start, end), cursor in product(spans, ("", LAST)):
            with CaptureQueriesContext(connection) as captured:
                keyset.page(
                    selectors.activities(user, start=start, end=end), by="occurred_at", descending=True,
                    cursor=cursor, shown=selectors.activity_lines(),
                )  # fmt: skip
            read = rows_read([query["sql"] for query in captured], "sales_activity")
            if read > A_MONTH:  # what the narrowest span holds may be read and put in order
                too_many[person.name, start, end, cursor] = read
    assert not too_many
    assert Activity.objects.count() == ACTIVITIES


def test_a_list_in_parts_is_read_as_one_from_both_ends(cast: Cast) -> None:
    for number in range(7):
        Deal.objects.create(
            owner=cast.ana if number % 2 else cast.ben, name=f"D{number}", stage=Stage.objects.order_by("pk")[0],
            currency="EUR", opened_on=date(2026, 1, 1 + number // 2) if number < 5 else None,
        )  # fmt: skip
    everything = Deal.objects.all()
    parts = [everything.filter(owner=cast.ana), everything.filter(owner=cast.ben)]
    for narrowed in (False, True):
        seen, cursor = [], ""
        while True:
            page = keyset.page(
                parts, by="opened_on", descending=True, cursor=cursor, size=2, shown=everything, narrowed=narrowed
            )
            seen.append([deal.name for deal in page.rows])
            if page.next is None:
                break
            cursor = page.next
        assert seen == [["D4", "D3"], ["D2", "D1"], ["D0", "D6"], ["D5"]]
        back = keyset.page(parts, by="opened_on", descending=True, cursor=page.previous or "", size=2, shown=everything)
        assert [deal.name for deal in back.rows] == seen[-2]


def test_what_is_looked_for_soon_is_found_however_far_it_lies(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that many notes hold are met among the next ones; where they are not, all of the log is asked."""
    monkeypatch.setattr(keyset, "NEXT", 5)
    for hour in range(24):
        Activity.objects.create(
            owner=cast.ana, kind="call", occurred_at=datetime(2026, 7, 1, hour, tzinfo=UTC), occurred_on=TODAY,
            notes="valve" if hour > 18 or hour in (3, 11) else "pump",
        )  # fmt: skip
    user = User.objects.get(pk=cast.vera.user_id)
    found = selectors.activities(user, text="valve")
    hours, cursor = [], ""
    while True:
        page = keyset.page(
            found, by="occurred_at", descending=True, cursor=cursor, size=3, shown=selectors.activity_lines(),
            soon=selectors.activities_before_words(user, "valve"),
        )  # fmt: skip
        hours.append([activity.occurred_at.hour for activity in page.rows])
        if page.next is None:
            break
        cursor = page.next
    assert hours == [[23, 22, 21], [20, 19, 11], [3]]


@pytest.mark.parametrize("near", [1, 6, 50])
def test_two_letters_find_the_same_deals_in_the_same_order_however_they_are_looked_for(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    monkeypatch.setattr(keyset, "NEAR", near)
    stage, brandt = Stage.objects.order_by("pk")[0], Account.objects.create(name="Brandt Anlagen", owner=cast.ana)
    for number in range(24):
        Deal.objects.create(
            owner=cast.ana if number % 3 else cast.cleo, stage=stage, currency="EUR",
            name=("Fan", "Anvil", "Two anvils", "Mill-and-fan")[number % 4],
            account=brandt if number % 5 == 0 else None,
            opened_on=date(2026, 7, 1 + number // 2) if number % 7 else None,
        )  # fmt: skip
    for who in (cast.vera, cast.ana):
        user = User.objects.get(pk=who.user_id)
        wanted = selectors.deals(user, DealFilter(text="an")).order_by(F("opened_on").desc(nulls_last=True), "-pk")
        assert {deal.name for deal in wanted.filter(account=None)} == {"Anvil", "Two anvils", "Mill-and-fan"}
        found = selectors.deals_in_order(user, DealFilter(text="an"))
        assert (found.soon is not None) == (who is cast.vera)
        told: dict[str, Any] = {
            "by": "opened_on", "descending": True, "size": 5, "shown": found.lines,
            "narrowed": "opened_on" not in found.evenly, "soon": found.soon, "gather": found.gather,
        }  # fmt: skip
        rows, page = [], keyset.page(found.parts, **told)
        rows += page.rows
        while page.next:
            page = keyset.page(found.parts, **told, cursor=page.next)
            rows += page.rows
        assert [deal.pk for deal in rows] == [deal.pk for deal in wanted]
        back = keyset.page(found.parts, **told, cursor=page.previous or "")
        assert [deal.pk for deal in back.rows] == [deal.pk for deal in wanted][-len(page.rows) - 5 : -len(page.rows)]
