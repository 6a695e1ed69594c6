"""Courses: written, published, given, taken, passed, renewed; who sees what of them."""

import io
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from coaching import selectors, services
from coaching.models import Course, Enrolment, Lesson, QuizAttempt
from sales.models import Task
from salesmgmt.desk.models import Notice
from salesmgmt.exchange.exports import write_table
from salesmgmt.exchange.kinds import kinds
from salesmgmt.exchange.services import Options, import_file
from salesmgmt.exchange.services.everything import keep_files
from salesmgmt.lib.marked import marked
from salesmgmt.lib.refusals import Refused
from teams.models import Person, User
from tests.cast import Cast

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = date(2026, 11, 20)
DUE = date(2026, 12, 4)


def user(person: Person) -> User:
    assert person.user is not None
    return User.objects.get(pk=person.user.pk)


def signed_in(person: Person | User) -> Client:
    client = Client()
    client.force_login(
        person if isinstance(person, User) else user(person), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def make_course(by: User, title: str = "Objections", **said: object) -> Course:
    """A text lesson and a quiz of two questions, half of which is not enough."""
    course = services.add_course(title=title, by=by, at=NOW, **said)
    services.add_lesson(course=course, title="Listen first", text="One.\n\nTwo.", by=by)
    quiz = services.add_lesson(course=course, title="Check", kind="quiz", pass_percent=80, by=by)
    for text in ("What comes first?", "And then?"):
        services.add_question(
            lesson=quiz, text=text, choices=[("Listening", True), ("Talking", False)], explanation="Because.", by=by
        )
    services.publish_course(course=course, by=by, at=NOW)
    return course


@pytest.fixture
def course(cast: Cast) -> Course:
    return make_course(user(cast.vera))


def give(course: Course, cast: Cast, person: Person) -> Enrolment:
    return services.enrol(person=person, course=course, due_on=DUE, reason="Q3 talks", by=user(cast.maya), at=NOW)


def answers(lesson: Lesson, *, right: int) -> dict[int, set[int]]:
    chosen = {}
    for place, question in enumerate(lesson.questions.order_by("position")):
        chosen[question.pk] = {question.choices.get(is_right=place < right).pk}
    return chosen


def pass_it(row: Enrolment, at: datetime = NOW) -> Enrolment:
    by = user(row.person)
    text, quiz = row.version.lessons.order_by("position")
    services.finish_lesson(enrolment=row, lesson=text, by=by, at=at)
    services.answer_quiz(enrolment=row, lesson=quiz, chosen=answers(quiz, right=2), by=by, at=at)
    row.refresh_from_db()
    return row


def test_a_lesson_is_written_in_simple_formatting_and_never_in_markup_of_ones_own(cast: Cast, course: Course) -> None:
    assert marked("# Listen\n\n- **first**\n- [then](https://a.example/?x=1&y=2)\n\none\ntwo") == (
        '<h2>Listen</h2>\n<ul>\n<li><strong>first</strong></li>\n<li><a href="https://a.example/?x=1&amp;y=2"'
        ' rel="noopener noreferrer">then</a></li>\n</ul>\n<p>one<br>\ntwo</p>\n'
    )
    for evil in (
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
        "![x](https://spy.example/a.png)", "[x](data:text/html,1)", "<a href='//x' style='x'>x</a>",
    ):  # fmt: skip
        assert not re.search(r'<(script|img|[^>]* style)|href="(javascript|data|//)', marked(evil)), evil
    services.draft_course(course=course, by=user(cast.vera), at=NOW)
    lesson = services.add_lesson(course=course, title="Words", text="## Ask\n\n<b>Not bold</b>", by=user(cast.vera))
    page = signed_in(cast.vera).get(f"/courses/{course.pk}/lessons/{lesson.pk}/").content.decode()
    assert "<h3>Ask</h3>" in page
    assert "&lt;b&gt;Not bold" in page


def test_a_course_is_passed_lesson_by_lesson_and_leaves_a_certificate(cast: Cast, course: Course) -> None:
    row = give(course, cast, cast.ben)
    assert Task.objects.get(owner=cast.ben).due_on == DUE
    assert Notice.objects.get(user=cast.ben.user).text == "A course for you: Objections, by 4 Dec."
    assert give(course, cast, cast.ben) == row
    text, quiz = course.versions.get().lessons.order_by("position")
    ben = signed_in(cast.ben)
    ben.post(f"/courses/{course.pk}/lessons/{text.pk}/")
    assert selectors.progress_of([row]) == {row.pk: (1, 2)}
    chosen = {f"q{pk}": [*picked] for pk, picked in answers(quiz, right=1).items()}
    failed = ben.post(f"/courses/{course.pk}/lessons/{quiz.pk}/", chosen, follow=True).content.decode()
    assert "Not yet: 1 of 2 right; 80 % are needed." in failed
    row.refresh_from_db()
    assert row.passed_at is None
    chosen = {f"q{pk}": [*picked] for pk, picked in answers(quiz, right=2).items()}
    passed = ben.post(f"/courses/{course.pk}/lessons/{quiz.pk}/", chosen, follow=True).content.decode()
    assert "Passed: 2 of 2 right." in passed
    assert "Because." in passed
    row.refresh_from_db()
    assert row.passed_at is not None
    assert Task.objects.get(owner=cast.ben).done_at is not None
    assert QuizAttempt.objects.filter(enrolment=row).count() == 2
    paper = ben.get(f"/certificates/{row.pk}/")
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    assert signed_in(cast.cleo).get(f"/certificates/{row.pk}/").status_code == 404


def test_a_quiz_gives_no_answer_away_before_it_is_passed(cast: Cast, course: Course) -> None:
    give(course, cast, cast.ben)
    quiz = course.versions.get().lessons.get(kind="quiz")
    page = signed_in(cast.ben).get(f"/courses/{course.pk}/lessons/{quiz.pk}/").content.decode()
    assert "Because." not in page
    assert "is_right" not in page
    paths = ("courses/", f"courses/{course.pk}/", "enrolments/", "lessons/", f"lessons/{quiz.pk}/")
    told = [signed_in(cast.ben).get(f"/api/v1/{path}").content.decode() for path in paths]
    assert all("Because." not in text and "right" not in text for text in told)
    assert "Listening" in told[-1]


def test_an_answer_of_another_quiz_and_a_missing_one_are_refused_in_words(cast: Cast, course: Course) -> None:
    row, other = give(course, cast, cast.ben), make_course(user(cast.vera), "Other")
    quiz, foreign = (one.versions.get().lessons.get(kind="quiz") for one in (course, other))
    by = user(cast.ben)
    first, second = quiz.questions.order_by("position")
    strange = foreign.questions.first().choices.first()
    with pytest.raises(Refused, match="isn't of this quiz"):
        services.answer_quiz(
            enrolment=row, lesson=quiz, chosen={first.pk: {strange.pk}, second.pk: {strange.pk}}, by=by, at=NOW
        )
    with pytest.raises(Refused, match="Answer every question"):
        services.answer_quiz(enrolment=row, lesson=quiz, chosen={first.pk: set()}, by=by, at=NOW)
    with pytest.raises(Refused, match="isn't of the version"):
        services.answer_quiz(enrolment=row, lesson=foreign, chosen={}, by=by, at=NOW)
    with pytest.raises(Refused, match="their own courses"):
        services.answer_quiz(enrolment=row, lesson=quiz, chosen=answers(quiz, right=2), by=user(cast.maya), at=NOW)


def test_a_new_version_reaches_who_has_not_begun_and_certificates_stay(cast: Cast, course: Course) -> None:
    done, begun = give(course, cast, cast.ben), give(course, cast, cast.ana)
    pass_it(done)
    first = course.versions.get()
    services.finish_lesson(enrolment=begun, lesson=first.lessons.get(position=1), by=user(cast.ana), at=NOW)
    waiting = services.enrol(person=cast.cleo, course=course, due_on=DUE, reason="x", by=user(cast.omar), at=NOW)
    by = user(cast.vera)
    draft = services.draft_course(course=course, by=by, at=NOW)
    assert services.draft_course(course=course, by=by, at=NOW) == draft
    assert draft.lessons.get(kind="quiz").questions.count() == 2
    with pytest.raises(Refused, match="never changes"):
        services.change_lesson(lesson=first.lessons.get(position=1), by=by, text="Other")
    services.publish_course(course=course, by=by, at=NOW)
    for row, number in ((done, 1), (begun, 1), (waiting, 2)):
        row.refresh_from_db()
        assert row.version.number == number
    services.retire_course(course=course, by=by, at=NOW)
    assert selectors.enrolments_of(cast.ben).get().passed_at is not None
    assert not selectors.enrolments_of(cast.cleo).exists()
    with pytest.raises(Refused, match="isn't published"):
        give(course, cast, cast.ana)


@pytest.mark.parametrize(
    ("lesson", "lacks"),
    [({"text": ""}, "has no text yet"), ({"kind": "video"}, "address of a video"), ({"kind": "quiz"}, "no question"),
     ({"kind": "file"}, "no file")],
)  # fmt: skip
def test_a_course_with_an_empty_lesson_is_not_published(cast: Cast, lesson: dict[str, str], lacks: str) -> None:
    by = user(cast.vera)
    course = services.add_course(title="Empty", by=by, at=NOW)
    with pytest.raises(Refused, match="Add a lesson first"):
        services.publish_course(course=course, by=by, at=NOW)
    services.add_lesson(course=course, title="One", by=by, **lesson)
    with pytest.raises(Refused, match=lacks):
        services.publish_course(course=course, by=by, at=NOW)


def test_a_lesson_takes_only_what_its_name_says_and_https(cast: Cast) -> None:
    by = user(cast.vera)
    course = services.add_course(title="Files", by=by, at=NOW)
    with pytest.raises(Refused, match="does not hold what its name says"):
        services.add_lesson(course=course, title="A", kind="file", file=ContentFile(b"MZ", name="a.pdf"), by=by)
    with pytest.raises(Refused, match="https"):
        services.add_lesson(course=course, title="A", kind="video", video_url="http://example.com/v", by=by)
    made = services.add_lesson(
        course=course, title="A", kind="file", file=ContentFile(b"%PDF-1.7", name="a.pdf"), by=by
    )
    answer = signed_in(cast.vera).get(f"/courses/{course.pk}/lessons/{made.pk}/file/")
    assert answer["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert signed_in(cast.ben).get(f"/courses/{course.pk}/lessons/{made.pk}/file/").status_code == 404


def test_the_files_of_lessons_move_along_with_their_table(cast: Cast, course: Course, tmp_path: Path) -> None:
    by = user(cast.vera)
    services.draft_course(course=course, by=by, at=NOW)
    file = ContentFile(b"%PDF-1.7 moved", name="a.pdf")
    made = services.add_lesson(course=course, title="A", kind="file", file=file, by=by)
    kind, out = kinds()["lessons"], io.StringIO()
    assert kind.files is not None
    [(name, kept)] = kind.files()
    assert name == f"{made.file_digest}.pdf"
    folder = tmp_path / "files" / "lessons"
    folder.mkdir(parents=True)
    with kept.open("rb") as source:
        (folder / name).write_bytes(source.read())
    (folder / f"{'0' * 64}.pdf").write_bytes(b"%PDF-1.7 harmed")
    write_table(kind, out)
    made.file.delete(save=False)
    Lesson.objects.filter(pk=made.pk).update(file="")
    [problem] = keep_files(tmp_path)
    assert "isn't the paper it was" in problem

    def take() -> tuple[int, int]:
        file = io.BytesIO(out.getvalue().encode())
        done = import_file(
            kind="lessons", file=file, name="lessons.csv", mapping=None, options=Options(), by=None, at=NOW
        )
        return done.changed, done.refused

    assert (take(), take()) == ((1, 0), (0, 0))
    assert selectors.file_of(Lesson.objects.get(pk=made.pk)) == (b"%PDF-1.7 moved", "application/pdf")
