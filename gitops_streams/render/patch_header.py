"""The first lines of a file's patch, as Git writes them."""

from __future__ import annotations

_PLAIN_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/+@=:, ")


def patch_header(path: str, *, is_new: bool = False) -> str:
    """Write the lines that name a file, up to its first hunk."""
    old, new = _name("a/", path), _name("b/", path)
    # A blank in a name would end it here, for patch(1); Git puts a tab behind such a name.
    end = "\t\n" if " " in path else "\n"
    if is_new:
        return f"diff --git {old} {new}\nnew file mode 100644\n--- /dev/null\n+++ {new}{end}"
    return f"diff --git {old} {new}\n--- {old}{end}+++ {new}{end}"


def _name(prefix: str, path: str) -> str:
    """Quote a file name as Git does where it holds anything unusual."""
    name = prefix + path
    if set(name) <= _PLAIN_NAME:
        return name
    quoted = []
    for byte in name.encode("utf-8", "surrogateescape"):
        char = chr(byte)
        if char in {'"', "\\"}:
            quoted.append("\\" + char)
        else:
            quoted.append(char if char.isascii() and char.isprintable() else f"\\{byte:03o}")
    return '"' + "".join(quoted) + '"'
