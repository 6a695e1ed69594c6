"""Acts on the catalogue of measures. What is written marks what it makes stale, so the figures follow by themselves."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from performance.models import MeasureDefinition, MeasureVersion
from performance.selectors.catalogue import MEASURES
from performance.selectors.parts import FIRST_DAY, MOST_CONDITIONS, checked
from performance.selectors.sources import SOURCES, Source
from salesmgmt.desk.wake import wake
from salesmgmt.lib.refusals import Refused
from teams.models import User, access_of

Spec = Mapping[str, Any]
"""`source value day credit conditions`, and with `of_` before them those of the second part."""

PARTS = ("source", "value", "day", "credit", "conditions")


def may_define(user: User | None) -> bool:
    """Admins alone say how everybody is measured."""
    return user is not None and access_of(user).role == "admin"


@transaction.atomic
def define_measure(
    *, key: str, label: str, unit: str, method: str, spec: Spec, by: User, at: datetime, from_on: date | None = None,
    percentile: int | None = None, reason: str = "", **more: Any,
) -> MeasureDefinition:  # fmt: skip
    """A further measure with its first version, that holds from `from_on`, else for all the past as well."""
    _require(by)
    if key in MEASURES or MeasureDefinition.objects.filter(key=key).exists():
        raise Refused(f"There is a measure “{key}” already.", field="key")
    definition = MeasureDefinition(key=key, label=label, unit=unit, method=method, percentile=percentile, **more)
    version = worked_out(definition=definition, spec=spec, from_on=from_on or FIRST_DAY)
    definition.save()
    version.definition, version.reason, version.by, version.recorded_at = definition, reason, by, at
    version.save()
    wake("rollups")
    return definition


@transaction.atomic
def add_version(
    *, definition: MeasureDefinition, spec: Spec, from_on: date, by: User, at: datetime, reason: str
) -> MeasureVersion:
    """From a day on the measure counts something else; of two versions from one day the newer holds."""
    _require(by)
    definition = MeasureDefinition.objects.select_for_update().get(pk=definition.pk)
    if not reason.strip():
        raise Refused("Say why it is counted otherwise.", field="reason")
    version = worked_out(definition=definition, spec=spec, from_on=from_on)
    version.reason, version.by, version.recorded_at = reason.strip(), by, at
    version.save()
    wake("rollups")
    return version


@transaction.atomic
def change_measure(*, definition: MeasureDefinition, by: User, **fields: Any) -> MeasureDefinition:
    """Name it otherwise, move it, hide it or work it out again; what it counts is for its versions."""
    _require(by)
    definition = MeasureDefinition.objects.select_for_update().get(pk=definition.pk)
    for name, value in fields.items():
        if name in {"key", "method", "percentile"} and value != getattr(definition, name):
            raise Refused(f"Its {name} stays: what was worked out by another can't be added to it.", field=name)
        setattr(definition, name, value)
    _clean(definition)
    definition.save(update_fields=list(fields))
    wake("rollups")
    return definition


def worked_out(*, definition: MeasureDefinition, spec: Spec, from_on: date) -> MeasureVersion:
    """A version as it would be stored, every word of it known; refused with the field and what would be right."""
    _clean(definition)
    method = definition.method
    above = _part(spec, "", method)
    units = [_unit(above)]
    version = MeasureVersion(definition=definition, from_on=from_on, **above)
    if definition.has_divisor:
        below = _part(spec, "of_", method)
        units.append(_unit({name: below[f"of_{name}"] for name in PARTS}))
        for name, value in below.items():
            setattr(version, name, value)
    elif spec.get("of_source"):
        raise Refused(f"A {definition.get_method_display().lower()} has one part only.", field="of_source")
    if method == "nps" and (above["source"], above["value"]) != ("feedback", "score"):
        raise Refused("Promoters and detractors are counted from the score of answers of customers.", field="source")
    fits = _fitting(method, units)
    if definition.unit not in fits:
        raise Refused(f"“{definition.unit}” is not what this comes to: it is {' or '.join(fits)}.", field="unit")
    return version


def _fitting(method: str, units: list[str]) -> list[str]:
    """Which units a value may have."""
    if method == "share" or (method == "ratio" and units[0] == units[1]):
        if units[0] != units[1]:
            raise Refused(f"{units[0]} and {units[1]} can't be added for a share.", field="of_source")
        return ["ratio"]
    if method == "ratio":
        return [units[0]] if units[1] == "count" else ["score", "count"]
    return ["score"] if method == "nps" else [units[0]]


def _unit(part: Mapping[str, Any]) -> str:
    return SOURCES[part["source"]].values[part["value"]].unit if part["value"] else "count"


def _part(spec: Spec, prefix: str, method: str) -> dict[str, Any]:
    said = {name: spec.get(f"{prefix}{name}") or ("" if name != "conditions" else []) for name in PARTS}
    source = SOURCES.get(str(said["source"]))
    if source is None:
        raise Refused(
            f"“{said['source']}” is no source; there are {', '.join(SOURCES)}.", field=f"{prefix}source"
        )  # fmt: skip
    value = said["value"]
    if value and value not in source.values:
        raise Refused(
            f"“{value}” is nothing that {source.label} have; there are {', '.join(source.values) or 'none'}.",
            field=f"{prefix}value",
        )
    if method == "count" and value:
        raise Refused("A count has no value: its rows are counted.", field=f"{prefix}value")
    if not value and method not in {"count", "ratio", "share"}:
        raise Refused(f"Say of what; {source.label} have {', '.join(source.values) or 'none'}.", field=f"{prefix}value")
    if not value and not source.counts:
        raise Refused(f"{source.label} are summed, not counted.", field=f"{prefix}value")
    day, credit = said["day"] or next(iter(source.days)), said["credit"] or next(iter(source.credits))
    for name, chosen, known in (("day", day, source.days), ("credit", credit, source.credits)):
        if chosen not in known:
            raise Refused(
                f"“{chosen}” is no {name} of {source.label}; there are {', '.join(known)}.", field=f"{prefix}{name}"
            )
    conditions = _conditions(said["conditions"], source, f"{prefix}conditions")
    made = {"source": source.key, "value": value, "day": day, "credit": credit, "conditions": conditions}
    return {f"{prefix}{name}": value for name, value in made.items()}


def _conditions(said: Any, source: Source, field: str) -> list[list[Any]]:
    if not isinstance(said, list) or len(said) > MOST_CONDITIONS:
        raise Refused(f"At most {MOST_CONDITIONS} conditions.", field=field)
    try:
        return [checked(condition, source) for condition in said]
    except ValueError as error:
        raise Refused(str(error), field=field) from None


def _clean(definition: MeasureDefinition) -> None:
    if (definition.method == "percentile") != (definition.percentile is not None):
        raise Refused("A percentile says which, from 1 to 99; no other method does.", field="percentile")
    try:
        definition.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        raise Refused(sentences[0], field=field) from None


def _require(by: User) -> None:
    if not may_define(by):
        raise Refused("Only an admin says how everybody is measured.")
