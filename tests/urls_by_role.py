"""The table of `test_every_url`: what each URL answers, by method, to each role.

A new URL needs a row: its name (with the namespace), then the answers to GET and to an empty POST.
"""

from dataclasses import dataclass
from typing import TypeAlias

ROLES = ("anonymous", "outsider", "editor", "admin", "owner", "staff", "superuser")
"""Of one workspace: who is in no way, who is by role, and two who run the whole service; `staff`
and `outsider` are an Admin and the Owner of another workspace."""

Answers: TypeAlias = tuple[int, int, int, int, int, int, int]


@dataclass(frozen=True)
class Expected:
    get: Answers
    post: Answers
    address: str = ""
    """For a route that can't be reversed."""


def everybody(status: int) -> Answers:
    return (status,) * 7


def signed_in(status: int, *, anonymous: int = 302) -> Answers:
    return (anonymous, *(status,) * 6)


def members(status: int, *, anonymous: int = 302) -> Answers:
    return (anonymous, 404, status, status, status, 404, status)


def managers(status: int, *, anonymous: int = 302) -> Answers:
    """Owners and Admins."""
    return (anonymous, 404, 403, status, status, 404, status)


def operators(staff: int, superuser: int) -> Answers:
    """The admin: everybody else is led to its sign-in."""
    return (302, 302, 302, 302, 302, staff, superuser)


def page(get: Answers, post: Answers, address: str = "") -> Expected:
    """A page for who is signed in: anybody else is led to sign in, or may send it again then."""
    return Expected(get, (401, *post[1:]), address)


NO_POST = signed_in(405)
NO_GET = signed_in(405)
LOOK = page(members(200), NO_POST)
OPERATION: dict[str, Expected] = {
    "healthz": Expected(everybody(200), everybody(405)),
    "readyz": Expected(everybody(200), everybody(405)),
    "metrics": Expected(everybody(404), everybody(405)),
    "security_txt": Expected(everybody(404), everybody(405)),  # no contact is set
    "demo_sign_in": Expected(everybody(405), everybody(404)),
    "demo_shop": Expected(everybody(404), everybody(405)),  # no demo is served
    "api_schema": Expected(everybody(200), everybody(405)),
    "llms_txt": Expected(everybody(200), everybody(405)),
    "api_markdown": Expected(everybody(200), everybody(405)),
    "mcp": Expected(everybody(405), everybody(401)),  # with tokens alone
    "api_docs": Expected(everybody(200), everybody(405)),
}

PAGES: dict[str, Expected] = {
    "home": page(signed_in(302), NO_POST),
    "agent_list": page(signed_in(200), NO_POST),
    "invitation": Expected(everybody(200), signed_in(403)),  # led back: the link is mailed
    "invitation_mailed": Expected(everybody(200), signed_in(403, anonymous=400)),
    "address_undo": Expected(everybody(200), everybody(302)),
    "workspace_list": page(signed_in(200), NO_POST),
    "workspace_open": page(members(302), NO_POST),
    "workspace_settings": page(managers(200), managers(400)),
    "workspace_history": page(managers(200), NO_POST),
    "workspace_history_file": page(managers(200), NO_POST),
    "workspace_history_step": page(managers(200), NO_POST),
    "workspace_second_factor": page(
        NO_GET,
        (302, 404, 403, 403, 302, 404, 302),  # for Owners
    ),
    "workspace_leave": page(
        (302, 404, 200, 200, 200, 404, 404),
        (302, 404, 302, 302, 409, 404, 404),  # the last Owner stays
    ),
    "members": page(managers(200), managers(400)),
    "member": page(managers(200), managers(400)),
    "member_remove": page(managers(200), managers(302)),
    "invitation_resend": page(NO_GET, managers(200)),
    "invitation_revoke": page(managers(200), managers(302)),
    "undelivered_mail": page(managers(200), NO_POST),
    "mail_send_again": page(NO_GET, managers(302)),
    "tokens": page(managers(200), managers(400)),
    "token_rotate": page(managers(200), managers(400)),
    "token_revoke": page(managers(200), managers(302)),
    "model_endpoint": page(managers(200), managers(400)),
    "model_endpoint_remove": page(NO_GET, managers(302)),
    "notice_list": page(members(200), NO_POST),
    "notice_mail": page(NO_GET, members(302)),
    "notice_mail_off": Expected(everybody(200), everybody(200)),  # the link is the proof
    "webhooks": page(managers(200), managers(400)),
    "webhook": page(managers(200), NO_POST),
    "webhook_switch": page(NO_GET, managers(302)),
    "webhook_secret": page(managers(200), managers(200)),
    "webhook_remove": page(managers(200), managers(302)),
    "delivery_again": page(NO_GET, managers(302)),
    "agent_new": page(managers(200), managers(400)),
    "prompt_preview": page(NO_GET, members(200)),
    "agent_overview": LOOK,
    "agent_settings": page(members(200), managers(400)),
    "agent_history_file": LOOK,
    "agent_revisions": LOOK,
    "agent_revision": LOOK,
    "conversation_list": LOOK,
    "conversation_file": LOOK,
    "message_file": LOOK,
    "conversation": LOOK,
    "lead_list": LOOK,
    "lead_file": LOOK,
    "lead_statuses": page(NO_GET, managers(302)),  # none is chosen
    "lead_status": page(NO_GET, managers(400)),
    "visitors": page(managers(200), managers(400)),
    "visitor_rule_remove": page(NO_GET, managers(302)),
    "visitor_merge": page(NO_GET, managers(400)),
    "visitor_export": page(NO_GET, managers(400)),
    "visitor_erase": page(NO_GET, managers(400)),
    "experiment_list": LOOK,
    "experiment_plan": LOOK,
    "try_agent": LOOK,
    "try_agent_answer": page(NO_GET, members(404)),  # no column was named
    "connect": page(members(200), managers(200)),
    "connect_heard": page(members(302), NO_POST),  # a part, if htmx asks; see the page
    "experiment_new": page(managers(200), managers(400)),
    "variant_rows": page(NO_GET, managers(200)),
    "variant_preview": page(NO_GET, managers(200)),
    "experiment": LOOK,
    "experiment_edit": page(managers(200), managers(409)),  # no version was seen
    "experiment_start": page(managers(200), managers(409)),  # another runs
    "experiment_stop": page(managers(302), managers(302)),  # a draft: there is nothing to stop
    "experiment_schedule": page(managers(200), managers(400)),  # no version was seen
    "experiment_duplicate": page(managers(200), managers(302)),
    "experiment_undo_copy": page(NO_GET, managers(302)),
    "experiment_delete": page(managers(200), managers(409)),  # no version was seen
    "try_experiment": LOOK,
    "try_experiment_answer": page(NO_GET, members(404)),  # no column was named
    "preview_links": page(members(200), managers(302)),
    "experiment_conclude": page(managers(302), managers(302)),  # a draft
    "experiment_put_into_use": page(managers(302), managers(302)),  # nothing won
    "experiment_learned": page(managers(302), managers(302)),  # nothing is concluded
    "experiment_take_back": page(managers(302), managers(302)),  # nothing is in use
    "experiment_share": page(managers(200), managers(200)),
    "experiment_unshare": page(NO_GET, managers(302)),
    "agent_learned": LOOK,
    "workspace_learned": LOOK,
    "shared_results": Expected(everybody(200), everybody(405)),
    "experiment_history": LOOK,
    "experiment_history_file": LOOK,
    "experiment_step": LOOK,
    "assignment_file": LOOK,
    "result_file": LOOK,
    "figures": page(members(302), NO_POST),  # to the API's
    "experiment_results": page(members(302), NO_POST),  # a part, if htmx asks; see the page
    "experiment_results_section": LOOK,
}

TOKENS_ONLY = Expected(everybody(405), everybody(401))
READ = Expected(members(200, anonymous=401), signed_in(405, anonymous=401))
NOT_READ = signed_in(405, anonymous=401)
API: dict[str, Expected] = {
    "api_assignments": TOKENS_ONLY,
    "api_messages": Expected(members(200, anonymous=401), everybody(401)),  # tokens write
    "api_leads": Expected(members(200, anonymous=401), everybody(401)),
    "ofrep_flag": TOKENS_ONLY,
    "ofrep_bulk": Expected(everybody(405), everybody(501)),
    "ofrep_unknown": Expected(everybody(404), everybody(404)),
    "api_lead": READ,
    "api_conversations": READ,
    "api_conversation": READ,
    "api_agent_history": READ,
    "api_experiments": Expected(members(200, anonymous=401), managers(400, anonymous=401)),
    "api_experiment": READ,
    "api_start": Expected(NOT_READ, managers(409, anonymous=401)),  # another runs
    "api_stop": Expected(NOT_READ, managers(409, anonymous=401)),  # a draft
    "api_schedule": Expected(NOT_READ, NOT_READ),
    "api_duplicate": Expected(NOT_READ, managers(201, anonymous=401)),
    "api_conclude": Expected(NOT_READ, managers(400, anonymous=401)),
    "api_conclusion": Expected(NOT_READ, NOT_READ),
    "api_put_into_use": Expected(NOT_READ, managers(409, anonymous=401)),  # not concluded
    "api_take_back": Expected(NOT_READ, managers(409, anonymous=401)),  # nothing is in use
    "api_history": READ,
    "api_results": READ,
    "api_plan": READ,
    "api_left_out": Expected(managers(200, anonymous=401), managers(400, anonymous=401)),
    "api_left_out_rule": Expected(NOT_READ, NOT_READ),
    "api_visitors_merge": Expected(NOT_READ, managers(400, anonymous=401)),
    "api_visitors_erase": Expected(NOT_READ, managers(400, anonymous=401)),
    "api_visitors_export": Expected(NOT_READ, managers(400, anonymous=401)),
    "api_daily_results": READ,
    **{
        f"api_{what}_{kind}": READ
        for what in (
            "agent_leads",
            "agent_conversations",
            "agent_messages",
            "agent_history",
            "experiment_assignments",
            "experiment_results",
            "experiment_history",
        )
        for kind in ("csv", "xlsx")
    },
    "api_unknown": Expected(everybody(404), everybody(404)),
}

FORM = page(signed_in(200), signed_in(200))
OPEN_FORM = Expected(everybody(200), everybody(200))
OPEN_NOTICE = Expected(everybody(200), everybody(405))
ENTRANCE = Expected(signed_in(302, anonymous=200), signed_in(302, anonymous=200))
LED_AWAY = Expected(everybody(302), everybody(302))
LED_ON = page(everybody(302), everybody(302))
ACCOUNTS: dict[str, Expected] = {
    "session_list": page(signed_in(200), NO_POST),
    "session_end_all": page(NO_GET, signed_in(302)),
    "session_end": page(NO_GET, signed_in(404)),  # nobody's
    "account_login": ENTRANCE,
    "account_logout": Expected(signed_in(200), everybody(302)),
    "account_inactive": OPEN_NOTICE,
    "account_signup": ENTRANCE,
    "account_reauthenticate": FORM,
    "account_email": page(signed_in(200), everybody(302)),
    "account_email_verification_sent": OPEN_NOTICE,
    "account_change_password": FORM,
    "account_set_password": LED_ON,  # everybody has one
    "account_reset_password": OPEN_FORM,
    "account_request_login_code": ENTRANCE,
    "account_confirm_login_code": LED_AWAY,
    "account_confirm_email": Expected(everybody(200), everybody(404)),  # an unknown key
    "account_reset_password_from_key_done": OPEN_NOTICE,
    "account_reset_password_from_key": OPEN_FORM,
    "account_reset_password_done": OPEN_NOTICE,
    "openid_connect_login": Expected(everybody(404), everybody(404)),  # none is configured
    "openid_connect_callback": Expected(everybody(404), everybody(404)),
    "socialaccount_connections": FORM,
    "socialaccount_login_cancelled": OPEN_NOTICE,
    "socialaccount_login_error": page(signed_in(401), NO_POST),
    "socialaccount_signup": LED_AWAY,  # nobody is signed up
    **{
        f"accounts/social/{old}/": page(signed_in(301), signed_in(301))
        for old in ("login/cancelled", "login/error", "signup", "connections")
    },
    "mfa_login_webauthn": Expected(everybody(302), everybody(302)),
    "mfa_reauthenticate_webauthn": LED_ON,
    "mfa_list_webauthn": page(signed_in(200), NO_POST),
    "mfa_add_webauthn": FORM,
    "mfa_edit_webauthn": page(signed_in(404), signed_in(404)),
    "mfa_remove_webauthn": page(signed_in(404), signed_in(404)),
    "mfa_index": page(signed_in(200), NO_POST),
    "mfa_authenticate": LED_AWAY,
    "mfa_reauthenticate": LED_ON,
    "mfa_activate_totp": FORM,
    "mfa_deactivate_totp": page(signed_in(404), signed_in(404)),  # nobody here has it
    "mfa_view_recovery_codes": page(signed_in(404), NO_POST),
    "mfa_generate_recovery_codes": FORM,
    "mfa_download_recovery_codes": page(signed_in(404), signed_in(404)),
}

ADMIN: dict[str, Expected] = {
    "admin:index": page(operators(200, 200), operators(200, 200)),
    "admin:login": Expected(
        (302, 403, 403, 403, 403, 302, 302), (302, 403, 403, 403, 403, 200, 200)
    ),
    "admin:logout": page(operators(405, 405), operators(200, 200)),
    "admin:password_change": page(operators(302, 302), operators(302, 302)),  # to the account's
    "admin:password_change_done": page(operators(200, 200), operators(405, 405)),
    "admin:autocomplete": page(
        operators(200, 200),
        operators(405, 405),
        address="/admin/autocomplete/?app_label=experiments&model_name=experiment&field_name=agent",
    ),
    "admin:jsi18n": page(operators(200, 200), operators(405, 405)),
    "admin:app_list": page(operators(200, 200), operators(200, 200)),
    "admin:auth_user_password_change": page(operators(404, 200), operators(404, 200)),
    "admin/(?P<url>.*)$": page(operators(404, 404), operators(404, 404), address="/admin/nothing/"),
}

# For each model what staff of another workspace may open, and what superusers may do.
# A row of somebody else is not there for staff; `tests.glozr.test_admin_site` has their own.
MODELS: dict[str, tuple[str, str]] = {
    "account_emailaddress": ("", ""),
    "agents_agent": ("list add", "add change"),
    "agents_apitoken": ("list add", "add change"),
    "agents_conversation": ("list", ""),
    "agents_invitation": ("list", "delete"),
    "agents_lead": ("list", "change"),
    "agents_membership": ("list add", "add change delete"),
    "agents_message": ("list", ""),
    "agents_outgoingmail": ("list", "change"),
    "agents_user": ("", "add change"),
    "agents_workspace": ("list", "add change"),
    "agents_workspacegrant": ("list", ""),
    "auth_group": ("", ""),
    "experiments_assignment": ("list", ""),
    "experiments_event": ("list", ""),
    "experiments_experiment": ("list add", "add change delete"),
    "experiments_pendingcount": ("list", ""),
    "experiments_variant": ("list", ""),
    "experiments_varianttotals": ("list", ""),
    "mfa_authenticator": ("", "change delete"),
}
TAKES_AN_EMPTY_CHANGE = {"agents_apitoken", "agents_outgoingmail", "mfa_authenticator"}


def _model(name: str, staff: str, superuser: str) -> dict[str, Expected]:
    def may(action: str, allowed: str) -> int:
        return 200 if action in allowed else 403

    listed = operators(may("list", staff), 200)
    added = operators(may("add", staff), may("add", superuser))
    seen = operators(404, 200)
    saved = 302 if name in TAKES_AN_EMPTY_CHANGE else may("change", superuser)
    deleted = operators(404, may("delete", superuser))
    return {
        f"admin:{name}_changelist": page(listed, listed),
        f"admin:{name}_add": page(added, added),
        f"admin:{name}_history": page(seen, seen),
        f"admin:{name}_change": page(seen, operators(404, saved)),
        f"admin:{name}_delete": page(deleted, deleted),
        f"admin/{name.replace('_', '/')}/<path:object_id>/": LED_ON,
    }


for _name, (_staff, _superuser) in MODELS.items():
    ADMIN |= _model(_name, _staff, _superuser)

SECTIONS = {
    "operation": OPERATION,
    "pages": PAGES,
    "api": API,
    "accounts": ACCOUNTS,
    "admin": ADMIN,
}
