"""The report of the desk."""
