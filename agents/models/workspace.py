"""A customer's account, who belongs to it and which programs may call for it."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from guardian.models import GroupObjectPermissionBase

from agents import limits
from agents.models.user import User
from glozr.ids import new_id
from glozr.postgres.fields import CidrField
from glozr.text import EMAIL_LENGTH
from glozr.zones import time_zones


def validate_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(
            f"{name} is not a time zone. Use a name such as Europe/Zurich.", code="invalid"
        )


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    EDITOR = "editor", "Editor"


class Ability(models.TextChoices):
    """What an API token may do."""

    RUNTIME = "runtime", "Ask for assignments, record messages and leads"
    READ = "experiments:read", "Read experiments, results, conversations and leads"
    WRITE = "experiments:write", "Create, edit, start, stop, duplicate and delete experiments"
    VISITORS = "visitors:write", "Leave out, merge, erase and export visitors"


class Workspace(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=limits.WORKSPACE_NAME)
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="Days in results begin at midnight of this zone.",
    )
    second_factor_required = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Members see the workspace only with a second factor.",
    )
    retention_months = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="After so many months without a visit, a visitor is erased; empty: never.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "workspaces"
        ordering = ["name", "id"]
        default_permissions = ()
        permissions = [
            ("view_experiments", "See experiments, results, history, conversations and leads"),
            ("run_experiments", "Create, edit, start, stop, duplicate and delete experiments"),
            ("edit_agents", "Edit an agent's persona and prompt"),
            ("manage_members", "Invite, change and remove members"),
            ("manage_tokens", "Create and revoke API tokens"),
            ("manage_visitors", "Leave out, merge, erase and export visitors"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="workspaces_named"),
            models.CheckConstraint(
                condition=models.Q(retention_months=None)
                | models.Q(
                    retention_months__range=(limits.LEAST_RETENTION, limits.GREATEST_RETENTION)
                ),
                name="workspaces_retention_in_range",
                violation_error_message=(
                    f"Keep visitors for {limits.LEAST_RETENTION} to {limits.GREATEST_RETENTION} "
                    "months: the figures of an experiment need them for as long as its window."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WorkspaceGrant(GroupObjectPermissionBase):
    """A permission on a workspace held by the group of one of its roles. See `agents.roles`."""

    content_object = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_column="workspace_id"
    )

    class Meta(GroupObjectPermissionBase.Meta):
        db_table = "workspace_grants"


class Membership(models.Model):
    """A user's role in a workspace."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "memberships"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user"],
                name="memberships_one_per_user",
                violation_error_code="already_member",
                violation_error_message="This person is a member already. Change the role instead.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="memberships_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        return self.filter(expires_at__gt=Now())

    def expired(self) -> "InvitationQuerySet":
        return self.filter(expires_at__lte=Now())


class Invitation(models.Model):
    """A membership offered by e-mail; its link holds a secret that is kept here as a digest.

    The mailed link holds a proof beside it, which `agents.people.invitations` computes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=EMAIL_LENGTH)
    role = models.CharField(max_length=16, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True, editable=False)
    mails = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    """How often the link was mailed, and when last."""

    objects = InvitationQuerySet.as_manager()

    class Meta:
        db_table = "invitations"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("email"),
                name="invitations_one_per_email",
                violation_error_code="already_invited",
                violation_error_message="This address is invited already.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="invitations_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def unrevoked(self) -> "ApiTokenQuerySet":
        return self.filter(revoked_at=None)


class ApiToken(models.Model):
    """A program's key to a workspace. The key itself is shown once and never stored."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=limits.TOKEN_NAME)
    hint = models.CharField(max_length=16, editable=False, help_text="How the key begins.")
    digest = models.CharField(
        max_length=64, unique=True, editable=False, help_text="SHA-256 of the key, hexadecimal."
    )
    abilities = ArrayField(models.CharField(max_length=32, choices=Ability.choices))
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = CidrField(
        null=True, blank=True, editable=False, help_text="The network of its last use."
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="Refused from then on; empty: never."
    )
    agent_ids = ArrayField(
        models.UUIDField(),
        null=True,
        blank=True,
        help_text="The only agents that it is for; empty: all of the workspace.",
    )
    networks = ArrayField(
        CidrField(),
        null=True,
        blank=True,
        help_text="The only networks that it may be used from; empty: all.",
    )
    previous_digest = models.CharField(max_length=64, unique=True, null=True, editable=False)
    previous_until = models.DateTimeField(
        null=True, editable=False, help_text="When the key before this one ends."
    )

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        db_table = "api_tokens"
        verbose_name = "API token"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(abilities__contained_by=Ability.values)
                & models.Q(abilities__len__gte=1),
                name="api_tokens_abilities_known",
                violation_error_code="abilities",
                violation_error_message="Choose at least one ability.",
            ),
            # Emptied by hand, it must not turn from a token for some into one for all.
            models.CheckConstraint(
                condition=models.Q(agent_ids__len__gte=1), name="api_tokens_agents_some_or_all"
            ),
            models.CheckConstraint(
                condition=models.Q(networks__len__gte=1), name="api_tokens_networks_some_or_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def has_ended(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and not self.has_ended

    @property
    def has_two_keys(self) -> bool:
        """Whether the key before this one still works."""
        return self.previous_until is not None and self.previous_until > timezone.now()
