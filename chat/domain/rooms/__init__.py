"""Rooms of every kind: who may do what there, and how changes alter them."""
