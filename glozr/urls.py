from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from agents.pages.reference.api_docs import api_docs, api_markdown, llms_txt
from experiments.api.assistants.protocol import assistants
from experiments.demo.pages import shop, sign_in
from experiments.pages.results.pages import agent_overview
from glozr.edge.security_txt import security_txt
from glozr.edge.transactions import include_in_transactions
from glozr.observe.health import healthz, readyz
from glozr.observe.metrics import metrics

CHANGE_AND_TELL = frozenset(
    {
        "account_confirm_email",
        "account_email",
        "account_change_password",
        "account_set_password",
        "account_reset_password_from_key",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_generate_recovery_codes",
    }
)
"""Views of allauth that change an account and mail its owner about it."""

handler400 = "glozr.edge.bodies.bad_request"
handler500 = "glozr.edge.failures.server_error"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("", include("agents.pages.urls")),
    path("", include("experiments.pages.activity_urls")),
    path("", include("experiments.pages.notices.urls")),
    path("", include("experiments.pages.outcomes.urls")),
    path("app/agents/<uuid:agent_id>/", agent_overview, name="agent_overview"),
    path("app/agents/<uuid:agent_id>/experiments/", include("experiments.pages.urls")),
    path("admin/", admin.site.urls),
    path("demo/sign-in/", sign_in, name="demo_sign_in"),
    path("demo/shop/", shop, name="demo_shop"),
    path("accounts/", include_in_transactions("allauth.urls", CHANGE_AND_TELL)),
    path("api/v1/", include("experiments.api.urls")),
    path("ofrep/v1/", include("experiments.api.runtime.openfeature")),
    path("mcp", assistants, name="mcp"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("llms.txt", llms_txt, name="llms_txt"),
    path("api/docs.md", api_markdown, name="api_markdown"),
    path("api/docs/", api_docs, name="api_docs"),
]
