"""Addresses of scheduling."""

from django.urls import path

from apps.scheduling import api

api_urls = [
    path("departments", api.Departments.as_view(), name="departments"),
    path("departments/<uuid:department_id>", api.DepartmentDetail.as_view(), name="department"),
    path("doctors", api.Doctors.as_view(), name="doctors"),
    path("doctors/<uuid:doctor_id>", api.DoctorDetail.as_view(), name="doctor"),
    path("doctors/<uuid:doctor_id>/visit-types", api.VisitTypes.as_view(), name="visit-types"),
]
