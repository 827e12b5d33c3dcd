"""What people said about their visits, for those who run the hospital; nobody is named."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.languages import named
from apps.core.queries import one
from apps.queue.models import Feedback
from apps.queue.rules.feedback import Face, Opinion, opinion

LATELY = timedelta(days=30)
"""How far back opinions are counted."""

ROWS = 30
"""Opinions on a page of the list."""

FACES = {Face.GOOD: "good", Face.FAIR: "fair", Face.BAD: "bad"}
"""The picture of each."""


def said_of_number(token_id: UUID) -> Feedback | None:
    """What was said under a number, if anything."""
    return one(Feedback.objects.filter(token_id=token_id))


def feedback_since(day: date, department_ids: Iterable[UUID], *, with_words: bool = False) -> QuerySet[Feedback]:
    """What was said about visits of these departments from a day on, the newest first."""
    found = Feedback.objects.filter(day__gte=day, department_id__in=department_ids).order_by("-said_at", "id")
    return found.exclude(comment="") if with_words else found


def opinions(rows: QuerySet[Feedback]) -> list[tuple[str, Opinion]]:
    """By department, in the order of their names."""
    faces: dict[str, list[int]] = defaultdict(list)
    for name, face in rows.order_by().values_list("department__name", "face"):
        faces[name].append(face)
    return [(name, opinion(faces[name])) for name in sorted(faces)]


def feedback_row(row: Feedback) -> dict[str, Any]:
    """One opinion as the list shows it."""
    return {
        "day": row.day,
        "face": FACES[Face(row.face)],
        "department": named(row.department),
        "doctor": named(row.doctor) if row.doctor else "",
        "comment": row.comment,
    }
