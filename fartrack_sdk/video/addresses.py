"""Addresses of streams and names of files, checked before OpenCV sees them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import InputError


def public_name(url: str) -> str:
    """A URL fit for messages and logs: without user, password and query.

    What cannot be told apart is left out: all up to the last ``@``, and the whole address
    where an ``@`` may be part of a password or of a query.
    """
    scheme, _, rest = url.partition("://")
    address, *query = re.split(r"[?#]", rest, maxsplit=1)
    if query and "@" in query[0]:
        return f"{scheme}://..."
    return f"{scheme}://{address.rpartition('@')[2]}"


def check_address(url: str) -> None:
    """Check that an address has the parts of a URL, each where it belongs.

    Raises:
        InputError: it has not; the message does not show the password.
    """
    try:
        url.encode()
        valid = urlsplit(url).port != 0
    except ValueError:
        valid = False
    if not valid:
        raise InputError(
            f"'{public_name(url)}' is not a valid address; expected scheme://host:port/path, "
            "with an IPv6 host in brackets. Percent-encode special characters of the user and "
            "the password: %2F for /, %40 for @, %23 for #, %3F for ?, %3A for :."
        )


def opencv_name(path: Path) -> str:
    """The name of a file as OpenCV takes it; one that is not UTF-8 would crash the process.

    Raises:
        InputError: not UTF-8.
    """
    name = str(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"the file name {name!a} is not UTF-8, and OpenCV reads and writes no others. "
            "Rename the file, or set a UTF-8 locale (for example LC_ALL=C.UTF-8)."
        ) from None
    return name
