"""The forges that pull requests are opened on: one protocol, one package for each forge."""
