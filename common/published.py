"""What of a URL, a path or a parameter may be published: no credentials, no folders of the user's own disk."""

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]*")
_DISK = re.compile(r"[/~\\]|\.{1,2}(?:[/\\]|$)|[A-Za-z]:[/\\]|file:", re.IGNORECASE)
"""The start of a path that contains folders of the user's own disk."""
_SESSION = re.compile(r";[^/?#;=]*(?:session|sess)[^/?#;=]*=[^/?#;]*", re.IGNORECASE)  # ;jsessionid=… in a path

_SECRETS = ("key", "token", "secret", "signature", "password", "credential", "credentials", "authorization", "session")
"""How the names of parameters end that contain a credential: `api_key`, `X-Amz-Security-Token`, `client_secret`, …"""
_NAMES = {
    "accesskeyid", "auth", "bearer", "googleaccessid", "hdnea", "hdntl", "hdnts", "hmac", "jsessionid", "jwt",
    "keypairid", "pass", "passwd", "phpsessid", "policy", "pw", "pwd", "sas", "sessid", "sessionid", "sid", "sig",
    "sign", "ticket",
}  # fmt: skip
"""Whole names of such parameters: those of signed URLs (Azure `sig`, CloudFront, Akamai `hdnts`), and of sessions."""


def public_url(url: str) -> str:
    """Return a URL without user name, password, and parameters that contain a credential.

    Other parameters stay, because many pages have no address without them. Of a path, or a URL of a file, the last part
    is left. A URL without credentials is returned unchanged; one that cannot be parsed becomes an empty text.
    """
    if _DISK.match(url) and not url.startswith("//"):
        return _last_part(url)
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    query = "&".join(part for part in parts.query.split("&") if not _is_secret(part))
    fragment = "" if any(_is_secret(part) for part in re.split("[?&]", parts.fragment)) else parts.fragment
    path = _SESSION.sub("", parts.path)
    found = (netloc, path, query, fragment)
    if found == (parts.netloc, parts.path, parts.query, parts.fragment):
        return url
    return urlunsplit((parts.scheme, *found))


def public_text(text: str) -> str:
    """Return a text with each URL in it as `public_url` returns it."""
    return _URL.sub(lambda match: public_url(match[0]), text)


def public_parameter(value: Any) -> str:
    """Return a parameter of params.yaml as text: URLs without credentials and queries, the last part of a path.

    The whole query is left out, because its parameters may have any name; `?…` stands in its place. A path relative to
    the project stays as it is. The values of a list are joined by spaces.
    """
    if isinstance(value, dict):
        return " ".join(f"{name}: {public_parameter(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(public_parameter, value))
    text = str(value)
    if _DISK.match(text):
        return _last_part(text)
    return _URL.sub(lambda match: _without_query(match[0]), text)


def _without_query(url: str) -> str:
    public = re.split(r"[?#]", public_url(url), maxsplit=1)[0]
    return f"{public}?…" if public and "?" in url else public


def _is_secret(parameter: str) -> bool:
    """Whether the name of `name=value` is that of a credential."""
    name = re.sub(r"[^a-z0-9]", "", unquote(parameter.partition("=")[0]).lower())
    return name in _NAMES or name.endswith(_SECRETS)


def _last_part(path: str) -> str:
    """Return the name of a file or folder; a drive or a root has none."""
    path = unquote(path.removeprefix("file:")) if path.startswith("file:") else path
    return PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name
