"""Where the registry answers, beneath `/api/v1/`."""

from django.urls import path

from apps.patients.api import PatientDetail, PatientIdentifiers, Patients

api_urls = [
    path("patients", Patients.as_view(), name="patients"),
    path("patients/<uuid:patient_id>", PatientDetail.as_view(), name="patient"),
    path("patients/<uuid:patient_id>/identifiers", PatientIdentifiers.as_view(), name="patient-identifiers"),
]
