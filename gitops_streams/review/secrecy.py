"""Which values of an image's configuration look like secrets: those are never carried into a review.

A review is more public than a registry. It errs on the side of hiding: what is hidden wrongly costs a
reviewer a look, what is shown wrongly costs a rotation.
"""

from __future__ import annotations

import math
import re
from collections import Counter

LONGEST = 4096
"""Characters of a value that may be shown."""
HIDDEN = "(hidden)"
"""What stands in a text where a secret stood."""

_SECRET_WORD = re.compile(r"pass|pwd|secret|token|key|cred|auth|bearer|signature|salt|webhook|dsn", re.IGNORECASE)
_INNOCENT = re.compile(
    r"compass|bypass|passenger|passive|passthrough|keycloak|monkey|donkey|turkey|hockey|whiskey|keyboard|keyspace|keymap"
    r"|tokenizers?|authors?|authority|incredible|sacred|basalt",
    re.IGNORECASE,
)
_CHECKSUM_NAME = re.compile(
    r"sha(?:1|256|384|512)?|md5|digest|checksum|hash|commit|revision|ref|rev|oid", re.IGNORECASE
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CHECKSUM = re.compile(r"(?:[a-z0-9]{2,10}[:-])?[0-9a-f]{7,128}")
_DIGEST = re.compile(r"(?:sha(?:256|512)|file|dir|multi):[0-9a-f]{64,128}|(?<=/)[0-9a-f]{40}(?=/)")
"""Digests, and commits within the path of an address."""
_PLAIN = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY"
    r"|://(?!git@)[^/\s@]+@"  # a user, and maybe a password, in an address
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\."  # a JSON Web Token
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\b(?:gh[opsur]_|github_pat_|glpat-|glrt-|xox[abeprs]-|dckr_pat_|sk-|[spr]k_(?:live|test)_|shpat_|dop_v1_)"
    r"[A-Za-z0-9_-]{16,}"
    r"|\b(?:hf_|npm_|pypi-)[A-Za-z0-9_-]{30,}"
    r"|\bAIza[0-9A-Za-z_-]{30,}"
    r"|\bbearer\s+[A-Za-z0-9+/=._-]{16,}"
    r"|\bauthorization\s*[:=]\s*\S"
    r"|(?:password|passwd|pwd|accountkey|sharedaccesskey|secret|token)\s*[=:]\s*[^\s;,]{3,}",
    re.IGNORECASE,
)
_RUN = re.compile(r"[A-Za-z0-9+/_=.~-]{20,}")
_PIECE = re.compile(r"[A-Za-z0-9]+")
_ORDERLY = re.compile(r"[A-Za-z]{1,40}[0-9]{0,4}|[0-9]{1,14}[A-Za-z]{0,6}")
_HUMP = 3.4
"""Letters to a change of case: words in camel case have more, random letters fewer."""
_RANDOM_LENGTH = 16
_CAMEL_LENGTH = 12
_HEX_LENGTH = 32
_ENTROPY = 3.0
"""Bits a character. Of 20 random letters and digits it is about 4, of words with numbers less than 3.5."""

_QUOTED = r'"(?:[^"\\]|\\.)*"|' + r"'[^']*'"
_ASSIGNMENT = re.compile(rf"([A-Za-z_][A-Za-z0-9_.-]*)=({_QUOTED}|[^\s\"']+)")
_OPTION = re.compile(rf"(?<!\S)(--?([A-Za-z][A-Za-z0-9-]*)\s+)({_QUOTED}|[^\s-]\S*)")
_USER_OPTION = re.compile(r"(?<!\S)(-u|--user)(\s+|=)([^\s:]+:\S+)")
# Builders write the values of these without quotes: where one ends that holds blanks cannot be seen.
_DECLARING = re.compile(r"(?:ENV|ARG|LABEL) |(?:RUN )?\|[0-9]+ ")
_DECLARED = re.compile(r"(?<!\S)([A-Za-z_][A-Za-z0-9_.-]*)=")


def is_secret(name: str, value: str) -> bool:
    """Whether a named value looks like a secret, by its name or by itself. An empty one is none.

    Args:
        name: of an environment variable or a label; may be empty.
        value: its value.
    """
    if not value:
        return False
    if has_secret_name(name):
        return True
    if _CHECKSUM.fullmatch(value) and any(_CHECKSUM_NAME.fullmatch(word) for word in _WORD.findall(name)):
        return False
    return looks_secret(value)


def has_secret_name(name: str) -> bool:
    """Whether a name is that of a secret: ``DB_PASSWORD``, ``sshKey``; ``KEYCLOAK_URL`` and ``MONKEY`` are not."""
    return _SECRET_WORD.search(_INNOCENT.sub("", name)) is not None


def looks_secret(value: str) -> bool:
    """Whether a value by itself looks like a secret: a key, a token, an address with a password, random characters.

    One that is too long to be looked through in bounded time counts as a secret.
    """
    if len(value) > LONGEST or _PLAIN.search(value) is not None:
        return True
    return any(_is_random(run) for run in _RUN.findall(_DIGEST.sub("", value)))


def redacted(text: str) -> str:
    """Return a build instruction without the secrets in it: assigned values, options, random words.

    Args:
        text: one line, as an image's history has it; of a very long one, only the first words are returned.
    """
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition(" ")[0]
    declaring = _DECLARING.match(text)
    if declaring is not None:
        end = text.find(" /bin/", declaring.end()) if "|" in declaring[0] else len(text)
        end = len(text) if end < 0 else end
        text = declaring[0] + _declared(text[declaring.end() : end]) + text[end:]

    def assignment(match: re.Match[str]) -> str:
        return f"{match[1]}={HIDDEN}" if is_secret(match[1], match[2].strip("\"'")) else match[0]

    def option(match: re.Match[str]) -> str:
        return f"{match[1]}{HIDDEN}" if is_secret(match[2], match[3].strip("\"'")) else match[0]

    text = _USER_OPTION.sub(rf"\1\2{HIDDEN}", text)
    text = _OPTION.sub(option, _ASSIGNMENT.sub(assignment, text))
    words = re.split(r"(\s+)", text)
    return "".join(HIDDEN if HIDDEN not in word and looks_secret(word) else word for word in words)


def _declared(text: str) -> str:
    """Hide what follows the first name of a secret, ``NAME=value …`` or the older ``NAME value``."""
    first, blank, rest = text.partition(" ")
    if blank and "=" not in first and is_secret(first, rest):
        return f"{first} {HIDDEN}"
    for match in _DECLARED.finditer(text):
        if is_secret(match[1], text[match.end() :].partition(" ")[0]):
            return f"{text[: match.end()]}{HIDDEN}"
    return text


def _is_random(run: str) -> bool:
    """Whether a run of characters is no composition of words and numbers."""
    pieces = _PIECE.findall(run)
    hexadecimal = re.sub(r"[^0-9a-fA-F]", "", run)
    if len(hexadecimal) >= _HEX_LENGTH and len(hexadecimal) >= sum(map(len, pieces)) and not run.isdigit():
        return True
    mixed = sum(len(piece) for piece in pieces if not _is_orderly(piece))
    return mixed >= _RANDOM_LENGTH and _entropy(run) >= _ENTROPY


def _is_orderly(piece: str) -> bool:
    if _ORDERLY.fullmatch(piece) is None:
        return False
    humps = len(re.findall(r"[a-z][A-Z]|[A-Z][a-z]", piece))
    return len(piece) < _CAMEL_LENGTH or humps == 0 or len(piece) / humps >= _HUMP


def _entropy(text: str) -> float:
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())
