"""Mails: how they look, the queue in the database, and how one is handed to the mail server."""
