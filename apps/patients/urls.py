"""Where the registry answers, and where patients sign in."""

from django.urls import path

from apps.patients.api.health import HealthFacts, HealthFactStatus
from apps.patients.api.login import CodeRequest, CodeVerification
from apps.patients.api.me import ForgetDevice, Me
from apps.patients.api.registry import AccessLog, BreakGlass, PatientDetail, PatientIdentifiers, Patients
from apps.patients.views import login, settings

api_urls = [
    path("auth/me", Me.as_view(), name="auth-me"),
    path("patient/forget", ForgetDevice.as_view(), name="patient-forget"),
    path("auth/otp/request", CodeRequest.as_view(), name="auth-otp-request"),
    path("auth/otp/verify", CodeVerification.as_view(), name="auth-otp-verify"),
    path("patients", Patients.as_view(), name="patients"),
    path("patients/<uuid:patient_id>", PatientDetail.as_view(), name="patient"),
    path("patients/<uuid:patient_id>/identifiers", PatientIdentifiers.as_view(), name="patient-identifiers"),
    path("patients/<uuid:patient_id>/break-glass", BreakGlass.as_view(), name="patient-break-glass"),
    path("patients/<uuid:patient_id>/health", HealthFacts.as_view(), name="patient-health"),
    path("patients/<uuid:patient_id>/health/<uuid:fact_id>", HealthFactStatus.as_view(), name="patient-health-fact"),
    path("patients/<uuid:patient_id>/access-log", AccessLog.as_view(), name="patient-access-log"),
]

page_urls = [
    path("login/phone/", login.phone, name="login-phone"),
    path("login/phone/code/", login.code, name="login-phone-code"),
    path("me/settings/", settings.settings, name="me-settings"),
    path("me/settings/<slug:what>/", settings.choose, name="me-choose"),
]
