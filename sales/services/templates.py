"""Activity templates: one's own, and everybody's, which admin and operations keep."""

from typing import Any

from django.db import IntegrityError, transaction

from sales.models import Activity, ActivityTemplate
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User, access_of

CHANGEABLE = frozenset({"name", "kind", "outcome", "duration_minutes", "notes"})


@transaction.atomic
def add_template(
    *,
    name: str,
    kind: str,
    by: User,
    owner: Person | None,
    outcome: str = "",
    duration_minutes: int | None = None,
    notes: str = "",
) -> ActivityTemplate:
    """Keep an activity's words under a name; without an owner it is everybody's."""
    made = ActivityTemplate(owner=owner)
    said = {"name": name, "kind": kind, "outcome": outcome, "duration_minutes": duration_minutes, "notes": notes}
    return _save(made, by, said)


@transaction.atomic
def change_template(*, template: ActivityTemplate, by: User, **fields: Any) -> ActivityTemplate:
    """Change what a template fills in."""
    if unknown := fields.keys() - CHANGEABLE:
        raise TypeError(f"A template has no {', '.join(sorted(unknown))} to change.")
    return _save(ActivityTemplate.objects.select_for_update().get(pk=template.pk), by, fields)


@transaction.atomic
def remove_template(*, template: ActivityTemplate, by: User) -> None:
    """A template is a convenience: gone, nothing that was logged with it changes."""
    _require_own(template, by)
    template.delete()


def _save(template: ActivityTemplate, by: User, fields: dict[str, Any]) -> ActivityTemplate:
    _require_own(template, by)
    for field, value in fields.items():
        setattr(template, field, value.strip() if isinstance(value, str) else value)
    if not template.name:
        raise Refused("Give it a name.", field="name")
    if template.kind not in Activity.Kind.values:
        raise Refused(f"An activity is one of {', '.join(Activity.Kind.values)}.", field="kind")
    if template.duration_minutes is not None and not 0 <= template.duration_minutes <= 1440:
        raise Refused("An activity takes from 0 to 1,440 minutes, a day.", field="duration_minutes")
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError:
        raise Refused(f"There is a template called “{template.name}” already.", field="name") from None
    return template


def _require_own(template: ActivityTemplate, by: User) -> None:
    access = access_of(by)
    if not (access.imports if template.owner_id is None else template.owner_id == access.person_id):
        raise Refused("Only whose it is may change a template; admin and operations keep everybody's.")
