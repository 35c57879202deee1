"""Dumps of the database of Rocket.Chat."""
