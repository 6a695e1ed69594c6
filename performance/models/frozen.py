"""What figures said each night, for those that no ledger remembers."""

from django.db import models

from teams.models import Person, Team


class FrozenFigure(models.Model):
    """A figure of a period as it was known at the close of a day, and until the next row of the same figure.

    Of a person, of a team with all below it, or, with neither, of the company. Only what changed is kept.
    """

    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+", db_index=False)
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="+", db_index=False)
    measure = models.CharField(max_length=40)
    period = models.CharField(max_length=8)
    known_on = models.DateField(help_text="The day that had closed")
    value = models.DecimalField(max_digits=38, decimal_places=6, null=True, help_text="Empty: unknown")
    numerator = models.DecimalField(max_digits=38, decimal_places=6, null=True)
    denominator = models.DecimalField(max_digits=38, decimal_places=6, null=True)
    is_last = models.BooleanField(default=False, db_default=False, help_text="No later night said otherwise")

    class Meta:
        indexes = [models.Index(fields=["period"], condition=models.Q(is_last=True), name="frozen_last")]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "measure", "person", "team", "known_on"],
                nulls_distinct=False,
                name="frozen_once_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(person=None) | models.Q(team=None), name="frozen_of_a_person_or_a_team"
            ),
        ]


class FrozenNight(models.Model):
    """A day whose figures were frozen: what has no row then stood as before, or was nothing."""

    day = models.DateField(unique=True)
