"""Ramps, seasons and quotas as tables; the quota ledger as it stands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Row
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from targets.models import BOOKINGS, QuotaEntry, RampProfile, RampStep, SeasonProfile, SeasonShare
from targets.selectors.entries import Sums, in_one_currency
from targets.services import QuotaLine, enter_quotas, reverse_entries
from targets.services.letters import tell_of_changes
from targets.services.quotas import below_zero, hold_people
from teams.exchange import RatesOn
from teams.models import Organisation, access_of

HUNDRED = Decimal(100)


# ── Ramps and seasons ───────────────────────────────────────────────────────────────────────────────────────────


def _plan_ramps(plan: Plan) -> None:
    profiles = {one.name.casefold(): one for one in RampProfile.objects.all()}
    steps = {(one.profile.name.casefold(), one.month): one for one in RampStep.objects.select_related("profile")}
    lines: dict[tuple[str, int], Row] = {}
    for row in plan.taken():
        name, month, percent = row.values["name"], row.values["month"], row.values["percent"]
        key = (name.casefold(), month)
        if lines.setdefault(key, row) is not row:
            plan.refuse(row, "month", f"Line {lines[key].line} already gives this month.")
            continue
        profile = profiles.get(name.casefold())
        if profile is None:
            profile = profiles[name.casefold()] = plan.create(RampProfile(name=name), row)
        if key not in steps:
            plan.create(RampStep(profile=profile, month=month, percent=percent), row)
            row.act = "created"
        elif plan.change(steps[key], row, percent=percent):
            row.act = "changed"


def _ramp_rows() -> Iterator[dict[str, Any]]:
    for step in RampStep.objects.select_related("profile").order_by("profile__name", "month"):
        yield {"name": step.profile.name, "month": step.month, "percent": step.percent}


def _plan_seasons(plan: Plan) -> None:
    profiles = {(one.starts_on, one.until): one for one in SeasonProfile.objects.all()}
    standing: dict[int, dict[str, SeasonShare]] = defaultdict(dict)
    for share in SeasonShare.objects.all():
        standing[share.profile_id][share.bucket] = share
    groups: dict[Period, dict[Period, Row]] = defaultdict(dict)
    for row in plan.taken():
        try:
            period = Period.parse(row.values["period"].upper(), plan.organisation.calendar)
        except ValueError as error:
            plan.refuse(row, "period", str(error))
            continue
        parts = {part.key: part for part in [*period.months(), *period.weeks()] if part != period}
        bucket = parts.get(row.values["bucket"].upper())
        if bucket is None or period.kind not in ("quarter", "year"):
            keys = " or ".join(f"{each[0].key} to {each[-1].key}" for each in (period.months(), period.weeks()) if each)
            plan.refuse(row, "bucket", f"It is no part of {period}; the parts of a quarter or year are such as {keys}.")
            continue
        if bucket in groups[period]:
            plan.refuse(row, "bucket", f"Line {groups[period][bucket].line} already gives this part of {period}.")
            continue
        groups[period][bucket] = row
    for period, rows in groups.items():
        profile = profiles.get((period.start, period.end))
        stands = standing[profile.pk] if profile else {}
        named = {bucket.key for bucket in rows}
        kinds = {"W" in key for key in (*named, *stands)}
        whole = sum((row.values["percent"] for row in rows.values()), Decimal(0))
        whole += sum(share.percent for key, share in stands.items() if key not in named)
        for bucket, row in rows.items():
            percent = row.values["percent"]
            if len(kinds) > 1:
                plan.refuse(row, "bucket", f"The parts of {period} are weeks or months, not both.")
            elif whole != HUNDRED:
                plan.refuse(row, "percent", f"The parts of {period} sum to {whole.normalize():f} %, not to 100 %.")
            elif (stood := stands.get(bucket.key)) is None:
                if profile is None:
                    during = half_open(period.start, period.end)
                    profile = plan.create(SeasonProfile(period=period.key, during=during), row)
                first = max(bucket.start, period.start)
                plan.create(SeasonShare(profile=profile, bucket=bucket.key, starts_on=first, percent=percent), row)
                row.act = "created"
            elif plan.change(stood, row, percent=percent):
                row.act = "changed"
            if profile is not None and row.act != "equal" and profile.is_learned:
                plan.change(profile, row, is_learned=False)


def _season_rows() -> Iterator[dict[str, Any]]:
    shares = SeasonShare.objects.select_related("profile").order_by("profile__during", "starts_on")
    for share in shares:
        yield {"period": share.profile.period, "bucket": share.bucket, "percent": share.percent}


# ── Quotas ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _plan_quotas(plan: Plan) -> None:
    """Check each row as far as it stands alone; `_enter_quotas` writes them, and refuses what the ledger refuses."""
    lines: dict[tuple[Any, ...], Row] = {}
    for row in plan.taken():
        span = _span(plan, row)
        if span is None or not plan.refer(row):
            continue
        person = row.found["person"]
        if person.pk is None:
            plan.refuse(row, "person", "Nobody of that name is here yet: take in people and their postings first.")
            continue
        if plan.own_person_id is not None and person.pk == plan.own_person_id:
            plan.refuse(row, "person", "Nobody sets their own quota; ask a colleague to import this row.")
            continue
        team = row.found.get("team")
        key = (person.pk, row.get("measure", BOOKINGS), team and team.pk, *span)
        first = lines.setdefault(key, row)
        if first is not row:
            if first.raw != row.raw:
                plan.refuse(row, "period", f"Line {first.line} already gives this quota.")
            continue
        row.found["line"] = QuotaLine(
            person=person,
            start=span[0],
            end=span[1],
            amount=row.values["amount"],
            basis=row.get("basis", "final"),
            team=team,
            currency=row.get("currency", ""),
            measure=row.get("measure", BOOKINGS),
        )


def _span(plan: Plan, row: Row) -> tuple[date, date] | None:
    """The days of a quota: those of its period, or from start through end."""
    if "period" in row.values:
        try:
            period = Period.parse(row.values["period"].upper(), plan.organisation.calendar)
        except ValueError as error:
            plan.refuse(row, "period", str(error))
            return None
        return period.start, period.end
    if "start" not in row.values or "end" not in row.values:
        plan.refuse(row, "period", "It needs a period, such as 2026-Q3, or start and end.")
        return None
    start, end = row.values["start"], row.values["end"]
    if end < start:
        plan.refuse(row, "end", "The last day can't come before the first.")
        return None
    return start, end + timedelta(days=1)


def _enter_quotas(plan: Plan) -> list[QuotaEntry]:
    """Enter all at once; where the ledger refuses, one by one, so that each refusal is its own row's."""
    rows = [row for row in plan.taken() if "line" in row.found]
    entries: list[QuotaEntry] = []
    if _enter(plan, rows, entries) is not None:
        for row in rows:
            if refusal := _enter(plan, [row], entries):
                plan.refuse(row, refusal.field or "amount", refusal.sentence)
    return entries


def _enter(plan: Plan, rows: list[Row], entries: list[QuotaEntry]) -> Refused | None:
    lines = [row.found["line"] for row in rows]
    try:
        with transaction.atomic():
            made = enter_quotas(lines=lines, reason=plan.reason, by=plan.by, at=plan.at)
    except Refused as refusal:
        return refusal
    entries += made
    tell_of_changes(made, by=plan.by, at=plan.at)
    for row in rows:
        line = row.found["line"]
        if any(
            line.person.pk == one.seat_id and line.measure == one.measure and one.during.lower < line.end
            and line.start < one.during.upper and (line.team is None or line.team.pk == one.team_id)
            for one in made
        ):  # fmt: skip
            row.act = "created"
    return None


ENTRY = ("person", "seat", "team", "kind", "basis", "amount", "currency", "reason", "measure", "plan")
LEFT_TO_THE_TEAM = {QuotaEntry.Kind.VACANT, QuotaEntry.Kind.UNCOVERED}


def _plan_quota_entries(plan: Plan) -> None:
    """The ledger as it stands elsewhere: into an organisation where these people have no entries of the measure."""
    rates = RatesOn(plan.organisation.currency)
    people = {one.pk for known in plan.index("person").values() for one in known}
    hold_people(people)
    near = Q(person__in=people) | Q(seat__in=people) | Q(person=None, seat=None)
    standing = list(QuotaEntry.objects.filter(near).order_by("pk"))
    held = {(one.seat_id or one.person_id, one.measure) for one in standing}
    same = Occurrences.of((_entry_key(one), one) for one in standing)
    numbered: dict[str, QuotaEntry] = {}
    taken_back: dict[str, int] = {}
    fresh: list[tuple[Row, QuotaEntry]] = []
    may_name = plan.by is None or access_of(plan.by).role == "admin"
    for row in plan.taken():
        start, until, kind = row.values["from"], row.values["until"], row.values["kind"]
        if until <= start:
            plan.refuse(row, "until", "It must come after from; it is the first day no longer in it.")
        if (kind in LEFT_TO_THE_TEAM) == ("person" in row.values):
            plan.refuse(row, "person", "An entry is somebody's; only what is vacant or uncovered is the team's alone.")
        if "reverses" in row.values and row.values["reverses"] not in numbered:
            plan.refuse(row, "reverses", "There is no such entry above it in the file.")
        elif "reverses" in row.values and taken_back.setdefault(row.values["reverses"], row.line) != row.line:
            line = taken_back[row.values["reverses"]]
            plan.refuse(row, "reverses", f"Line {line} takes this entry back already; that is done once.")
        if not plan.refer(row):
            continue
        seat = row.found.get("seat") or row.found.get("person")
        about = {one.pk for one in (seat, row.found.get("person")) if one is not None}
        if plan.own_person_id is not None and plan.own_person_id in about:
            plan.refuse(row, "person", "Nobody sets their own quota; ask a colleague to import this row.")
            continue
        if "person" in row.found and row.found["person"] != seat:
            plan.refuse(row, "seat", "The quota of a person follows from their own seat.")
            continue
        values: dict[str, Any] = {"currency": plan.organisation.currency, "reason": plan.reason, "measure": BOOKINGS}
        values |= {name: row.found.get(name, row.values[name]) for name in ENTRY if name in row.values}
        rate = row.get("rate") or rates.on(values["currency"], start)
        if rate is None:
            plan.refuse(row, "currency", f"There is no rate for {values['currency']} on {start:%-d %b %Y}.")
            continue
        entry = QuotaEntry(
            **{**values, "seat": seat},
            during=half_open(start, until),
            rate=rate,
            reporting_amount=row.get("reporting_amount", to_cents(values["amount"] * rate)),
            recorded_at=row.get("recorded_at", plan.at),
            by=row.found.get("by", plan.by),
            reverses=numbered.get(row.get("reverses")),
        )
        stands = same.next(_entry_key(entry))
        if stands is None and (entry.seat_id or entry.person_id, entry.measure) in held:
            plan.refuse(row, "amount", "The quota ledger says something else of them already; it is only added to.")
            continue
        if stands is None and not may_name and {"by", "recorded_at"} & row.values.keys():
            plan.refuse(row, "by", "Who recorded an entry and when is taken over by the command or the admin alone.")
            continue
        if stands is None:
            fresh.append((row, entry))
        if "entry" in row.values:
            numbered[row.values["entry"]] = stands or entry
    below = {(person, measure) for person, measure, *_ in below_zero(_by_range(entry for _, entry in fresh))}
    for row, entry in fresh:
        if (entry.seat_id or entry.person_id, entry.measure) in below:
            plan.refuse(row, "amount", "With the other rows of this file the quota would come to less than nothing.")
        else:
            plan.create(entry, row)
            row.act = "created"


def _by_range(entries: Iterable[QuotaEntry]) -> list[tuple[int | None, str, Any, Decimal, Decimal]]:
    """What each changes of a person's original and of their revised quota, as `below_zero` takes them."""
    found = [
        (
            one.person_id,
            one.measure,
            one.during,
            Decimal(0) if one.kind == QuotaEntry.Kind.REDISTRIBUTION else one.reporting_amount,
            one.reporting_amount,
        )
        for one in entries
        if one.person_id is not None
    ]
    return sorted(found, key=lambda row: (row[0], row[1], row[2].lower, row[2].upper))


def _entry_key(one: QuotaEntry) -> tuple[Any, ...]:
    return (
        one.person_id, one.seat_id, one.team_id, one.starts_on, one.until, one.measure, one.kind, one.amount,
        one.currency,
    )  # fmt: skip


def _quota_entry_rows() -> Iterator[dict[str, Any]]:
    """The quota ledger as it stands."""
    entries = QuotaEntry.objects.select_related("person", "seat", "team", "plan", "by").order_by("pk")
    for entry in entries.iterator(2000):
        yield {
            **{name: getattr(entry, name) for name in (*ENTRY, "rate", "reporting_amount", "recorded_at")},
            "from": entry.starts_on,
            "until": entry.until,
            "entry": entry.pk,
            "reverses": entry.reverses_id,
            "by": entry.by and entry.by.username,
        }


def _quota_rows() -> Iterator[dict[str, Any]]:
    """Each person's quota as a final amount per team and range, so that taking it in elsewhere gives the same quota.

    Without what was redistributed: that is beside the quota, in `quota_entries`.
    """
    sums: dict[tuple[Any, ...], dict[str, Sums]] = defaultdict(lambda: defaultdict(Sums))
    entries = (
        QuotaEntry.objects.exclude(person=None)
        .exclude(kind=QuotaEntry.Kind.REDISTRIBUTION)
        .select_related("person", "team")
        .order_by("pk")
    )
    for one in entries.iterator(2000):
        sums[one.person, one.team, one.starts_on, one.until, one.measure][one.currency].add(one)
    usual = Organisation.get().currency
    for (person, team, start, until, measure), by_currency in sums.items():
        currency, amount = in_one_currency(by_currency, usual)
        if amount:
            yield {
                "person": person,
                "start": start,
                "end": until - timedelta(days=1),
                "amount": amount,
                "currency": currency,
                "measure": measure,
                "team": team,
                "basis": "final",
            }


PLAN = Field("plan", "reference", to="plan")
PERSON = Field("person", "reference", needed=True, to="person", also=("owner", "rep", "sales_agent", "name"))
PERCENT = Field(
    "percent", "percent", needed=True, least=Decimal(0), most=HUNDRED, places=4, also=("share", "percentage")
)

KINDS = [
    Kind(
        "ramps",
        (
            Field("name", needed=True, longest=100, also=("ramp", "profile")),
            Field("month", "whole", needed=True, least=Decimal(1), most=Decimal(120)),
            Field("percent", "percent", needed=True, least=Decimal(0), most=HUNDRED, also=("share", "percentage")),
        ),
        _plan_ramps,
        _ramp_rows,
    ),
    Kind(
        "seasons",
        (
            Field("period", needed=True, longest=8),
            Field("bucket", needed=True, longest=8, also=("month", "part", "week")),
            PERCENT,
        ),
        _plan_seasons,
        _season_rows,
    ),
    Kind(
        "quotas",
        (
            PERSON,
            Field("period", longest=8, also=("quarter", "month", "year")),
            Field("start", "date", also=("from", "start_date")),
            Field("end", "date", also=("until", "end_date", "last_day")),
            Field("amount", "money", needed=True, least=Decimal(0), also=("quota", "target", "value", "goal")),
            Field("currency", "currency", also=("currency_code",)),
            Field("measure", longest=30),
            Field("team", "reference", to="team"),
            Field("basis", "choice", choices=("final", "base")),
        ),
        _plan_quotas,
        _quota_rows,
        enter=_enter_quotas,
        reverse=reverse_entries,
        reverses_by=("seat", "measure"),
        by_period=True,
        together=("person",),
    ),
    Kind(
        "quota_entries",
        (
            Field("person", "reference", to="person"),
            Field("team", "reference", to="team"),
            Field("from", "date", needed=True, also=("start",)),
            Field("until", "date", needed=True, also=("end",)),
            Field("kind", "choice", needed=True, choices=tuple(QuotaEntry.Kind.values)),
            Field("amount", "money", needed=True),
            Field("currency", "currency"),
            Field("reason"),
            Field("seat", "reference", to="person"),
            Field("basis", "choice", choices=tuple(QuotaEntry.Basis.values)),
            Field("measure", longest=30),
            Field("rate", "number", least=Decimal(0), places=8),
            Field("reporting_amount", "number"),
            Field("entry", longest=30),
            Field("reverses", longest=30),
            Field("recorded_at", "moment"),
            PLAN,
            Field("by", "reference", to="login"),
        ),
        _plan_quota_entries,
        _quota_entry_rows,
        is_ledger=True,
        reverse=reverse_entries,
        reverses_by=("seat", "measure"),
        together=("entry|reverses", "person|seat"),
    ),
]
