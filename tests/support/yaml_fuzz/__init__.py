"""Hostile and random YAML: mutations of documents, and what must hold for every one of them."""
