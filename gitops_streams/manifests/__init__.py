"""Where image references stand in a repository's files, found by shape."""
