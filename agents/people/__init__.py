"""People who sign in. `accounts` makes them and sets passwords, `addresses` alone writes, proves
and takes back addresses, `invitations` brings people into workspaces, `sessions` signs them out,
`letters` sends mail. An account whose address nobody has proven has no session and no power."""
