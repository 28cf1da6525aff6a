"""A report as text, one file for each format. Pure: the same report gives the same bytes."""
