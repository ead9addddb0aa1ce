"""How often somebody may ask: how much in `limits`, counted in `shared`, for pages by `middleware`.
Who calls with a token is counted where the token is read (`agents.api.authentication`)."""
