"""Runs without an end: what is told (webhooks) and what is asked (polls) becomes passes of the main job."""
