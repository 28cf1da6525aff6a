"""What GitHub's runner does with a composite action, as far as ours needs it: expressions, steps, commands, files.

Written after the documentation and the behaviour of actions/runner; it shares no code with what it tests.
"""
