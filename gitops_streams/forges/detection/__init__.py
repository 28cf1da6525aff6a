"""Which forge a repository is on, and where its token stands: from the configuration, CI and the remote."""
