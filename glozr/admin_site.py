"""The site of the Django admin."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver


class OperationsSite(AdminSite):
    site_header = site_title = "Glozr"
    index_title = "Operations"
    index_template = "admin/operations.html"

    @login_not_required
    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """One door to sign in: rate limits and second factors hold for the admin as well."""
        from allauth.account.decorators import secure_admin_login  # needs the apps loaded

        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """One page on which people change their password: it ends more than Django's own does."""
        return redirect("account_change_password")

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Without the view that leads from any id to its page: it asks nobody's role, and fails
        on what is no id. `ScopedAdmin.view_on_site` links to pages themselves."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]


class OperationsConfig(AdminConfig):
    default_site = "glozr.admin_site.OperationsSite"
