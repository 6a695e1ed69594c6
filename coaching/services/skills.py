"""What a role asks of each skill."""

from collections.abc import Mapping

from django.db import transaction

from coaching.models import SkillTarget
from salesmgmt.lib.refusals import Refused
from teams.models import Role, Skill, User, access_of


@transaction.atomic
def set_skill_targets(*, role: str, levels: Mapping[int, int | None], by: User) -> None:
    """The levels that a role asks, by number of the skill; None or 0 asks none. What isn't named stays."""
    if not access_of(by).sees_all:
        raise Refused("Executives, operations and the admin say what a role asks.")
    if role not in Role.values:
        raise Refused(f"“{role}” is no role; there are {', '.join(Role.values)}.", field="role")
    skills = Skill.objects.select_for_update().filter(is_active=True).in_bulk(list(levels))
    standing = {row.skill_id: row for row in SkillTarget.objects.filter(role=role)}
    for pk, level in levels.items():
        if pk not in skills:
            raise Refused("That skill isn't rated here any more.", field="skill")
        if level and not 1 <= level <= 5:
            raise Refused(f"{skills[pk]}: a level is from 1 to 5, not {level}.", field="level")
        row = standing.get(pk)
        if not level:
            if row is not None:
                row.delete()
        elif row is None:
            SkillTarget.objects.create(role=role, skill=skills[pk], level=level)
        elif row.level != level:
            row.level = level
            row.save(update_fields=["level"])
