from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Forms and fields in the product's look, wherever a form is drawn."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
