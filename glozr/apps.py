from django.apps import AppConfig


class GlozrConfig(AppConfig):
    name = "glozr"

    def ready(self) -> None:
        from glozr.edge import checks  # registers them

        assert checks
