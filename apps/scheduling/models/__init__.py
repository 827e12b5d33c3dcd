"""Tables of scheduling."""

from apps.scheduling.models.bookings import AllocationPolicy, Appointment, Offer, WaitingEntry
from apps.scheduling.models.leave import Leave, LeaveCase, LeaveSlot
from apps.scheduling.models.lengths import OwnLength, VisitType
from apps.scheduling.models.places import (
    Counter,
    Department,
    Doctor,
    DoctorDepartment,
    PolicyVersion,
    QueuePolicy,
    Room,
)
from apps.scheduling.models.slots import ClosedDay, Slot, SlotTemplate, TemplateBreak
from apps.scheduling.models.tokens import Token, TokenCounter

__all__ = [
    "AllocationPolicy",
    "Appointment",
    "ClosedDay",
    "Counter",
    "Department",
    "Doctor",
    "DoctorDepartment",
    "Leave",
    "LeaveCase",
    "LeaveSlot",
    "Offer",
    "OwnLength",
    "PolicyVersion",
    "QueuePolicy",
    "Room",
    "Slot",
    "SlotTemplate",
    "TemplateBreak",
    "Token",
    "TokenCounter",
    "VisitType",
    "WaitingEntry",
]
