"""What ``gitops-streams demo`` runs on: an embedded registry, small images and a sample repository."""
