"""The Django admin of people, workspaces, agents and what visitors do."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from agents.admin import history, members, people, workspaces

admin.site.site_header = "Glozr"
admin.site.site_title = "Glozr"
admin.site.index_title = "Operations"
# One door to sign in: rate limits and second factors hold for the admin as well.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

__all__ = ["history", "members", "people", "workspaces"]
