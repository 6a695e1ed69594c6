"""What do we do about it? Cases, 1:1s, notes and action items."""

from .cases import Case, CaseChange, PairQuerySet
from .courses import (
    Course,
    CourseRule,
    CourseSkill,
    CourseVersion,
    Enrolment,
    Lesson,
    LessonDone,
    QuizAnswer,
    QuizAttempt,
    QuizChoice,
    QuizQuestion,
)
from .development import DevelopmentPlan, Goal, Mentorship, OnboardingStep, OnboardingTick
from .notes import Note, NoteQuerySet
from .skills import SkillTarget
from .talks import ActionItem, AgendaItem, OneOnOne, OneOnOneQuerySet

__all__ = [
    "ActionItem",
    "AgendaItem",
    "Case",
    "CaseChange",
    "Course",
    "CourseRule",
    "CourseSkill",
    "CourseVersion",
    "DevelopmentPlan",
    "Enrolment",
    "Goal",
    "Lesson",
    "LessonDone",
    "Mentorship",
    "Note",
    "NoteQuerySet",
    "OnboardingStep",
    "OnboardingTick",
    "OneOnOne",
    "OneOnOneQuerySet",
    "PairQuerySet",
    "QuizAnswer",
    "QuizAttempt",
    "QuizChoice",
    "QuizQuestion",
    "SkillTarget",
]
