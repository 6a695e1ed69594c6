"""Every table of an installation as rows by natural keys, so that two installations can be compared."""

import re
from collections import Counter
from typing import Any

from django.apps import apps
from django.db import connection, models

from salesmgmt.exchange.kinds import STAYS, kinds
from teams.exchange.trails import BY, names_of

APPS = ("teams", "sales", "targets", "performance", "coaching", "recognition", "desk")
# What says nothing of the company: numbers given anew, when a row was written, and what follows from other rows.
OWN = {"id", "created_at", "version", "path", "withdrawn_at", "is_demo", "password", "last_login", "date_joined"}
LEARNED = {  # every night, from the deals themselves
    "won_deals", "least_won", "most_won", "longest_won_days", "reached", "reached_won", "reached_from", "reached_until",
    "skipped_won", "quiet_days", "quiet_deals", "last_person",
}  # fmt: skip
WORDS = {  # between people, and by when they were reminded: only a backup keeps them
    "sales.Handover": {"moved"},  # numbers
    "coaching.Case": {"subject", "result"}, "coaching.ActionItem": {"text", "result"},
    "coaching.DiagnosisStep": {"reason", "reopened_because", "not_asked_because"},
    "coaching.Enrolment": {"reason"}, "teams.SkillRating": {"note", "contest"},
    "coaching.Statement": {"text", "reminded_at"}, "coaching.Decider": {"reminded_at"},
    "coaching.CoachingPlan": {"text", "peers", "frozen_at", "baseline_amount", "baseline_units"},
    "coaching.Decision": {"reasons"}, "coaching.Remedy": {"text"}, "recognition.PaySettlement": {"note"},
}  # fmt: skip
BY_NAME = {"team", "campaign"}
NUMBERED = {
    "owner": "teams.Person", "account": "sales.Account", "contact": "sales.Contact", "product": "sales.Product",
    "campaign": "sales.Campaign",
}  # fmt: skip


def everything() -> dict[str, Counter[Any]]:
    """Rows of each table that moves along, by natural keys."""
    assert kinds()  # with them comes what trails call records
    names = _Names()
    return {label: Counter(names.row(record) for record in _records(model)) for label, model in _models().items()} | {
        "deal competitors": Counter(
            (names.of(one.deal), one.competitor.name)
            for one in apps.get_model("sales.Deal").competitors.through.objects.select_related("deal", "competitor")
        ),
        "rollups": _rollups(),
    }


def _models() -> dict[str, type[models.Model]]:
    return {
        model._meta.label: model
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if not model._meta.proxy and model._meta.label not in STAYS
    }


def _records(model: type[models.Model]) -> Any:
    records = model._default_manager.order_by("pk")
    return records.filter(withdrawn_at=None) if hasattr(model, "withdrawn_at") else records


class _Names:
    """What a record is called, wherever it is: by external id, name, or its place among those of its table."""

    def __init__(self) -> None:
        self._known: dict[type[models.Model], dict[int, Any]] = {}

    def of(self, record: models.Model) -> Any:
        return self._of(type(record), record.pk)

    def _of(self, model: type[models.Model], pk: int | None) -> Any:
        if pk is None:
            return None
        if model not in self._known:
            self._known[model] = dict(names_of(model)) if model in BY else {}
            for one in model._default_manager.all():
                names = ["external_id", "username", "key", "name"]
                if model._meta.model_name in BY_NAME:
                    names = ["name"]
                elif hasattr(one, "external_id"):
                    names = ["external_id"]
                called = next((text for name in names if (text := getattr(one, name, None))), None)
                # Without a name as the export calls it.
                self._known[model].setdefault(one.pk, called or f"{model._meta.model_name}-{one.pk}")
        return self._known[model][pk]

    def _by_names(self, value: Any) -> Any:
        """What an act on a plan's lines keeps by their numbers."""
        model = apps.get_model("targets.Allocation")
        if isinstance(value, dict):
            return sorted((self._of(model, int(pk)), kept) for pk, kept in value.items())
        return sorted(self._of(model, pk) for pk in value)

    def row(self, record: Any) -> tuple[Any, ...]:
        row = []
        numbered = NUMBERED.get(getattr(record, "field", ""))
        for one in record._meta.concrete_fields:
            value = getattr(record, one.attname)
            if numbered and one.name in {"was", "value"} and value.isdigit():  # a change keeps it by number
                value = self._of(apps.get_model(numbered), int(value))
            if one.name == "external_id":
                row.append(self.of(record))
            elif one.name in OWN | LEARNED or one.name in WORDS.get(record._meta.label, ()):
                continue
            elif one.name == "reverses":
                row.append(value and self.row(record.reverses))
            elif one.name == "link":
                row.append(re.sub(r"\d+", "N", value))
            elif isinstance(value, list | dict):
                row.append(str(self._by_names(value) if record._meta.label == "targets.PlanAct" else value))
            elif isinstance(one.related_model, type):
                row.append(self._of(one.related_model, value))
            else:
                row.append(str(value))
        return tuple(row)


def _rollups() -> Counter[Any]:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT coalesce(p.external_id, p.name, ''), coalesce(t.name, ''), r."on", r.posted_month, r.measure,
                   r.bucket, r.total, r.count
              FROM performance_rollup r
              LEFT JOIN teams_person p ON p.id = r.person_id LEFT JOIN teams_team t ON t.id = r.team_id
        """)
        return Counter(cursor.fetchall())


def differences(one: dict[str, Counter[Any]], other: dict[str, Counter[Any]]) -> dict[str, tuple[Any, Any]]:
    """What only the one has and what only the other has, by table."""
    return {
        label: (sorted((rows - other[label]).items(), key=str), sorted((other[label] - rows).items(), key=str))
        for label, rows in one.items()
        if rows != other[label]
    }
