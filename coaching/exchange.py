"""Cases, talks and what was promised in them, as tables: that they were and what came of them, without the words."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from coaching.models import (
    ActionItem,
    Attendance,
    Case,
    CoachingPlan,
    Course,
    CourseRule,
    CourseSkill,
    CourseVersion,
    Decider,
    Decision,
    DiagnosisStep,
    Dispute,
    DisputeEvent,
    Enrolment,
    GrowthStep,
    Lesson,
    LessonDone,
    Meeting,
    MeetingChange,
    MeetingDecision,
    MeetingPoint,
    MeetingQuestion,
    MeetingRhythm,
    OnboardingStep,
    OnboardingTick,
    OneOnOne,
    Party,
    Play,
    PlayChange,
    PlayComment,
    PlayUse,
    PlayVersion,
    PlayVote,
    QuizAnswer,
    QuizAttempt,
    QuizChoice,
    QuizQuestion,
    Remedy,
    RemedyShare,
    Rhythm,
    SkillTarget,
    Statement,
)
from sales.models import Activity, Stage
from sales.services import keep_moved_paper, moved_paper
from teams.exchange.trails import known_by, trail

OPENED = ("person", "opened_at")
MET = ("person", "manager", "starts_at")
PROMISED = ("person", "owner", "made_at")

REFERENTS = [known_by(Case, *OPENED), known_by(OneOnOne, *MET), known_by(ActionItem, *PROMISED)]

KINDS = [
    trail("cases", Case, *OPENED, without=("subject", "result")),
    trail("one_on_ones", OneOnOne, *MET),
    trail("action_items", ActionItem, *PROMISED, without=("text", "result")),
    trail(
        "diagnosis_steps",
        DiagnosisStep,
        "case",
        "step",
        "ruled_at",
        without=("reason", "reopened_because", "not_asked_because"),
    ),
]

PLANNED = ("person", "kind", "measure", "starts_on", "planned_at")
PROPOSED = ("name", "proposed_at")

REFERENTS += [
    known_by(Play, *PROPOSED),
    known_by(Stage, "pipeline", "name"),
    known_by(Activity, "owner", "occurred_at", "kind"),
]

KINDS += [
    # What is said in a plan stays; what it is judged beside is found anew from the same records, as of its start.
    trail(
        "coaching_plans",
        CoachingPlan,
        *PLANNED,
        without=("text", "peers", "frozen_at", "baseline_amount", "baseline_units"),
    ),
    trail("plays", Play, *PROPOSED),
    trail("play_versions", PlayVersion, "play", "number"),
    trail("play_changes", PlayChange, "play", "at", "state"),
    trail("play_votes", PlayVote, "play", "person"),
    trail("play_comments", PlayComment, "play", "author", "at"),
    trail("play_uses", PlayUse, "play", "deal", "activity"),
]

# Rhythms and meetings
MEETING = ("team", "starts_at")
REFERENTS += [known_by(Meeting, *MEETING)]
KINDS += [
    trail("rhythms", Rhythm, "person", "manager", "made_at"),
    trail("meeting_rhythms", MeetingRhythm, "team", "made_at"),
    trail("meetings", Meeting, *MEETING, without=("minutes",)),
    trail("meeting_changes", MeetingChange, "meeting", "at", "what"),
    trail("meeting_points", MeetingPoint, "meeting", "about", without=("text", "link")),
    trail("meeting_questions", MeetingQuestion, "team", "author", "asked_at", without=("text", "answer")),
    trail("meeting_decisions", MeetingDecision, "meeting", "decided_at", without=("text", "outcome")),
    trail("attendances", Attendance, "meeting", "person"),
]

# ── Disputes: what happened, and nobody's words ─────────────────────────────────────────────────────────────────

DISPUTED, SIDE, CHANGED = ("opened_by", "opened_at"), ("dispute", "person"), ("decision", "kind", "at")

REFERENTS += [
    known_by(Dispute, *DISPUTED),
    known_by(Party, *SIDE),
    known_by(Decision, "dispute", "round"),
    known_by(Remedy, *CHANGED),
]

KINDS += [
    trail("disputes", Dispute, *DISPUTED),
    trail("dispute_parties", Party, *SIDE),
    trail("dispute_statements", Statement, "party", "round", without=("text", "reminded_at")),
    trail("dispute_deciders", Decider, "dispute", "round", "person", without=("reminded_at",)),
    trail("dispute_decisions", Decision, "dispute", "round", without=("reasons",)),
    trail("dispute_remedies", Remedy, *CHANGED, without=("text",)),
    trail("dispute_shares", RemedyShare, "remedy", "person", "kind"),
    trail("dispute_events", DisputeEvent, "dispute", "at", "kind"),
]

# Courses, with the files of lessons beside the table
LESSONS = "lessons"


def _lesson_files() -> Iterator[tuple[str, Any]]:
    """The files of lessons, each by its digest; one that many versions share once."""
    for lesson in Lesson.objects.exclude(file="").order_by("file_digest", "pk").distinct("file_digest"):
        name = str(lesson.file.name)
        if lesson.file.storage.exists(name):
            yield f"{lesson.file_digest}.{name.rpartition('.')[2]}", lesson.file


def _lesson_file(said: dict[str, Any], stands: Lesson | None) -> dict[str, Any]:
    """The file that came along, for a lesson that has none or another."""
    digest, name = said.get("file_digest"), said.get("file_name")
    if not digest or not name or (stands is not None and stands.file and stands.file_digest == digest):
        return {}
    at = moved_paper(digest=digest, name=name, place=LESSONS)
    return {"file": at} if at else {}


ENROLLED = ("person", "course", "assigned_at")
RULED = ("course", "kind", "starts_on", "made_at")
STEP = ("role", "week", "text")
REFERENTS += [
    known_by(Course, "title"),
    known_by(CourseVersion, "course", "number"),
    known_by(Lesson, "version", "position"),
    known_by(QuizQuestion, "lesson", "position"),
    known_by(QuizChoice, "question", "position"),
    known_by(CourseRule, *RULED),
    known_by(Enrolment, *ENROLLED),
    known_by(QuizAttempt, "enrolment", "lesson", "at"),
    known_by(OnboardingStep, *STEP),
]
KINDS += [
    trail("skill_targets", SkillTarget, "role", "skill"),
    trail("courses", Course, "title", without=("edition",)),
    trail("course_skills", CourseSkill, "course", "skill"),
    trail("course_versions", CourseVersion, "course", "number"),
    trail(
        "lessons",
        Lesson,
        "version",
        "position",
        without=("file",),
        attach=_lesson_file,
        files=_lesson_files,
        keep_file=partial(keep_moved_paper, place=LESSONS),
    ),
    trail("quiz_questions", QuizQuestion, "lesson", "position"),
    trail("quiz_choices", QuizChoice, "question", "position"),
    trail("course_rules", CourseRule, *RULED),
    trail("enrolments", Enrolment, *ENROLLED, without=("reason",)),
    trail("lessons_done", LessonDone, "enrolment", "lesson"),
    trail("quiz_attempts", QuizAttempt, "enrolment", "lesson", "at"),
    trail("quiz_answers", QuizAnswer, "attempt", "choice"),
    trail("onboarding_steps", OnboardingStep, *STEP),
    trail("onboarding_ticks", OnboardingTick, "person", "step"),
    trail("growth_steps", GrowthStep, "role", "months", "text"),
]
