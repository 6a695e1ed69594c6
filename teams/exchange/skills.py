"""Skills, how people are rated, what mail they want, how long what is kept: as tables."""

from salesmgmt.desk.models import MailChoice, Retention
from salesmgmt.lib.kinds import Field
from teams.exchange.tables import table, yes_or_no
from teams.models import Skill, SkillRating

from .trails import known_by, trail

REFERENTS = [known_by(Skill, "name")]

KINDS = [
    table(
        "skills",
        Skill,
        (
            Field("name", needed=True, longest=100, also=("skill",)),
            Field("description", longest=300),
            yes_or_no("is_active", also=("active",)),
        ),
        by=("name",),
    ),
    trail("skill_ratings", SkillRating, "person", "skill", "is_own", "at", without=("note", "contest")),
    trail("mail_choices", MailChoice, "user"),
    trail("retention", Retention, "key"),
]
