"""The path on which a visitor waits: which variant, the message, the lead.

Ask `flags` for what polls without a conversation, `preview_links` for a chosen variant.
Ask `assignment` for a resolution or to record a message, `leads` to record contact details. Both
run one or two prepared statements of `statements`; `answers` keeps, per process and under the
agent's `config_version`, what an agent answers with.
"""
