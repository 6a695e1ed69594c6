"""What comes back every so many weeks."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Recurring(models.Model):
    """Every so many weeks, on a weekday at a time, until it ends."""

    class Weekday(models.IntegerChoices):
        MONDAY = 1, "Monday"
        TUESDAY = 2, "Tuesday"
        WEDNESDAY = 3, "Wednesday"
        THURSDAY = 4, "Thursday"
        FRIDAY = 5, "Friday"
        SATURDAY = 6, "Saturday"
        SUNDAY = 7, "Sunday"

    every_weeks = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(12)])
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    at_time = models.TimeField()
    zone = models.CharField(max_length=64, help_text="In which the time is meant, IANA name")
    starts_on = models.DateField(help_text="Its first day")
    made_at = models.DateTimeField()
    ended_on = models.DateField(null=True, editable=False)
    why_ended = models.CharField(max_length=100, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        weeks = "Every week" if self.every_weeks == 1 else f"Every {self.every_weeks} weeks"
        return f"{weeks} on {self.get_weekday_display()} at {self.at_time:%H:%M}"

    def moment(self, day: date) -> datetime:
        """When it starts on a day."""
        return datetime.combine(day, self.at_time, ZoneInfo(self.zone))
