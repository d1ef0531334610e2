"""One file of the catalog brought up to date."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

import httpx

from hotdog_sql.catalog import CatalogFile
from hotdog_sql.errors import TransferError
from hotdog_sql.refresh.answers import Answer, ContentRange
from hotdog_sql.refresh.bodies import receive_gzip, receive_hashed, receive_plain
from hotdog_sql.refresh.disk import DiskFile, Part, move_into_place, record_of, recover
from hotdog_sql.refresh.events import Listener, Result, Status
from hotdog_sql.refresh.hashing import md5_of, sums_of
from hotdog_sql.refresh.places import Places
from hotdog_sql.refresh.plan import is_same, plan
from hotdog_sql.refresh.records import Partial, save
from hotdog_sql.refresh.space import Space
from hotdog_sql.refresh.verify import (
    BadBodyError,
    Body,
    check_answer,
    check_body,
    difference,
    needed_sums,
    not_given,
)
from hotdog_sql.transport import RetryPolicy, describe, is_transient, public_address, retry_after

#: A try that brought so many new bytes does not count as a failed one.
PROGRESS_BYTES = 1 << 20

#: Bytes that are not the file are asked for once more, in case they were damaged on the way.
BODIES = 2


class UnreachableError(Exception):
    """The server did not answer, or not to the end; it may do so later."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class StoppedError(Exception):
    """The refresh is to end at once."""


class _UselessPartError(Exception):
    """The part on disk is not the beginning of what the server has."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the files of one refresh share.

    Attributes:
        policy: how failed tries are repeated.
        listener: is told what happens.
        space: the room in the data folder.
        stop: set when the refresh is to end.
    """

    policy: RetryPolicy
    listener: Listener
    space: Space
    stop: Event


class Fetch:
    """Brings one file up to date. Whoever makes one holds the file's lock."""

    def __init__(
        self, file: CatalogFile, url: str, places: Places, client: httpx.Client, means: Means
    ) -> None:
        self._file = file
        self._url = url
        self._address = public_address(url)
        self._places = places
        self._part = Part(places)
        self._client = client
        self._means = means
        self._bad_bodies = 0

    def run(self) -> Result:
        """Bring the file up to date, in as many tries as it takes.

        Raises:
            UnreachableError: the server could not be reached in all the tries of the policy.
            TransferError: what the server gives cannot be used.
            StorageError: there is no room.
            StoppedError: `means.stop` was set.
            OSError: the disk failed.
        """
        existed = self._places.data.exists()
        recovered = recover(self._places)
        replaced, note = self._try_until_done(DiskFile.at(self._places))
        status = Status.UNCHANGED
        if replaced or recovered:
            status = Status.CHANGED if existed else Status.NEW
        return Result(self._file, status, self._places.data.stat().st_size, note)

    def _try_until_done(self, old: DiskFile | None) -> tuple[bool, str]:
        attempt, best = 0, self._part.bytes
        while True:
            attempt += 1
            try:
                return self._try_once(old)
            except _UselessPartError:
                self._part.discard()
            except BadBodyError as error:
                self._part.discard()
                self._bad_bodies += 1
                if self._bad_bodies == BODIES:
                    raise TransferError(str(error)) from error
            except UnreachableError as error:
                if self._part.bytes >= best + PROGRESS_BYTES:
                    attempt, best = 1, self._part.bytes
                delay = self._means.policy.delay(attempt, error.wait)
                if delay is None:
                    raise
                self._means.listener.waiting(self._file.name, str(error))
                if self._means.stop.wait(delay):
                    raise StoppedError from error

    def _try_once(self, old: DiskFile | None) -> tuple[bool, str]:
        """One request; returns whether it put new bytes into place, and a remark."""
        wanted = plan(self._address, old, self._part)
        try:
            with self._client.stream("GET", self._url, headers=wanted.headers) as response:
                answer = Answer.of(response, self._address)
                match response.status_code:
                    case 304 if wanted.conditional and old is not None:
                        return self._keep(old, None)
                    case 200 if old is not None and is_same(self._file, answer, old):
                        return self._keep(old, answer)
                    case 200:
                        return self._receive_whole(response, answer, old)
                    case 206 if wanted.resumed is not None:
                        return self._receive_rest(response, answer, wanted.resumed, old)
                    case 416 if wanted.resumed is not None:
                        return self._take_complete(response, answer, wanted.resumed, old)
                    case status if is_transient(status):
                        raise UnreachableError(describe(status), retry_after(response))
                    case status:
                        raise not_given(f"{describe(status)} for {self._address}")
        except httpx.HTTPError as error:
            if is_transient(error):
                raise UnreachableError(describe(error)) from error
            raise not_given(describe(error)) from error

    def _keep(self, old: DiskFile, answer: Answer | None) -> tuple[bool, str]:
        """The file in place is the one that the server has: by an answer, or by a 304."""
        self._part.discard()
        note = difference(self._file, old.md5 if self._file.md5 else None, old.bytes)
        record = record_of(answer, old.path, old.md5) if answer else old.record_now()
        if record != old.record:
            save(self._places.record, record)
        return False, note

    def _receive_whole(
        self, response: httpx.Response, answer: Answer, old: DiskFile | None
    ) -> tuple[bool, str]:
        check_answer(self._file, answer)
        self._part.begin(answer)
        if answer.encoding == "gzip":
            with self._transfer(self._file.bytes) as tell:
                kinds = needed_sums(self._file, answer)
                kept, sent = receive_gzip(response, self._places.part, tell, kinds)
            body = Body(self._part.bytes, kept.md5, sent.base64(), None)
            return self._accept(answer, body, old)
        return self._accept(answer, self._receive(response, answer, answer.total), old)

    def _receive_rest(
        self, response: httpx.Response, answer: Answer, begun: Partial, old: DiskFile | None
    ) -> tuple[bool, str]:
        sent = ContentRange.of(response)
        if (
            sent is None
            or sent.first != self._part.bytes
            or begun.total not in (None, sent.total)
            or not answer.goes_on(begun)
        ):
            raise _UselessPartError
        answer = answer.completed_by(begun)
        return self._accept(answer, self._receive(response, answer, sent.total), old)

    def _take_complete(
        self, response: httpx.Response, answer: Answer, begun: Partial, old: DiskFile | None
    ) -> tuple[bool, str]:
        """No bytes are left to send: a kill fell between the last one and the verification."""
        sent = ContentRange.of(response)
        if sent is None or sent.total != self._part.bytes or not answer.goes_on(begun):
            raise _UselessPartError
        answer = answer.completed_by(begun)
        sums = sums_of(self._places.part, needed_sums(self._file, answer))
        body = Body(self._part.bytes, sums.md5, sums.base64(), sent.total)
        return self._accept(answer, body, old)

    def _receive(self, response: httpx.Response, answer: Answer, total: int | None) -> Body:
        """Append the body to the part; hashes are computed where there are some to hold them to."""
        kinds = needed_sums(self._file, answer)
        with self._transfer(total) as tell:
            if not kinds:
                receive_plain(response, self._places.part, tell)
                return Body(self._part.bytes, None, {}, total)
            quick = self._bad_bodies == 0
            sums = receive_hashed(response, self._places.part, tell, kinds, quick=quick)
            return Body(self._part.bytes, sums.md5, sums.base64(), total)

    def _accept(self, answer: Answer, body: Body, old: DiskFile | None) -> tuple[bool, str]:
        check_body(self._file, answer, body)
        part = self._places.part
        if old is not None and old.bytes == body.bytes and old.md5 == (body.md5 or md5_of(part)):
            # The same bytes again: what depends on the file's time need not be made anew.
            return self._keep(old, answer)
        move_into_place(self._places, record_of(answer, part, body.md5))
        return True, difference(self._file, body.md5, body.bytes)

    @contextmanager
    def _transfer(self, total: int | None) -> Iterator[Callable[[int], None]]:
        """Around the receiving of a body; gives what is to be called as it grows."""
        means, name, done = self._means, self._file.name, self._part.bytes
        means.space.claim(name, max((total or 0) - done, 0))
        means.listener.started(name, done, total)

        def tell(done: int) -> None:
            if means.stop.is_set():
                raise StoppedError
            means.space.update(name, max((total or 0) - done, 0))
            means.listener.progressed(name, done)

        try:
            yield tell
        finally:
            means.space.release(name)
