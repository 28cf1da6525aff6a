"""The page that people look at, and what machines read beside it: every answer to a GET that is no webhook."""
