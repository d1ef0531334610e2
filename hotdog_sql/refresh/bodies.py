"""Moving a response's body to disk."""

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from time import monotonic

import httpcore
import httpx

from hotdog_sql.refresh.hashing import FollowingHash
from hotdog_sql.refresh.verify import BadBodyError

_TELL_BYTES = 4 << 20
_TELL_SECONDS = 0.1
_GZIP = 16 + zlib.MAX_WBITS
_DECODED_PIECE = 1 << 20

#: Is told how many bytes of a file there are.
Tell = Callable[[int], None]

#: Bodies of so many bytes are read from the connection directly, in pieces of so many.
_DIRECT_FROM = 16 << 20
_DIRECT_PIECE = 1 << 18


def receive_plain(response: httpx.Response, part: Path, tell: Tell) -> None:
    """Write the body as it comes to the end of the part.

    Args:
        response: whose body it is.
        part: the file, made where missing.
        tell: is told now and then how many bytes the part has.
    """
    with part.open("ab", buffering=0) as out:
        _write(response.iter_raw(), out, tell)


def receive_hashed(response: httpx.Response, part: Path, tell: Tell, *, quick: bool) -> str:
    """Write the body to the end of the part; returns the MD5 of the whole part.

    Args:
        response: whose body it is.
        part: the file, made where missing.
        tell: is told now and then how many bytes the part has.
        quick: read a large body in a way that needs the MD5 to be held to a hash.
    """
    length = int(response.headers.get("Content-Length", 0))
    direct = quick and length >= _DIRECT_FROM and response.http_version == "HTTP/1.1"
    pieces = _direct(response, length) if direct else response.iter_raw()
    with part.open("ab", buffering=0) as out, FollowingHash(part) as following:
        _write(pieces, out, _both(following.advance, tell))
        return following.hexdigest()


def receive_gzip(response: httpx.Response, part: Path, tell: Tell) -> tuple[str, str]:
    """Write the body decoded; returns the part's MD5, and the base64 MD5 of the bytes sent.

    Raises:
        BadBodyError: the body is not gzip, or ends in its middle.
    """
    sent = hashlib.md5(usedforsecurity=False)
    pieces = _gunzip(response.iter_raw(), sent.update)
    with part.open("wb", buffering=0) as out, FollowingHash(part) as following:
        _write(pieces, out, _both(following.advance, tell))
        return following.hexdigest(), b64encode(sent.digest()).decode()


def _both(first: Tell, second: Tell) -> Tell:
    def tell(done: int) -> None:
        first(done)
        second(done)

    return tell


def _write(pieces: Iterator[bytes], out: FileIO, tell: Tell) -> None:
    done = out.seek(0, 2)
    told, told_at = done, monotonic()
    for piece in pieces:
        _write_all(out, piece)
        done += len(piece)
        now = monotonic()
        if done - told >= _TELL_BYTES or now - told_at >= _TELL_SECONDS:
            told, told_at = done, now
            tell(done)
    tell(done)


def _write_all(out: FileIO, piece: bytes) -> None:
    """An unbuffered file may take less than it is given, on a disk that is about to be full."""
    written = out.write(piece)
    while written < len(piece):
        written += out.write(piece[written:])


def _direct(response: httpx.Response, length: int) -> Iterator[bytes]:
    """The body of a large file, from the connection itself.

    httpx's own way of a body, 64 KiB at a time through h11's buffer, costs more processor time
    than curl needs in all. So only the first piece, with all that was read along with the
    headers, comes that way. That it is all of it is how h11 works, not what it promises: where
    it is not, the body lacks bytes, which the hash would tell. The connection is closed after
    the body, for httpx does not know that it has come to its end.
    """
    pieces = response.iter_raw()  # to be held to the end: it closes the connection as it goes
    first = next(pieces, b"")
    yield first
    missing = length - len(first)
    stream = response.extensions["network_stream"]
    silence = response.request.extensions["timeout"]["read"]
    while missing:
        try:
            piece: bytes = stream.read(min(missing, _DIRECT_PIECE), silence)
        except httpcore.TimeoutException as error:
            raise httpx.ReadTimeout(str(error), request=response.request) from error
        except httpcore.NetworkError as error:
            raise httpx.ReadError(str(error), request=response.request) from error
        if not piece:
            raise httpx.RemoteProtocolError("closed before the end", request=response.request)
        missing -= len(piece)
        yield piece


def _gunzip(pieces: Iterator[bytes], note: Callable[[bytes], None]) -> Iterator[bytes]:
    """Decode in bounded pieces, however well the body is compressed."""
    decoder = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            note(piece)
            rest = piece
            full = False
            while rest or full:
                if decoder.eof:  # a gzip file may be several, one after the other
                    decoder = zlib.decompressobj(_GZIP)
                decoded = decoder.decompress(rest, _DECODED_PIECE)
                yield decoded
                rest = decoder.unconsumed_tail or decoder.unused_data
                full = len(decoded) == _DECODED_PIECE and not decoder.eof
    except zlib.error as error:
        raise BadBodyError(f"the gzip encoding is damaged ({error})") from error
    if not decoder.eof:
        raise BadBodyError("the gzip encoding ends in its middle")
