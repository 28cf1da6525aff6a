"""The forges that pull requests are opened on: one protocol, one file for each forge."""
