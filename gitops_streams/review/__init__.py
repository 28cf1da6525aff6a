"""What a reviewer is told, and what becomes of a pull request: pure decisions over values."""
