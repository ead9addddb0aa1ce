"""What exists without experiments: people, workspaces, agents, and what visitors do.

The rooms are `people` (accounts and invitations), `workspaces` (members, tokens), `agents`
(persona and prompt) and `conversations` (leads); the doors are `pages`, `api` and `admin`.
Who may do what stands in `roles`, and everything is fetched through `access`. Nothing here knows
the app `experiments`, which registers what it adds to an agent's pages.
"""
