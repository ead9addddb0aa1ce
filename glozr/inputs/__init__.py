"""Reading what clients send: strict JSON, fields of forms and serializers, a model's own rules.

Everything here refuses with a code, a field and words for people, and trusts no type.
"""
