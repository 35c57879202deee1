"""Accounts: people who register, log in, are visitors or administrators."""
