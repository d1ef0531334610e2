"""Moving a response's body to disk."""

import zlib
from collections.abc import Callable, Collection, Iterator
from io import FileIO
from pathlib import Path
from socket import socket
from ssl import SSLSocket
from time import monotonic

import httpx

from hotdog_sql.refresh.hashing import MD5, FollowingSums, Sums
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


def receive_hashed(
    response: httpx.Response, part: Path, tell: Tell, kinds: Collection[str], *, quick: bool
) -> Sums:
    """Write the body to the end of the part; returns the hashes of the whole part.

    Args:
        response: whose body it is.
        part: the file, made where missing.
        tell: is told now and then how many bytes the part has.
        kinds: which hashes.
        quick: read a large body in a way that needs one of them to be held to a known one.
    """
    length = int(response.headers.get("Content-Length", 0))
    connection = _connection(response) if quick and length >= _DIRECT_FROM else None
    pieces = _direct(response, length, connection) if connection else response.iter_raw()
    with part.open("ab", buffering=0) as out, FollowingSums(part, kinds) as following:
        _write(pieces, out, _both(following.advance, tell))
        return following.result()


def receive_gzip(
    response: httpx.Response, part: Path, tell: Tell, kinds: Collection[str]
) -> tuple[Sums, Sums]:
    """Write the body decoded; returns the part's MD5, and the hashes of the bytes sent.

    Raises:
        BadBodyError: the body is not gzip, or ends in its middle.
    """
    sent = Sums(kinds)
    pieces = _gunzip(response.iter_raw(), sent.update)
    with part.open("wb", buffering=0) as out, FollowingSums(part, {MD5}) as following:
        _write(pieces, out, _both(following.advance, tell))
        return following.result(), sent


def _both(first: Tell, second: Tell) -> Tell:
    def tell(done: int) -> None:
        first(done)
        second(done)

    return tell


def _write(pieces: Iterator[bytes | memoryview], out: FileIO, tell: Tell) -> None:
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


def _write_all(out: FileIO, piece: bytes | memoryview) -> None:
    """An unbuffered file may take less than it is given, on a disk that is about to be full."""
    written = out.write(piece)
    while written < len(piece):
        written += out.write(piece[written:])


def _connection(response: httpx.Response) -> socket | None:
    """What the bytes of the body can be read from; None where they are wrapped once more.

    Through a proxy that speaks TLS itself, the socket has bytes that are encrypted.
    """
    if response.http_version != "HTTP/1.1":
        return None
    stream = response.extensions["network_stream"]
    connection: socket = stream.get_extra_info("socket")
    wrapped = stream.get_extra_info("ssl_object") is not None
    return None if wrapped and not isinstance(connection, SSLSocket) else connection


def _direct(
    response: httpx.Response, length: int, connection: socket
) -> Iterator[bytes | memoryview]:
    """The body of a large file, from the connection itself.

    httpx's own way of a body, 64 KiB at a time through h11's buffer, costs more processor time
    than curl needs in all. So only the first piece, with all that was read along with the
    headers, comes that way. That it is all of it is how h11 works, not what it promises: where
    it is not, the body lacks bytes, which the hash would tell. The connection is closed after
    the body, for httpx does not know that it has come to its end. The pieces share their memory:
    each is good until the next one is asked for.
    """
    pieces = response.iter_raw()  # to be held to the end: it closes the connection as it goes
    first = next(pieces, b"")
    yield first
    missing = length - len(first)
    connection.settimeout(response.request.extensions["timeout"]["read"])
    piece = memoryview(bytearray(_DIRECT_PIECE))
    while missing:
        try:
            count: int = connection.recv_into(piece, min(missing, _DIRECT_PIECE))
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=response.request) from error
        except OSError as error:
            raise httpx.ReadError(str(error), request=response.request) from error
        if not count:
            raise httpx.RemoteProtocolError("closed before the end", request=response.request)
        missing -= count
        yield piece[:count]


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
