"""The API on a page for people: `api_docs` shows what `api_reference` (pure) makes of OpenAPI."""
