"""What may move a quota that follows people's lives: marks of topic `presence`, for whom and which days."""

from salesmgmt.desk.watches import ALWAYS, EVERYBODY, Watch
from targets.models.shapes import RampProfile, RampStep, SeasonShare
from teams.models import Holiday, Leave, LeaveKind, Organisation, Person, Posting

TOPIC = "presence"


def _watch(person: str, days: str, *columns: str, on_insert: bool = True) -> Watch:
    return Watch([TOPIC], person, days, columns, on_insert=on_insert, name="presence")


class PresencePosting(Posting):
    class Meta:
        proxy = True
        triggers = _watch(
            "r.person_id", "r.during", "team_id", "role", "fte", "holiday_region", "working_week", "ramp"
        ).triggers()


class PresenceLeave(Leave):
    class Meta:
        proxy = True
        triggers = _watch("r.person_id", "r.during", "kind_id").triggers()


class PresencePerson(Person):
    class Meta:
        proxy = True
        triggers = _watch("r.id", ALWAYS, "hired_on", "left_on", on_insert=False).triggers()


class PresenceHoliday(Holiday):
    class Meta:
        proxy = True
        triggers = _watch(EVERYBODY, "daterange(r.on, r.on, '[]')", "region").triggers()


class PresenceLeaveKind(LeaveKind):
    class Meta:
        proxy = True
        triggers = _watch(EVERYBODY, ALWAYS, "relieves_quota", on_insert=False).triggers()


class PresenceOrganisation(Organisation):
    class Meta:
        proxy = True
        triggers = _watch(EVERYBODY, ALWAYS, "holiday_region", "working_week", on_insert=False).triggers()


class PresenceRampStep(RampStep):
    class Meta:
        proxy = True
        triggers = _watch(EVERYBODY, ALWAYS, "profile_id", "month", "percent").triggers()


class PresenceRampProfile(RampProfile):
    class Meta:
        proxy = True
        triggers = _watch(EVERYBODY, ALWAYS, "name", "start", "role", on_insert=False).triggers()


class PresenceSeasonShare(SeasonShare):
    class Meta:
        proxy = True
        triggers = _watch(EVERYBODY, ALWAYS, "profile_id", "bucket", "percent").triggers()


PRESENCE = (
    PresencePosting, PresenceLeave, PresencePerson, PresenceHoliday, PresenceLeaveKind, PresenceOrganisation,
    PresenceRampStep, PresenceRampProfile, PresenceSeasonShare,
)  # fmt: skip
