"""What came of experiments: one is concluded, its variant put into use and taken back; what was
learned is found again, and shown to people without an account.

Ask `conclusions` for the steps, `support` for what a verdict allows, `proposals` for what putting a
variant into use would change; `sources` tells an agent where its persona comes from. `library`
lists what was learned and adds up what is in use; `sharing` makes and ends links to results;
`briefs` keeps how each stands in a line, for lists.
"""
