"""Who may do what on a venue and what it owes them: accounts, sessions, claims, pledges, limits on messages."""
