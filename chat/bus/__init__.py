"""Buses carry announcements between servers fast, without guarantees; servers rely on PostgreSQL's log."""
