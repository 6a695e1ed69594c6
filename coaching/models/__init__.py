"""What do we do about it? Cases, 1:1s, notes and action items."""

from .cases import Case, CaseChange, CaseQuerySet, PairQuerySet, Step
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
from .diagnosis import CaseStatement, DiagnosisStep, Question, QuestionQuerySet
from .notes import Note, NoteQuerySet
from .skills import SkillTarget
from .talks import ActionItem, AgendaItem, OneOnOne, OneOnOneQuerySet

__all__ = [
    "ActionItem",
    "AgendaItem",
    "Case",
    "CaseChange",
    "CaseQuerySet",
    "CaseStatement",
    "Course",
    "CourseRule",
    "CourseSkill",
    "CourseVersion",
    "DevelopmentPlan",
    "DiagnosisStep",
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
    "Question",
    "QuestionQuerySet",
    "QuizAnswer",
    "QuizAttempt",
    "QuizChoice",
    "QuizQuestion",
    "SkillTarget",
    "Step",
]
