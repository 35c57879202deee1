"""What can happen to a server and its database, who writes meanwhile, and what became of it."""
