"""Who can tell us that something was pushed, and how it is known that it was they: from raw HTTP to verified events."""
