"""PostgreSQL: which server (`config`), the embedded one (`embedded`), Django's connection to it
(`base`) and what that finds there (`sessions`, `privacy`), statements prepared on the server
(`statements`), SQL kept in files (`sql`, `functions`), and lists read by an index (`keyset`).
"""
