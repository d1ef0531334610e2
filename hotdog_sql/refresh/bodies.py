"""Moving a response's body to disk."""

import hashlib
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from time import monotonic

import httpx

from hotdog_sql.refresh.hashing import FollowingHash
from hotdog_sql.refresh.verify import BadBodyError

_TELL_BYTES = 4 << 20
_TELL_SECONDS = 0.1
_GZIP = 16 + zlib.MAX_WBITS
_DECODED_PIECE = 1 << 20


def receive_plain(response: httpx.Response, part: Path, tell: Callable[[int], None]) -> str:
    """Write the body as it comes to the end of the part; returns the MD5 of the whole part.

    Args:
        response: whose body it is.
        part: the file, made where missing.
        tell: is told now and then how many bytes the part has.
    """
    with part.open("ab", buffering=0) as out:
        return _write(response.iter_raw(), out, tell)


def receive_gzip(
    response: httpx.Response, part: Path, tell: Callable[[int], None]
) -> tuple[str, str]:
    """Write the body decoded; returns the part's MD5, and the base64 MD5 of the bytes sent.

    Raises:
        BadBodyError: the body is not gzip, or ends in its middle.
    """
    sent = hashlib.md5(usedforsecurity=False)
    with part.open("wb", buffering=0) as out:
        md5 = _write(_gunzip(response.iter_raw(), sent.update), out, tell)
    return md5, b64encode(sent.digest()).decode()


def _write(pieces: Iterator[bytes], out: FileIO, tell: Callable[[int], None]) -> str:
    done = out.seek(0, 2)
    told, told_at = done, monotonic()
    with FollowingHash(Path(out.name)) as following:
        for piece in pieces:
            _write_all(out, piece)
            done += len(piece)
            now = monotonic()
            if done - told >= _TELL_BYTES or now - told_at >= _TELL_SECONDS:
                told, told_at = done, now
                following.advance(done)
                tell(done)
        tell(done)
        return following.hexdigest()


def _write_all(out: FileIO, piece: bytes) -> None:
    """An unbuffered file may take less than it is given, on a disk that is about to be full."""
    written = out.write(piece)
    while written < len(piece):
        written += out.write(piece[written:])


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
