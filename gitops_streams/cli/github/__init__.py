"""What the verb ``github-action`` stands on: the runner's protocol, the Action's inputs, the event that started it."""
