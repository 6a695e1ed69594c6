"""How activities and deals are taken in by statements over whole portions of a file (`lib.kinds.Loader`)."""

from typing import Any

from salesmgmt.lib.kinds import Aside, Loader, Plan, Portion, Row, folded

from .models import Activity, Deal, DealChange, LostReason, Pipeline, Stage, Task
from .selectors import beyond_limits
from .services import change_value

FRESH = "FROM part p WHERE p.sound AND p.act = 'created' ORDER BY p.line"
DONE = "FROM part p WHERE p.sound AND p.act = 'created' AND NOT p.is_aside ORDER BY p.line"

# ── Activities ──────────────────────────────────────────────────────────────────────────────────────────────────

ACTIVITY = (
    "external_id", "owner_id", "kind", "occurred_at", "contact_id", "deal_id", "lead_id", "outcome", "duration_minutes",
)  # fmt: skip


def _insert_activities(portion: Portion) -> None:
    columns = {name: f"p.{name}" for name in ("id", *ACTIVITY, "account_id")}
    columns |= {"occurred_on": "p.day", "outcome": "coalesce(p.outcome, '')", "notes": "coalesce(p.notes, '')"}
    portion.insert(Activity, columns, DONE)


# As a task says it: the first line of the notes, else what it is; the rest of them is the reason.
FIRST = "split_part(coalesce(p.notes, ''), E'\\n', 1)"
TO_DO = f"left(coalesce(nullif(btrim({FIRST}), ''), initcap(p.kind)), 300)"
REST = f"left(btrim(substr(coalesce(p.notes, ''), length({FIRST}) + 1), E' \\r\\n'), 300)"


def _insert_tasks(portion: Portion) -> None:
    """What is still to do is no activity yet: a task, due on that day."""
    columns = {name: f"p.{name}" for name in ("id", "external_id", "owner_id", "account_id", "contact_id", "deal_id")}
    columns |= {"lead_id": "p.lead_id", "due_on": "p.day", "source": "'manual'", "text": TO_DO, "reason": REST}
    portion.insert(Task, columns, "FROM part p WHERE p.sound AND p.act = 'created' AND p.is_aside ORDER BY p.line")


def _change_task(plan: Plan, task: Task, row: Row) -> None:
    plan.change(task, row, owner_id=row.values["owner_id"], due_on=row.values["day"])


def _finish_task(plan: Plan, task: Task, row: Row) -> None:
    """What was to do before and is told as done now is off the list."""
    plan.change(task, row, done_at=row.values["occurred_at"])


TO_DOS = Aside(
    "sales.Task",
    key=f"ROW(p.owner_id, p.day, {TO_DO})",
    stands="ROW(x.owner_id, x.due_on, x.text)",
    differs="x.done_at IS NULL AND (x.owner_id <> p.owner_id OR x.due_on <> p.day)",
    insert=_insert_tasks,
    change=_change_task,
    finish=_finish_task,
)


def _check_activities(portion: Portion) -> None:
    portion.refuse("occurred_at", _text("That moment is still to come."), "occurred_at > %(at)s AND NOT is_aside")


def _change_activity(plan: Plan, activity: Activity, row: Row) -> None:
    said = {name: row.values[name] for name in (*ACTIVITY, "notes") if row.values[name] is not None}
    if row.values["account"] is not None or row.values["deal"] is not None:
        said["account_id"] = row.values["account_id"]
    plan.change(activity, row, **said, occurred_on=row.values["day"])


ACTIVITIES = Loader(
    "sales.Activity",
    columns="(t.occurred_at AT TIME ZONE %(zone)s)::date AS day,"
    " t.done IS NOT DISTINCT FROM 'no' AND x.id IS NULL AS is_aside",
    instead={"account_id": "CASE WHEN t.account IS NULL THEN d.account_id ELSE t.account_id END"},
    joins="LEFT JOIN LATERAL (SELECT account_id FROM sales_deal WHERE id = t.deal_id AND t.account IS NULL LIMIT 1) d"
    " ON true",
    check=_check_activities,
    natural="ROW(owner_id, kind, occurred_at, account_id, contact_id, deal_id)",
    differs=" OR ".join(
        [
            *(f"p.{name} IS NOT NULL AND p.{name} IS DISTINCT FROM x.{name}" for name in (*ACTIVITY, "notes")),
            "(p.account IS NOT NULL OR p.deal IS NOT NULL) AND p.account_id IS DISTINCT FROM x.account_id",
            "p.day <> x.occurred_on",
        ]
    ),
    insert=_insert_activities,
    change=_change_activity,
    aside=TO_DOS,
)

# ── Deals ───────────────────────────────────────────────────────────────────────────────────────────────────────

STATUS = "coalesce(t.status, x.status, 'open')"
DEAL = (
    "external_id", "name", "owner_id", "account_id", "contact_id", "product_id", "amount", "currency", "opened_on",
    "expected_close_on", "source", "quoted_on", "next_step", "next_step_on",
)  # fmt: skip
TAG_LIST = """
    CASE WHEN t.tags IS NOT NULL THEN
        ARRAY(SELECT btrim(w) FROM unnest(string_to_array(t.tags, ';')) WITH ORDINALITY AS u(w, n)
               WHERE btrim(w) <> '' ORDER BY n) END
"""
# What a row's deal says whatever the row leaves out: its column in the table, the one in `part`.
DECIDED = {"stage_id": "stage_id", "status": "new_status", "closed_on": "new_closed_on", "lost_reason_id": "reason_id"}
TRACKED = {field.value: field for field in DealChange.Field}


DECISIONS = {"won", "lost", "closed", "closed won", "closed lost"}  # no stages: what came of the deal


def _make_stage(plan: Plan, text: str) -> Stage | None:
    """A stage that another system has, at the end of the first pipeline."""
    if text.casefold() in DECISIONS:
        return None
    last = plan.memo.get("last_stage") or Stage.objects.order_by("pipeline", "-position")[0]
    plan.memo["last_stage"] = stage = Stage(pipeline=last.pipeline, name=text[:100], position=last.position + 1)
    plan.made.append(f"stage {text}")
    return plan.create(stage, Row(0, {}))


# A loss that would leave the win rate of whose it was (R16).
UNLOST = "new_status <> 'lost' OR reason_id IN (SELECT id FROM sales_lostreason WHERE NOT counts)"
SHARED = """
    (EXISTS (SELECT FROM sales_dealshare s WHERE s.deal_id = record_id AND s.person_id = %(own)s)
     OR EXISTS (SELECT FROM sales_order o LEFT JOIN sales_creditshare s ON s.order_id = o.id
                 WHERE o.deal_id = record_id AND o.withdrawn_at IS NULL AND %(own)s IN (o.owner_id, s.person_id)))
"""


def _check_deals(portion: Portion) -> None:
    pipelines = ", ".join(Pipeline.objects.order_by("position", "pk").values_list("name", flat=True))
    portion.refuse("pipeline", _text(f"There is no such pipeline; there is {pipelines}."), "lacks_pipeline")
    portion.make_missing("stage", _make_stage)
    known = ", ".join(dict.fromkeys(Stage.objects.order_by("pipeline", "position").values_list("name", flat=True)))
    mapped = "Words can be mapped to these."
    portion.refuse("stage", _text(f"There is no such stage; there is {known}. {mapped}"), "stage_id IS NULL")
    portion.refuse(
        "closed_on",
        _text("An open deal has no closing day; the day it is hoped for is expected_close_on."),
        "new_status = 'open' AND closed_on IS NOT NULL",
    )
    portion.refuse(
        "closed_on",
        "format('A %%s deal needs the day it was %%s.', new_status, new_status)",
        "new_status <> 'open' AND new_closed_on IS NULL",
    )
    portion.refuse(
        "closed_on",
        _text("That day is still to come."),
        "new_closed_on > %(today)s AND NOT (new_status = 'open' AND closed_on IS NOT NULL)",
    )
    portion.refuse("amount", _text("A won deal needs an amount."), "new_status = 'won' AND new_amount IS NULL")
    portion.refuse(
        "tags",
        _text("A tag is longer than the 50 characters that are kept."),
        "EXISTS (SELECT FROM unnest(tag_list) AS tag WHERE length(tag) > 50)",
    )
    portion.refuse(
        "owner",
        _text("Nobody takes in credit of their own; ask a colleague to import this row."),
        f"%(own)s::bigint IS NOT NULL AND ('won' IN (new_status, was_status) OR was_status = 'lost' AND ({UNLOST}))"
        f" AND (%(own)s::bigint IN (owner_id, stood_owner_id) OR {SHARED})",
    )
    _refuse_unapproved(portion)
    portion.refuse(
        "amount",
        "refunded || ' of its order was given back; it can''t be less.'",
        "record_id IS NOT NULL AND new_amount < refunded",
    )
    portion.refuse(
        "currency",
        "format('There is no rate for %%s on %%s; import rates first.', new_currency,"
        " to_char(new_closed_on, 'FMDD Mon YYYY'))",
        "new_closed_on IS NOT NULL AND new_amount <> 0 AND new_currency <> %(reporting)s AND NOT EXISTS ("
        "SELECT FROM teams_exchangerate r WHERE r.kind = 'actual' AND r.currency = new_currency"
        " AND r.during @> new_closed_on)",
        value="new_currency",
    )
    reasons = ", ".join(dict.fromkeys(LostReason.objects.values_list("name", flat=True)))
    portion.refuse(
        "lost_reason",
        _text(f"There is no such reason; there is {reasons}. {mapped}"),
        "lost_reason IS NOT NULL AND given_reason_id IS NULL",
    )
    portion.refuse(
        "lost_reason",
        _text("Only a lost deal has a reason it was lost for."),
        "given_reason_id IS NOT NULL AND new_status <> 'lost'",
    )


def _refuse_unapproved(portion: Portion) -> None:
    """What is open here is won by the rules of here: a discount above the limit is approved before (R14).

    A deal that comes in as won is history and taken as it was; `deal_lines` list it.
    """
    won = dict(
        portion.ask(
            "SELECT record_id, new_amount FROM part WHERE sound AND was_status = 'open' AND new_status = 'won'"
            " AND new_closed_on IS NOT NULL AND EXISTS (SELECT FROM sales_dealline l WHERE l.deal_id = record_id)"
        )
    )
    deals = list(Deal.objects.filter(pk__in=won).select_related("owner").order_by("pk"))
    for deal in deals:
        deal.amount = won[deal.pk]
    for deal, sentence in beyond_limits(deals, on=portion.values["today"]):
        said = f"{sentence[0].upper()}{sentence[1:]}; have it approved before the win."
        portion.refuse("status", _text(said), f"record_id = {deal.pk}")


def _text(sentence: str) -> str:
    quoted = sentence.replace("'", "''").replace("%", "%%")
    return f"'{quoted}'"


def _name_deals(portion: Portion) -> None:
    """What rows leave open: the name (account · product, what there is of them; else its number or whose it is)."""
    portion.run(
        "UPDATE part p SET name = coalesce(nullif(left(concat_ws(' · ', coalesce(a.name, q.account),"
        " coalesce(b.name, q.product)), 300), ''), q.external_id, 'Deal of ' || coalesce(o.name, q.owner))"
        " FROM part q LEFT JOIN sales_account a ON a.id = q.account_id LEFT JOIN sales_product b ON b.id = q.product_id"
        " LEFT JOIN teams_person o ON o.id = q.owner_id"
        " WHERE q.line = p.line AND p.sound AND p.name IS NULL AND p.record_id IS NULL"
    )
    portion.note("opened_on after closed_on: kept, the cycle is unknown.", "new_opened_on > new_closed_on")


BOOKS = "coalesce(p.books_order = 'yes', %(books)s)"


def _insert_deals(portion: Portion) -> None:
    columns = {name: f"p.{name}" for name in ("id", *DEAL)} | {name: f"p.{of}" for name, of in DECIDED.items()}
    columns |= {"currency": "p.new_currency", "source": "coalesce(p.source, '')", "books_order": BOOKS}
    columns |= {"next_step": "coalesce(p.next_step, '')", "tags": "coalesce(p.tag_list, '{}')"}
    columns["own_forecast_category"] = "coalesce(p.forecast_category, '')"
    portion.insert(Deal, columns, FRESH)
    # The story of a deal that comes in whole: opened at its stage, and decided on its day.
    opened = "coalesce(least(p.opened_on, p.new_closed_on)::timestamp AT TIME ZONE %(zone)s, %(at)s)"
    told = (
        "FROM part p JOIN sales_stage s ON s.id = p.stage_id CROSS JOIN LATERAL (VALUES"
        f" (1, 'stage', '', s.name, {opened}), (2, 'status', '', 'open', {opened}),"
        " (3, 'status', 'open', p.new_status, p.new_closed_on::timestamp AT TIME ZONE %(zone)s)"
        ") AS c(n, field, was, value, at)"
        " WHERE p.sound AND p.act = 'created' AND (n < 3 OR p.new_closed_on IS NOT NULL) ORDER BY p.line, n"
    )
    columns = {"deal_id": "p.id", "changed_at": "c.at", "by_id": "%(by)s::bigint", "field": "c.field"}
    portion.insert(DealChange, columns | {"was": "c.was", "value": "c.value"}, told)


def _change_deal(plan: Plan, deal: Deal, row: Row) -> None:
    said: dict[str, Any] = {name: row.values[name] for name in DEAL if row.values[name] is not None}
    said |= {name: row.values[of] for name, of in DECIDED.items()}
    if row.values["tag_list"] is not None:
        said["tags"] = row.values["tag_list"]
    if row.values["forecast_category"] is not None:
        said["own_forecast_category"] = row.values["forecast_category"]
    if row.values["books_order"] is not None:
        said["books_order"] = row.values["books_order"] == "yes"
    elif not plan.books and deal.status != said["status"] == Deal.Status.WON:
        said["books_order"] = False
    for name, was in plan.change(deal, row, **said).items():
        field = TRACKED.get(name.removeprefix("own_"))
        if field is not None:
            change = DealChange(deal=deal, changed_at=plan.at, by=plan.by, field=field)
            told: Any = deal._meta.get_field(name)
            now = getattr(deal, told.attname)
            change.was, change.value = (change_value(_told(plan, name, value)) for value in (was, now))
            plan.create(change, row)


def _told(plan: Plan, name: str, value: Any) -> Any:
    """A field as a DealChange tells it: stages and reasons by themselves, other references by number."""
    model = {"stage": Stage, "lost_reason": LostReason}.get(name)
    if model is None:
        return value
    if name not in plan.memo:
        plan.memo[name] = model._default_manager.in_bulk()
    return plan.memo[name].get(value)


DEALS = Loader(
    "sales.Deal",
    columns=f"""
        {STATUS} AS new_status, x.id IS NOT NULL AS stands,
        CASE WHEN {STATUS} <> 'open' THEN coalesce(t.closed_on, CASE WHEN {STATUS} = x.status THEN x.closed_on END) END
            AS new_closed_on,
        CASE WHEN t.stage IS NOT NULL THEN st.id ELSE coalesce(x.stage_id, fp.id, first.id) END AS stage_id,
        t.pipeline IS NOT NULL AND fp.id IS NULL AS lacks_pipeline, x.status AS was_status,
        x.owner_id AS stood_owner_id, {TAG_LIST} AS tag_list,
        coalesce(t.amount, x.amount) AS new_amount, coalesce(t.currency, x.currency, %(reporting)s) AS new_currency,
        coalesce(t.opened_on, x.opened_on) AS new_opened_on, lr.id AS given_reason_id,
        CASE WHEN t.lost_reason IS NOT NULL THEN lr.id
             WHEN {STATUS} = 'lost' THEN coalesce(x.lost_reason_id, none.id) END AS reason_id,
        coalesce((SELECT sum(r.amount) FROM sales_refund r JOIN sales_order o ON o.id = r.order_id
                   WHERE o.deal_id = x.id AND o.is_booked_by_win AND o.withdrawn_at IS NULL
                     AND r.withdrawn_at IS NULL), 0) AS refunded
    """,
    joins=f"""
        LEFT JOIN (SELECT DISTINCT ON (1, 2) pipe, {folded("s.name")} AS folded, s.id
                     FROM sales_stage s JOIN sales_pipeline l ON l.id = s.pipeline_id,
                          unnest(ARRAY['', {folded("l.name")}]) AS pipe
                    ORDER BY 1, 2, s.pipeline_id, s.position) st
               ON st.folded = {folded("t.stage")} AND st.pipe = coalesce({folded("t.pipeline")}, '')
        LEFT JOIN (SELECT DISTINCT ON (1) {folded("l.name")} AS pipe, s.id
                     FROM sales_stage s JOIN sales_pipeline l ON l.id = s.pipeline_id
                    ORDER BY 1, s.position) fp ON fp.pipe = {folded("t.pipeline")}
        CROSS JOIN (SELECT id FROM sales_stage ORDER BY pipeline_id, position LIMIT 1) first
        LEFT JOIN (SELECT DISTINCT ON (1) {folded("word")} AS folded, id
                     FROM sales_lostreason, unnest(ARRAY[name, key]) AS word
                    ORDER BY 1, id DESC) lr ON lr.folded = {folded("t.lost_reason")}
        CROSS JOIN (SELECT id FROM sales_lostreason WHERE key = 'not_given') none
    """,
    check=_check_deals,
    complete=_name_deals,
    natural=f"ROW(owner_id, {folded('name')}, account_id, product_id, opened_on)",
    differs=" OR ".join(
        [
            *(f"p.{name} IS NOT NULL AND p.{name} IS DISTINCT FROM x.{name}" for name in DEAL),
            *(f"p.{of} IS DISTINCT FROM x.{name}" for name, of in DECIDED.items()),
            "p.forecast_category IS NOT NULL AND p.forecast_category <> x.own_forecast_category",
            "p.tag_list IS NOT NULL AND p.tag_list IS DISTINCT FROM x.tags::text[]",
            "(p.books_order = 'yes') <> x.books_order",
        ]
    ),
    insert=_insert_deals,
    change=_change_deal,
)
