"""People who sign in. `accounts` makes them and sets passwords, `addresses` alone writes, proves
and takes back addresses, `invitations` brings people into workspaces, `letters` sends mail. An
account whose address nobody has proven has no session and no power.

`attempts` slows guessing down and `known_browsers` exempts who has been here; `sessions` lists and
ends where people are signed in, `signed_in` begins them; `passwords` says which are good enough.
The adapters are where django-allauth asks us.
"""
