"""Settings, read from the environment; safe by default.

Every variable is listed in the README under "Configuration". Nothing here differs between
development and production but what the environment says.
"""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from glozr.inputs import limits
from glozr.observe import logs
from glozr.outputs.instants import INSTANT_FORMAT
from glozr.postgres.config import database_configs
from glozr.secrets import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DATA_DIR = Path(env.str("GLOZR_DATA_DIR", default=str(BASE_DIR / "var")))
DEBUG = env.bool("GLOZR_DEBUG", default=False)
DEMO = env.bool("GLOZR_DEMO", default=False)
"""The demo's sign-in page offers a button for each role; never set it where real people sign in."""
DEMO_SHOP_PORT = env.int("GLOZR_DEMO_SHOP_PORT", default=0) if DEMO else 0
"""Where `make run` serves the demo's shop, on the machine that serves this; 0 for nowhere."""

SECRET_KEY = env.str("GLOZR_SECRET_KEY", default="") or secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env.list("GLOZR_SECRET_KEY_FALLBACKS", default=[])
"""Keys before this one: what they signed and sealed is still taken."""
ALLOWED_HOSTS = env.list("GLOZR_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("GLOZR_CSRF_TRUSTED_ORIGINS", default=[])

HTTPS = env.bool("GLOZR_HTTPS", default=False)
"""Served over HTTPS: secure cookies, plain HTTP redirected, browsers told to remember."""
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = env.int("GLOZR_HSTS_SECONDS", default=31_536_000)
    # They bind other sites of the domain, for as long as browsers remember: for its owner to say.
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("GLOZR_HSTS_SUBDOMAINS", default=False)
    SECURE_HSTS_PRELOAD = env.bool("GLOZR_HSTS_PRELOAD", default=False)
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # Browsers take a cookie of such a name from this very host alone, over HTTPS, for all paths.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
SITE_URL = env.str(
    "GLOZR_SITE_URL",
    default=f"{'https' if HTTPS else 'http'}://{ALLOWED_HOSTS[0].lstrip('.*') or 'localhost'}",
).rstrip("/")
"""Where the site is reached, for links in what no request asks for."""
WEBHOOK_REACH = env.str("GLOZR_WEBHOOK_REACH", default="public" if HTTPS else "loopback")
"""Where webhooks may lead: `public`, `loopback` (this machine too) or `any`."""
MODEL_REACH = env.str("GLOZR_MODEL_REACH", default="public" if HTTPS else "loopback")
"""The same, for the endpoints of models."""
for name, value in (("WEBHOOK", WEBHOOK_REACH), ("MODEL", MODEL_REACH)):
    if value not in ("public", "loopback", "any"):
        raise ImproperlyConfigured(f"GLOZR_{name}_REACH is public, loopback or any.")
MODEL_SECONDS = env.float("GLOZR_MODEL_SECONDS", default=60.0)
"""Within which a model must have answered to the end."""
KNOWN_BROWSER_COOKIE = "__Host-known_browser" if HTTPS else "known_browser"
PROXY_COUNT = 0
if env.bool("GLOZR_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    PROXY_COUNT = ALLAUTH_TRUSTED_PROXY_COUNT = env.int("GLOZR_PROXY_COUNT", default=1)

SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # HSTS for subdomains and preloading
SECURITY_CONTACT = env.str("GLOZR_SECURITY_CONTACT", default="")
"""For /.well-known/security.txt: an address or a link."""

INSTALLED_APPS = [
    "glozr",
    "agents",
    "experiments",
    "glozr.admin_site.OperationsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "guardian",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "glozr.edge.middleware.Observe",
    "glozr.edge.middleware.NeverKept",
    "glozr.edge.middleware.RefusePlainHttp",
    "django.middleware.security.SecurityMiddleware",
    "glozr.edge.bodies.BoundedBodies",
    "glozr.edge.middleware.RuntimeLane",
    "glozr.observe.tracing.TraceParent",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "glozr.rates.middleware.AddressRate",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "agents.people.signed_in.Authentication",
    "glozr.edge.refusals.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "glozr.edge.refusals.refusals",
    "glozr.edge.proof.ProofSent",
]

ROOT_URLCONF = "glozr.urls"
WSGI_APPLICATION = "glozr.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

FORM_RENDERER = "glozr.inputs.form_renderer.FormRenderer"

DATABASES = {
    alias: {**config, "CONN_HEALTH_CHECKS": True} for alias, config in database_configs().items()
}
DATABASE_ROUTERS = ["glozr.postgres.replica.Router"]
# allauth counts sign-in attempts in the cache. Each worker has memory of its own, so that a limit
# kept there would grow with the workers; all of them share the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "agents.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "agents.people.passwords.LengthValidator",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
        "agents.people.passwords.BreachedPasswordValidator",
    )
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "agents.people.allauth_adapter.AccountAdapter"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Glozr: "
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Who has a second factor is asked for it all the same.
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900
# Attempts to sign in are counted by `agents.people.attempts`. What allauth counts besides is of
# people who have proven something already: their password, before codes of the second factor.
# By recipient resets are counted in the outbox, where too many are left out without a word.
ACCOUNT_RATE_LIMITS: dict[str, str | None] = {
    "login": None,
    "login_failed": "5/300s/key",
    "request_login_code": None,
    "reset_password": "20/m/ip",
}
ACCOUNT_FORMS = {
    "login": "agents.pages.account_forms.LoginForm",
    "request_login_code": "agents.pages.account_forms.MailedCodeForm",
    "confirm_login_code": "agents.pages.account_forms.ConfirmMailedCodeForm",
    "add_email": "agents.pages.account_forms.AddEmailForm",
    "change_password": "agents.pages.account_forms.ChangePasswordForm",
    "set_password": "agents.pages.account_forms.SetPasswordForm",
    "reset_password": "agents.pages.account_forms.ResetPasswordForm",
    "reset_password_from_key": "agents.pages.account_forms.ResetPasswordKeyForm",
    "reauthenticate": "agents.pages.account_forms.ConfirmPasswordForm",
}
MFA_FORMS = {
    "authenticate": "agents.pages.account_forms.CodeForm",
    "reauthenticate": "agents.pages.account_forms.ConfirmCodeForm",
    "activate_totp": "agents.pages.account_forms.AuthenticatorForm",
    "add_webauthn": "agents.pages.account_forms.AddKeyForm",
    "edit_webauthn": "agents.pages.account_forms.RenameKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers take http:// of localhost alone
MFA_TOTP_ISSUER = "Glozr"

OIDC_ISSUER = env.str("GLOZR_OIDC_ISSUER", default="").rstrip("/")
"""Who else may say who somebody is, by OpenID Connect; empty for nobody."""
OIDC_NAME = env.str("GLOZR_OIDC_NAME", default="single sign-on")
SOCIALACCOUNT_ADAPTER = "agents.people.openid_adapter.OpenIdAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form that is answered with another site: see form-action
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC_NAME,
                "client_id": env.str("GLOZR_OIDC_CLIENT_ID"),
                "secret": env.str("GLOZR_OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}

EMAIL_CONFIG = env.email("GLOZR_EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
# Whatever is mailed goes into the outbox first; the background process sends it as the URL says.
EMAIL_BACKEND = "agents.mail.backend.OutboxBackend"
MAIL_DELIVERY_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
if MAIL_DELIVERY_BACKEND == "django.core.mail.backends.smtp.EmailBackend":
    MAIL_DELIVERY_BACKEND = "agents.mail.smtp.EmailBackend"
EMAIL_TIMEOUT = 10
"""Seconds for connecting to the mail server, and for each of its answers."""
DEFAULT_FROM_EMAIL = env.str("GLOZR_FROM_EMAIL", default="Glozr <noreply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

LOGGING = logs.LOGGING
ACCESS_LOG = env.bool("GLOZR_ACCESS_LOG", default=False)
SLOW_REQUEST_SECONDS = env.float("GLOZR_SLOW_REQUEST_SECONDS", default=1.0)
TOKEN_RATE = env.float("GLOZR_TOKEN_RATE", default=1_000.0)
ADDRESS_RATE = env.float("GLOZR_ADDRESS_RATE", default=50.0)
"""Requests a second on a machine: of a token, or of an address with tokens; of one without."""
METRICS_TOKEN = env.str("GLOZR_METRICS_TOKEN", default="")

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Nothing takes files: what is sent is bounded by its length, and never written to the disk.
FILE_UPLOAD_HANDLERS: list[str] = []
DATA_UPLOAD_MAX_MEMORY_SIZE = limits.FORM_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = limits.FORM_FIELDS
DATA_UPLOAD_MAX_NUMBER_FILES = 0

SESSION_COOKIE_AGE = env.int("GLOZR_SESSION_IDLE_DAYS", default=14) * 86_400
"""A session ends when it has not been used for so long, and whatever its use, after:"""
SESSION_ENDS_AFTER = timedelta(days=env.int("GLOZR_SESSION_DAYS", default=60))
CSRF_FAILURE_VIEW = "glozr.edge.refusals.csrf_failure"
# Messages name people and agents: they wait in the database, not in a cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# What of a browser no page of ours uses, so that no script that got into one can; of that only what
# today's browsers know, as they complain of other names on every page. Passkeys and the
# clipboard to write to are left as they are.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        "accelerometer",
        "autoplay",
        "browsing-topics",
        "camera",
        "display-capture",
        "encrypted-media",
        "geolocation",
        "gyroscope",
        "hid",
        "idle-detection",
        "local-fonts",
        "magnetometer",
        "microphone",
        "midi",
        "otp-credentials",
        "payment",
        "picture-in-picture",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "agents.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["glozr.inputs.json_body.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "glozr.edge.api_errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "DATETIME_FORMAT": INSTANT_FORMAT,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Glozr A/B experiments API",
    "DESCRIPTION": "Assign visitors to variants, record what they do, manage experiments.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ExperimentStatusEnum": "experiments.models.Status",
        "LeadStatusEnum": "agents.models.LeadStatus",
        "ReasonEnum": "experiments.api.serializers.comparisons.REASON_CHOICES",
        "FlagReasonEnum": "experiments.api.serializers.openfeature.FLAG_REASONS",
        "KindEnum": "experiments.models.Kind",
        "RuleKindEnum": "experiments.models.RuleKind",
        "MetricKeyEnum": "experiments.api.serializers.results.METRIC_KEYS",
    },
}
