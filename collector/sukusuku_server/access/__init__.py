"""Who may do what: accounts, roles and their rights, passwords, tokens. Pure; `db` keeps it."""
