"""Git: read a repository at a commit or in its work tree, and publish a change into it, all or nothing."""
