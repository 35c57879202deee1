"""Retention: rules, holds, and removal."""
