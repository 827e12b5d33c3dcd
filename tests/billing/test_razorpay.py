"""Asking the payment service, against a server that does what a test wants."""

import threading

import pytest

from apps.billing import razorpay
from tests.notifications.test_http_sms import Gateway, gateway

__all__ = ["gateway"]


def test_an_answer_that_comes_a_byte_at_a_time_does_not_hold_the_worker(gateway: Gateway, settings, monkeypatch):
    settings.RAZORPAY_URL, settings.RAZORPAY_KEY_ID = f"http://127.0.0.1:{gateway.server_port}", "key"
    gateway.drips = threading.Event()
    monkeypatch.setattr(razorpay, "DEADLINE", 0.3)
    with pytest.raises(razorpay.GatewayFailed) as failed:
        razorpay.give_back("pay_1", paise=100, refund_id=razorpay.UUID(int=1))
    assert (failed.value.code, failed.value.final) == ("timeout", False)
