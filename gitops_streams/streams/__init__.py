"""ImageStreams as declared in Git: model, loading, aliases, policy, recorded history."""
