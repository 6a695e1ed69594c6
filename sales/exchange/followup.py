"""What follows an order, and what was agreed: feedback and contracts as tables."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sales.models import Contract, Feedback
from sales.services import keep_moved_paper, moved_paper
from salesmgmt.lib.kinds import Field, Kind, Occurrences, Plan, Row
from teams.exchange import Once
from teams.exchange.tables import yes_or_no

from . import ACCOUNT_OF, CURRENCY, EXTERNAL_ID, OWNER, _given, _key, _with_external_id

# ── Feedback ────────────────────────────────────────────────────────────────────────────────────────────────────

FEEDBACK = (
    "external_id",
    "account",
    "kind",
    "score",
    "given_on",
    "order",
    "contact",
    "comment",
    "owner",
    "recorded_by",
)


WHOSE_WORD = {"recorded_by", "owner_had_link"}  # said once: whether it counts doesn't change afterwards


def _plan_feedback(plan: Plan) -> None:
    once, known = Once(), _with_external_id(plan, Feedback.objects.all())
    days = [row.values["given_on"] for row in plan.taken()]
    near = (
        Feedback.objects.present().filter(given_on__range=(min(days), max(days))) if days else Feedback.objects.none()
    )
    same = Occurrences.of(
        ((one.account_id, one.order_id, one.contact_id, one.kind, one.given_on), one)
        for one in near.filter(external_id=None).order_by("pk")
    )
    for row in plan.taken():
        score = row.values["score"]
        kind = row.values.setdefault("kind", Feedback.Kind.CSAT)
        if not (1 <= score <= 5 if kind == Feedback.Kind.CSAT else score <= 10):
            plan.refuse(row, "score", "Satisfaction (csat) is from 1 to 5, recommendation (nps) from 0 to 10.")
        if row.values["given_on"] > plan.today:
            plan.refuse(row, "given_on", "That day is still to come.")
        if row.refusals or not plan.refer(row):
            continue
        values = _given(row, *FEEDBACK)
        if "owner_had_link" in row.values:
            values["owner_had_link"] = row.values["owner_had_link"] == "yes"
        account, order = values["account"], values.get("order")
        if order is not None and order.account_id not in (None, account.pk):
            plan.refuse(row, "order", f"This order is not one of {account}.")
            continue
        served = order.owner_id if order is not None else account.owner_id
        if "external_id" in values:
            feedback = known.get(values["external_id"])
        else:
            feedback = same.next((account.pk, _key(order), _key(values.get("contact")), kind, values["given_on"]))
        owner = values["owner"].pk if "owner" in values else feedback.owner_id if feedback else served
        if plan.own_person_id is not None and plan.own_person_id in (owner, feedback and feedback.owner_id):
            plan.refuse(row, "owner", "Nobody takes in feedback about themselves; ask a colleague to import this row.")
            continue
        if feedback is None:
            if "owner" not in values:
                values["owner_id"] = served
            feedback = plan.create(Feedback(**values), row)
            row.act = "created"
            known |= {feedback.external_id: feedback} if feedback.external_id else {}
            once.admits(plan, row, feedback, "external_id")
        elif once.admits(plan, row, feedback, "external_id"):
            said = {name: value for name, value in values.items() if name not in WHOSE_WORD}
            if plan.change(feedback, row, **said):
                row.act = "changed"


def _feedback_rows() -> Iterator[dict[str, Any]]:
    feedback = Feedback.objects.present().select_related("account", "order__deal", "contact", "owner", "recorded_by")
    for one in feedback.order_by("pk").iterator(2000):
        told = {name: getattr(one, name) for name in FEEDBACK}
        told |= {"recorded_by": one.recorded_by and one.recorded_by.username}
        yield {"": one} | told | {"owner_had_link": "yes" if one.owner_had_link else None}


# ── Contracts ───────────────────────────────────────────────────────────────────────────────────────────────────

CONTRACT = (
    "external_id", "account", "owner", "number", "starts_on", "ends_on", "notice_on", "value", "currency", "terms",
    "quality_terms", "price_terms", "logistics_terms", "signed_on", "signed_by", "amends", "renewal_deal",
    "renew_days_before", "file_name", "file_digest",
)  # fmt: skip
FREE = {"account", "owner", "renewal_deal"}  # after signing


def _plan_contracts(plan: Plan) -> None:
    once, known = Once(), _with_external_id(plan, Contract.objects.all())
    accounts = {one.pk for found in plan.index("account").values() for one in found if one.pk}
    same = Occurrences.of(
        ((one.account_id, one.number, one.starts_on), one)
        for one in Contract.objects.present().filter(external_id=None, account__in=accounts).order_by("pk")
    )
    for row in plan.taken():
        start, end = row.values["starts_on"], row.get("ends_on")
        if end is not None and end < start:
            plan.refuse(row, "ends_on", "A contract can't end before it starts.")
        if row.get("signed_on", plan.today) > plan.today:
            plan.refuse(row, "signed_on", "That day is still to come.")
        if not plan.refer(row):
            continue
        values = _given(row, *CONTRACT)
        _have_paper(plan, row, values)
        amended = values.get("amends")
        if amended is not None and amended.account_id not in (None, values["account"].pk):
            plan.refuse(row, "amends", f"That is a contract of {amended.account}.")
            continue
        if "external_id" in values:
            contract = known.get(values["external_id"])
        else:
            contract = same.next((_key(values["account"]), values.get("number", ""), start))
        if contract is None:
            contract = plan.create(Contract(**{"currency": plan.organisation.currency} | values), row)
            row.act = "created"
            known |= {contract.external_id: contract} if contract.external_id else {}
            plan.register("contract", contract, contract.external_id, contract.number)
            once.admits(plan, row, contract, "external_id")
        elif once.admits(plan, row, contract, "external_id"):
            if values.get("file_digest") == contract.file_digest:
                values.pop("file", None)
            differs = next((one for one in values if one not in FREE and getattr(contract, one) != values[one]), None)
            if differs and contract.signed_on is not None:
                plan.refuse(row, differs, "This contract is signed and stays as it is; add an amendment.")
            elif contract is amended:
                plan.refuse(row, "amends", "A contract can't amend itself.")
            elif plan.change(contract, row, **values):
                row.act = "changed"


def _have_paper(plan: Plan, row: Row, values: dict[str, Any]) -> None:
    """The signed paper, where it came along (`keep_moved_paper`); a table alone brings none."""
    said = {name: values.pop(name) for name in ("file_name", "file_digest") if name in values}
    if len(said) != 2:
        return
    if at := moved_paper(digest=said["file_digest"], name=said["file_name"]):
        values |= said | {"file": at}
    elif not Contract.objects.filter(file_digest=said["file_digest"]).exists():
        plan.note("The signed paper isn't here; import_records all brings papers along.")


def _papers() -> Iterator[tuple[str, Any]]:
    """The papers of contracts, each by its digest."""
    for contract in Contract.objects.present().exclude(file="").order_by("pk").iterator(2000):
        suffix = str(contract.file.name).rpartition(".")[2]
        if contract.file.storage.exists(str(contract.file.name)):
            yield f"{contract.file_digest}.{suffix}", contract.file


def _contract_rows() -> Iterator[dict[str, Any]]:
    contracts = Contract.objects.present().select_related("account", "owner", "amends", "renewal_deal").order_by("pk")
    for contract in contracts.iterator(2000):
        yield {"": contract} | {name: getattr(contract, name) for name in CONTRACT}


KINDS = [
    Kind(
        "feedback",
        (
            Field("account", "reference", needed=True, to="account", also=ACCOUNT_OF.also),
            Field("kind", "choice", choices=tuple(Feedback.Kind.values), also=("type",)),
            Field("score", "whole", needed=True, least=Decimal(0), most=Decimal(10), also=("rating", "answer")),
            Field("given_on", "date", needed=True, also=("date", "answered_on", "created", "responded_at")),
            Field("order", "reference", to="order", also=("order_id", "order_number")),
            Field("comment", longest=5000, also=("text", "feedback", "notes")),
            Field("external_id", longest=100, also=("feedback_id", *EXTERNAL_ID)),
            Field("contact", "reference", to="contact"),
            Field("owner", "reference", to="person"),
            Field("recorded_by", "reference", to="login"),
            yes_or_no("owner_had_link"),
        ),
        _plan_feedback,
        _feedback_rows,
        together=("external_id", "account+order+contact+kind+given_on"),
    ),
    Kind(
        "contracts",
        (
            Field("external_id", longest=100, also=("contract_id", "id", "key")),
            Field("account", "reference", needed=True, to="account", also=ACCOUNT_OF.also),
            Field("owner", "reference", to="person", also=OWNER.also),
            Field("starts_on", "date", needed=True, also=("start", "start_date", "from")),
            Field("ends_on", "date", also=("end", "end_date", "until", "expires_on")),
            Field("value", "money", least=Decimal(0), also=("amount", "contract_value", "total")),
            CURRENCY,
            Field("terms", longest=10_000, also=("text", "conditions")),
            Field("number", longest=100, also=("contract_number",)),
            Field("notice_on", "date", also=("notice_date", "notice_by")),
            Field("quality_terms", longest=5000),
            Field("price_terms", longest=5000),
            Field("logistics_terms", longest=5000),
            Field("signed_on", "date", also=("signed", "signature_date")),
            Field("signed_by"),
            Field("amends", "reference", to="contract", also=("amendment_of", "original")),
            Field("renewal_deal", "reference", to="deal"),
            Field("renew_days_before", "whole", least=Decimal(0), most=Decimal(3650)),
            Field("file_name", longest=255),
            Field("file_digest", longest=64),
        ),
        _plan_contracts,
        _contract_rows,
        within="amends",
        together=("external_id|amends", "account+number+starts_on"),
        files=_papers,
        keep_file=keep_moved_paper,
    ),
]
