"""Reconciling a repository: `one_pass` over it, and publishing what the pass wants. It decides nothing itself."""
