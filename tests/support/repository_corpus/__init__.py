"""Any checkout as a test: every reference in it tracked, pinned against made-up digests, and compared."""
