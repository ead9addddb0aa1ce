"""People who sign in, known by their e-mail address."""

from typing import Any, ClassVar

from django.apps import apps
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower, Now

from glozr.addresses import normalised, problem_of_address
from glozr.ids import new_id
from glozr.text import EMAIL_LENGTH


class UserQuerySet(models.QuerySet["User"]):
    def with_address(self, address: str) -> "UserQuerySet":
        """Whose address it is, however it is written: one person at most."""
        written = {normalised(address), address.strip().lower()}
        return self.alias(address=Lower("email")).filter(address__in=written)

    def proven(self) -> "UserQuerySet":
        """Those who have shown that the address is theirs."""
        return self.filter(emailaddress__verified=True, emailaddress__email=Lower("email"))


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def with_address(self, address: str) -> UserQuerySet:
        return self.get_queryset().with_address(address)

    def proven(self) -> UserQuerySet:
        return self.get_queryset().proven()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if problem := problem_of_address(email):
            raise ValidationError(problem[1], code=problem[0])
        user = self.model(email=normalised(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Whoever types this command has the database, so the address counts as proven."""
        user = self.create_user(email, password, is_staff=True, is_superuser=True, **fields)
        addresses = apps.get_model("account", "EmailAddress")._default_manager
        addresses.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.with_address(username or "").get()


class User(AbstractUser):
    """`email` is written by `agents.people.addresses` alone, which also keeps allauth's row of
    the address: there it says whether the person has proven that the address is theirs."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", max_length=EMAIL_LENGTH, unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        db_table = "users"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="users_email_unique",
                violation_error_code="email_taken",
                violation_error_message="Somebody has signed up with this e-mail address.",
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def is_proven(self) -> bool:
        """Whether the person has shown that the address is theirs, as of now."""
        return User.objects.proven().filter(pk=self.pk).exists()


class AddressChangeQuerySet(models.QuerySet["AddressChange"]):
    def open(self) -> "AddressChangeQuerySet":
        return self.filter(undone_at=None, expires_at__gt=Now())


class AddressChange(models.Model):
    """An address that a person had proven and has no more. Until it expires, whoever reads the
    mail of the old one can take the change back, by a link whose secret is kept as a digest."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="address_changes")
    old_email = models.EmailField(max_length=EMAIL_LENGTH)
    new_email = models.EmailField(max_length=EMAIL_LENGTH)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = AddressChangeQuerySet.as_manager()

    class Meta:
        db_table = "address_changes"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.old_email} to {self.new_email}"
