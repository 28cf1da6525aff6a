"""The decision: which site gets which digest, and why the others do not. Start at ``build``."""
