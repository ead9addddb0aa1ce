"""The management API as tools of assistants (MCP): what there is (`tools`), and how it is served
(`protocol`). An assistant has what its token may do, and no visitor's words. What changes what
visitors meet, or what the team decides, is left to a person, who is given a link."""
