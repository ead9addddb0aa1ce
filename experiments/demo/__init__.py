"""The demo: its workspace (`seeding`), its sign-in without a password, and simulated visitors who
come in over real HTTP as a customer's chat runtime would (`traffic`)."""
