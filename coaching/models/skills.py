"""What a role asks of a skill."""

from typing import Self

from django.db import models
from django.db.models import Q

from salesmgmt.desk.audit import audited
from teams.models import Role, Skill, Viewer, access_of


class SkillTargetQuerySet(models.QuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Everybody who works here may know what is asked of whom."""
        return self.none() if access_of(user).role == "none" else self.all()


class SkillTarget(models.Model):
    """The level, 1 to 5, that a role asks of a skill; without a row it asks none."""

    role = models.CharField(max_length=12, choices=Role)
    skill = models.ForeignKey(Skill, models.PROTECT, related_name="targets")
    level = models.PositiveSmallIntegerField()

    objects = SkillTargetQuerySet.as_manager()

    class Meta:
        triggers = audited()
        constraints = [
            models.UniqueConstraint(fields=["role", "skill"], name="one_level_per_role_and_skill"),
            models.CheckConstraint(condition=Q(level__range=(1, 5)), name="wanted_level_is_from_one_to_five"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.skill} {self.level}"
