"""Addresses of the audit trail."""

from django.urls import path

from apps.audit.api import AuditTrail

api_urls = [path("audit", AuditTrail.as_view(), name="audit")]
