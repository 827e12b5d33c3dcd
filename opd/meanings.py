"""The policy in words, for whoever administers a hospital: what each permission and each group of fields means.

Printed beside the tables of `apps.core.policy` in `docs/permissions.md`.
"""

from apps.core.policy import Fields, Permission

P, F = Permission, Fields

PERMISSIONS: dict[Permission, str] = {
    P.MASTERS_READ: "See departments, doctors, rooms and accounts",
    P.MASTERS_CHANGE: "Change departments, doctors, rooms and accounts",
    P.DIRECTORY_READ: "See the clinics where one can book, and their doctors",
    P.QRCODE_CREATE: "Make a code by which people check in by themselves",
    P.PATIENT_READ: "Find patients and open their file; what of it is shown says the second table",
    P.PATIENT_REGISTER: "Register a patient and correct their file",
    P.QUEUE_READ: "See who waits",
    P.VISIT_CHECK_IN: "Give somebody a number, or confirm who checked in by themselves",
    P.VISIT_SELF_CHECK_IN: "Take one number in one department",
    P.VISIT_EMERGENCY: "Make somebody urgent or an emergency, or correct that",
    P.VISIT_CALL: "Call people in, call again, put back",
    P.VISIT_CONSULT: "Start and finish a consultation, prescribe",
    P.KIOSK_CHECK_IN: "Check in people with a booking at a screen in the hall",
    P.COUNTER_SERVE: "Call and serve people at the counters that the own role staffs",
    P.JOURNEY_CHANGE: "Say through which stations each journey leads",
    P.VISIT_HOLD: "Set somebody aside and take them back into the queue",
    P.VISIT_NO_SHOW: "Note that somebody did not come",
    P.VISIT_CANCEL: "Take somebody off the queue",
    P.VISIT_CANCEL_OWN: "Give up the own place",
    P.VISIT_TELL_OWN: "Say that one is back, or will be late",
    P.VISIT_READ_OWN: "See the own place in the queue",
    P.PRESCRIPTION_READ_OWN: "Read the own prescription",
    P.BOOKING_CREATE: "Book a place at a doctor's",
    P.BOOKING_CHANGE: "Move or cancel what was booked",
    P.SCHEDULE_CHANGE: "Say that a doctor is away or late; close a session",
    P.QUEUE_MOVE: "Put somebody at another place of the queue by hand, for a reason",
    P.QUEUE_ANNOUNCE: "Tell everybody who waits for a doctor that things are held up",
    P.BOOKING_READ_OWN: "See the own bookings",
    P.BOOKING_CREATE_OWN: "Book for oneself and the family under the same phone",
    P.BOOKING_CHANGE_OWN: "Move or give up the own bookings",
    P.BREAK_GLASS: "Open a patient's whole record in an emergency: with a reason, for half an hour, and with an alarm",
    P.BREAK_GLASS_REVIEW: "Look at such emergencies afterwards",
    P.PATIENT_OWN: "Look after the own appointments and those of the family under the same phone",
    P.BOARD_READ: "Show one board",
    P.FEEDBACK_READ: "Read what people said about their visits",
    P.AUDIT_READ: "Read who did and opened what",
    P.ACCOUNT_OWN: "Look after the own account: password, second factor, devices, sessions",
    P.DESK_USE: "Use the front desk's pages",
    P.CONSOLE_USE: "Use the calling console",
    P.ADMIN_SITE_USE: "Enter the front desk and its lists",
    P.SYSTEM_KEEP: "Keep the house in order: sweeps, sealing, opening a hospital",
}

GROUPS: dict[Fields, str] = {
    F.IDENTITY: "Name, file number, sex, age or birth date, language",
    F.PHONE_END: "The last four digits of the phone; finding people by phone or identifier",
    F.CONTACT: "The whole phone number and the address",
    F.IDENTIFIERS: "ABHA and national id (their last characters), and adding them",
    F.NEEDS: "Pregnancy, disability and what else gives a head start",
    F.COMPLAINT: "What was said at check-in that makes a visit urgent",
    F.PRESCRIBED_TODAY: "What was prescribed today",
    F.CLINICAL: "Past visits and prescriptions, of the own departments",
}
