"""What belongs to accounts and contacts, and how they are found: owners since when, profiles, roles, own fields."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from sales.models import (
    Account,
    AccountOwnership,
    AccountProfile,
    AssignmentRule,
    Campaign,
    Competitor,
    Contact,
    ContactRole,
    Contract,
    CustomField,
    Deal,
    Lead,
)
from sales.services.custom import typed
from salesmgmt.lib.kinds import Field, Kind, Plan, Referent, Row
from salesmgmt.lib.refusals import Refused
from teams.exchange.tables import dated, table, yes_or_no

from . import ACCOUNT_OF, CURRENCY, EXTERNAL_ID, _exactly, _named

ACCOUNT = Field("account", "reference", needed=True, to="account", also=ACCOUNT_OF.also)
BY = Field("by", "reference", to="login")

# ── What rows may refer to ──────────────────────────────────────────────────────────────────────────────────────


def _all(model: Any) -> Any:
    """Loads records of a small table by all that names them."""

    def load(texts: set[str]) -> Iterable[tuple[Any, list[str]]]:
        records = model.objects.present() if hasattr(model.objects, "present") else model.objects.all()
        for one in records.order_by("pk"):
            yield one, [text for name in ("external_id", "name") if (text := getattr(one, name, None))]

    return load


def _contracts(texts: set[str]) -> Iterator[tuple[Contract, list[str]]]:
    return _named(Contract.objects.all(), texts, "number")


def _leads(texts: set[str]) -> Iterator[tuple[Lead, list[str]]]:
    return _named(Lead.objects.all(), texts, "email", "name")


def _make_competitor(plan: Plan, text: str, row: Row) -> Competitor:
    made = plan.create(Competitor(name=text[:200]), row)
    plan.register("competitor", made, text)
    plan.made.append(f"competitor {text}")
    return made


REFERENTS = [
    Referent("competitor", "competitor", _all(Competitor), _make_competitor),
    Referent("campaign", "campaign", _all(Campaign)),
    Referent("contract", "contract", _contracts),
    Referent("lead", "lead", _leads, named=(*_exactly("sales_lead", "external_id", "email", "name"),)),
]

# ── Own fields ──────────────────────────────────────────────────────────────────────────────────────────────────

NOUNS: dict[str, Any] = {"account": Account, "contact": Contact, "lead": Lead, "deal": Deal}


def _check_field(plan: Plan, row: Row, values: dict[str, Any], stands: CustomField | None) -> None:
    if not values["key"].replace("_", "").replace("-", "").isalnum() or not values["key"].isascii():
        plan.refuse(row, "key", "It is of letters a to z, digits, _ and - alone.")
    kind = values.get("kind", stands.kind if stands else CustomField.Kind.TEXT)
    if (kind == CustomField.Kind.CHOICE) != bool(values.get("choices", stands.choices if stands else [])):
        plan.refuse(row, "choices", "A field of kind choice has choices, and no other has.")
    if stands is not None and kind != stands.kind:
        plan.refuse(row, "kind", f"It is of kind {stands.kind} here, and there may be values of it.")
    if any(len(word) > 100 for word in values.get("choices", [])):
        plan.refuse(row, "choices", "A choice is longer than the 100 characters that are kept.")


def _plan_values(plan: Plan) -> None:
    """One value of one own field of one record a row."""
    fields = {(one.noun, one.key): one for one in CustomField.objects.all()}
    once: dict[tuple[str, int, str], Row] = {}
    found = {
        noun: plan.find(noun, {row.values["record"] for row in plan.taken() if row.values["noun"] == noun})
        for noun in {row.values["noun"] for row in plan.taken()}
    }
    for row in plan.taken():
        noun, key = row.values["noun"], row.values["field"]
        field, records = fields.get((noun, key)), found[noun].get(row.values["record"].casefold(), [])
        if field is None:
            known = ", ".join(sorted(name for of, name in fields if of == noun))
            plan.refuse(row, "field", f"There is no such field of {noun}s; there is {known or 'none'}.")
        if len(records) != 1:
            called = f"{len(records)} {noun}s are called so; use the external id." if records else "There is none."
            plan.refuse(row, "record", f"It names no {noun}: {called}")
        if row.refusals or field is None:
            continue
        record = records[0]
        first = once.setdefault((noun, record.pk, key), row)
        if first is not row:
            if first.values["value"] != row.values["value"]:
                plan.refuse(row, "value", f"Line {first.line} already gives it, and says something else.")
            continue
        try:
            value = typed(field, row.values["value"])
        except Refused as refusal:
            plan.refuse(row, "value", refusal.sentence)
            continue
        said = record.custom | {key: value}
        if plan.change(record, row, custom={name: one for name, one in said.items() if one is not None}):
            row.act = "changed"


def _value_rows() -> Iterator[dict[str, Any]]:
    for noun, model in NOUNS.items():
        for record in model.objects.present().exclude(custom={}).order_by("pk").iterator(2000):
            for key, value in sorted(record.custom.items()):
                told = ("yes" if value else "no") if isinstance(value, bool) else value
                yield {"noun": noun, "record": record, "field": key, "value": told}


# ── Accounts and contacts ───────────────────────────────────────────────────────────────────────────────────────


def _own_today(plan: Plan, row: Row, account: Account, rows: list[AccountOwnership]) -> None:
    """Whose an account is today follows."""
    plan.change(account, row, owner=next((one.owner for one in rows if plan.today in one), None))


def _check_profile(plan: Plan, row: Row, values: dict[str, Any], stands: AccountProfile | None) -> None:
    if odd := set(values.get("cares_about", [])) - set(AccountProfile.Care.values):
        known = ", ".join(AccountProfile.Care.values)
        plan.refuse(row, "cares_about", f"“{min(odd)[:50]}” is none of {known}; several stand with ; between.")
    if stands is None:
        values.setdefault("changed_at", plan.at)


def _check_campaign(plan: Plan, row: Row, values: dict[str, Any], stands: Campaign | None) -> None:
    start, end = (values.get(name, getattr(stands, name, None)) for name in ("starts_on", "ends_on"))
    if start and end and end < start:
        plan.refuse(row, "ends_on", "A campaign ends after it starts.")
    called = Campaign.objects.present().filter(name__iexact=values["name"]).exclude(pk=stands.pk if stands else 0)
    first = plan.memo.setdefault(("campaign", values["name"].casefold()), row)
    if called.exists() or first.get("external_id") != row.get("external_id"):
        plan.refuse(row, "name", "Another campaign is called so.")
    least, most = (values.get(name, getattr(stands, name, None)) for name in ("least_employees", "most_employees"))
    if least is not None and most is not None and most < least:
        plan.refuse(row, "most_employees", f"From {least} to {most} employees is nobody; the second is the larger.")
    for name in ("industries", "countries"):
        if any(len(word) > 100 for word in values.get(name, [])):
            plan.refuse(row, name, "A word in it is longer than the 100 characters that are kept.")
    if stands is None and "cost" in values:
        values.setdefault("currency", plan.organisation.currency)


def _check_rule(plan: Plan, row: Row, values: dict[str, Any], stands: AssignmentRule | None) -> None:
    method = values["method"]
    needed = {"person": "person", "load": "team", "round_robin": "team"}.get(method)
    if needed and values.get(needed, getattr(stands, needed, None)) is None:
        plan.refuse(row, needed, f"A rule that assigns by {method.replace('_', ' ')} names the {needed}.")


WHOLE: dict[str, Any] = {"least": Decimal(0), "most": Decimal(2_000_000_000)}
PLACE = Field("position", "whole", least=Decimal(0), most=Decimal(30_000))

KINDS = [
    table(
        "custom_fields",
        CustomField,
        (
            Field("noun", "choice", needed=True, choices=tuple(CustomField.Noun.values)),
            Field("key", needed=True, longest=40),
            Field("label", needed=True, longest=100, also=("name",)),
            Field("kind", "choice", choices=tuple(CustomField.Kind.values), also=("type",)),
            Field("choices", longest=5000),
            PLACE,
        ),
        by=("noun", "key"),
        check=_check_field,
    ),
    Kind(
        "custom_values",
        (
            Field("noun", "choice", needed=True, choices=tuple(CustomField.Noun.values)),
            Field("record", needed=True, longest=300),
            Field("field", needed=True, longest=40, also=("key",)),
            Field("value", needed=True, longest=500),
        ),
        _plan_values,
        _value_rows,
        together=("record",),
    ),
    dated(
        "account_owners",
        AccountOwnership,
        ACCOUNT,
        Field("owner", "reference", needed=True, to="person"),
        Field("reason"),
        BY,
        after=_own_today,
    ),
    table(
        "account_profiles",
        AccountProfile,
        (
            ACCOUNT,
            Field("decision", "choice", choices=tuple(AccountProfile.Decision.values)),
            Field("cares_about", longest=200),
            Field("needs", longest=2000),
            Field("do_differently", longest=2000),
            Field("changed_at", "moment"),
            Field("changed_by", "reference", to="login"),
        ),
        by=("account",),
        check=_check_profile,
        together=("account",),
    ),
    table(
        "contact_roles",
        ContactRole,
        (
            Field("contact", "reference", needed=True, to="contact", also=("contact_name",)),
            ACCOUNT,
            Field("title", longest=100, also=("role",)),
        ),
        by=("contact", "account"),
        together=("contact",),
    ),
    table(
        "competitors",
        Competitor,
        (
            Field("name", needed=True, also=("competitor",)),
            Field("strengths", longest=500),
            Field("weaknesses", longest=500),
            yes_or_no("is_active", also=("active",)),
        ),
        by=("name",),
    ),
    table(
        "campaigns",
        Campaign,
        (
            Field("external_id", longest=100, also=("campaign_id", *EXTERNAL_ID)),
            Field("name", needed=True, also=("campaign", "campaign_name")),
            Field("channel", longest=100, also=("type",)),
            Field("audience", longest=500, also=("description",)),
            Field("industries", longest=5000),
            Field("countries", longest=5000),
            Field("least_employees", "whole", **WHOLE),
            Field("most_employees", "whole", **WHOLE),
            Field("starts_on", "date", also=("start_date",)),
            Field("ends_on", "date", also=("end_date",)),
            Field("cost", "money", least=Decimal(0), also=("actual_cost", "budgeted_cost")),
            CURRENCY,
        ),
        by=("name",),
        check=_check_campaign,
    ),
    table(
        "assignment_rules",
        AssignmentRule,
        (
            Field("name", needed=True, longest=100),
            PLACE,
            yes_or_no("is_active", also=("active",)),
            Field("source", longest=100),
            Field("campaign", "reference", to="campaign"),
            Field("country", longest=100),
            Field("industry", longest=100),
            Field("territory", "reference", to="territory"),
            Field("method", "choice", needed=True, choices=tuple(AssignmentRule.Method.values)),
            Field("person", "reference", to="person"),
            Field("team", "reference", to="team"),
        ),
        by=("name",),
        check=_check_rule,
    ),
]
