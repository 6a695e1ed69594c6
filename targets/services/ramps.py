"""Acts on ramp profiles: how much of a full quota is asked after a start. Entries already posted never change."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from salesmgmt.lib.refusals import Refused
from targets.models import RampChange, RampProfile, RampStep
from teams.models import User, access_of


@transaction.atomic
def set_ramp(
    *,
    name: str,
    percents: Mapping[int, Decimal],
    by: User,
    at: datetime,
    reason: str,
    start: str = "",
    role: str = "",
    profile: RampProfile | None = None,
    version: int = 0,
) -> RampProfile:
    """Make a profile (without `profile`) or change one: percent by month after the start, after the last step all.

    With a `start` it applies by rule to everybody of the `role` (empty: of any other) whose posting names none.
    """
    access = access_of(by)
    if not access.sees_all:
        raise Refused("Executives, operations and the admin set ramps.")
    if not reason.strip():
        raise Refused("Say why the ramp changes.", field="reason")
    if sorted(percents) != list(range(1, len(percents) + 1)):
        raise Refused("The steps are months 1, 2, 3 and so on, without a gap.", field="percents")
    if any(not 0 <= percent <= 100 for percent in percents.values()):
        raise Refused("A step is between 0 and 100 %.", field="percents")
    if role and not start:
        raise Refused("Say after which start it applies to this role.", field="start")
    same = RampProfile.objects.exclude(pk=profile.pk if profile else 0)
    if same.filter(name__iexact=name).exists():
        raise Refused(f"There is a ramp called “{name}” already.", field="name")
    if start and (other := same.filter(start=start, role=role).first()):
        raise Refused(f"“{other}” applies to this role and start already.", field="start")
    if profile is None:
        profile, was = RampProfile.objects.create(name=name, start=start, role=role), {}
    else:
        profile = RampProfile.objects.select_for_update().get(pk=profile.pk)
        if profile.version != version:
            raise Refused("Somebody changed this ramp meanwhile: look at it again.")
        if profile.name != name and profile.is_named():
            raise Refused("Postings name this ramp: it keeps its name.", field="name")
        was = _said(profile)
        profile.name, profile.start, profile.role = name, start, role
        profile.version += 1
        profile.save(update_fields=["name", "start", "role", "version"])
    standing = {step.month: step for step in profile.steps.all()}
    profile.steps.exclude(month__in=percents).delete()
    for month, percent in percents.items():
        if month not in standing:
            RampStep.objects.create(profile=profile, month=month, percent=percent)
        elif standing[month].percent != percent:
            standing[month].percent = percent
            standing[month].save(update_fields=["percent"])
    RampChange.objects.create(profile=profile, at=at, by=by, reason=reason.strip(), was=was, now=_said(profile))
    return profile


def _said(profile: RampProfile) -> dict[str, str]:
    steps = {f"month {step.month}": f"{step.percent.normalize():f} %" for step in profile.steps.order_by("month")}
    rule = {"after": profile.get_start_display(), "role": profile.get_role_display()} if profile.start else {}
    return {"name": profile.name, **rule, **steps}
