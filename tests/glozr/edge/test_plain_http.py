"""Where HTTPS is served, a call of the API over plain HTTP is refused and a page is led on."""

from typing import Any

import pytest
from django.test import Client

from agents.models import ApiToken, Conversation
from tests.runtime import Runtime


@pytest.fixture
def https(settings: Any) -> None:
    """As GLOZR_HTTPS and GLOZR_BEHIND_PROXY set it, before the middleware is made."""
    settings.HTTPS = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.usefixtures("https")
class TestPlainHttp:
    def test_a_call_is_refused_whatever_it_asks_for(self, runtime: Runtime) -> None:
        calls = Runtime(runtime.agent_id, runtime.key, Client())
        answer = calls.post("assignments/", {"visitor_id": "ada"})
        assert (answer.status, answer["code"]) == (403, "https_required")
        assert "over HTTPS" in answer["detail"]
        assert "Location" not in answer.headers
        assert not Conversation.objects.exists()
        assert ApiToken.objects.get().last_used_at is None
        for path in (f"/api/v1/agents/{runtime.agent_id}/experiments/", "/mcp"):
            other = Client().get(path)
            assert (other.status_code, other.json()["code"]) == (403, "https_required")

    def test_over_https_it_is_answered(self, runtime: Runtime) -> None:
        calls = Runtime(runtime.agent_id, runtime.key, Client())
        secure = {"x-forwarded-proto": "https"}
        assert calls.post("assignments/", {"visitor_id": "ada"}, **secure).status == 200

    def test_a_page_is_led_on(self) -> None:
        answer = Client().get("/app/")
        assert (answer.status_code, answer["Location"]) == (301, "https://testserver/app/")


def test_without_https_nothing_is_refused(runtime: Runtime) -> None:
    assert runtime.resolve("ada").status == 200
