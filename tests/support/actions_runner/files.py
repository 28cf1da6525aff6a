"""What the runner reads from the file behind ``GITHUB_OUTPUT`` (``FileCommandManager.cs``, on Linux)."""

from __future__ import annotations


class Refused(Exception):
    """The runner fails the step: the file is not as it has to be."""


def read_outputs(text: str) -> dict[str, str]:
    """Read ``name=value`` lines and ``name<<delimiter`` blocks; the last of a name counts."""
    outputs: dict[str, str] = {}
    lines = iter(text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _, value = line.partition("=")
            if not name:
                raise Refused(line)
            outputs[name] = value
        elif heredoc >= 0:
            name, _, delimiter = line.partition("<<")
            if not name or not delimiter:
                raise Refused(line)
            value_lines = []
            for content in lines:
                if content == delimiter:
                    break
                value_lines.append(content)
            else:
                raise Refused(f"no {delimiter}")
            outputs[name] = "\n".join(value_lines)
        else:
            raise Refused(line)
    return outputs
