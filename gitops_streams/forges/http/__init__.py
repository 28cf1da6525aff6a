"""Talking to a forge over HTTP: one client for all of them, its patience, and what it says when nothing helps."""
