"""How many bookings a department lets there be on one day (requirements SCH-11)."""

from apps.core.commands import step
from apps.core.errors import Conflict, sentence
from apps.scheduling.commands.hall import Wish
from apps.scheduling.queries import places_taken
from apps.scheduling.rules.allocation import BookingSource, Limits


class TooManyOfPerson(Conflict):
    code = "too_many_bookings"
    detail = sentence("This person has as many bookings on this day as the department allows.")


class DayFull(Conflict):
    code = "day_full"
    detail = sentence("This doctor has as many bookings on this day as the department allows.")


@step
def require_within_limits(wish: Wish, limits: Limits) -> None:
    """Refuse a booking beyond the department's limits; an emergency never. Raises `TooManyOfPerson`, `DayFull`."""
    if wish.source is BookingSource.EMERGENCY:
        return
    of_person, of_doctor = limits.of_one_person_a_day, limits.of_one_doctor_a_day
    if of_person and places_taken(wish.day, patient_id=wish.patient_id) >= of_person:
        raise TooManyOfPerson
    if of_doctor and places_taken(wish.day, doctor_id=wish.doctor_id) >= of_doctor:
        raise DayFull
