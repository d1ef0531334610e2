"""Receipts: what became of a shard, written down beside the dataset before its worker says so.

The rows of a shard that is done are in its worker's memory until the coordinator has gathered
them. If the worker dies before that, the shard is handed to another, which finds the receipt and
has nothing to fetch. The coordinator removes a receipt when the rows stand in the manifest.
"""

import json
from hashlib import sha256

from hotdog_sql.downloading.dataset import RECEIPTS
from hotdog_sql.downloading.entry import Status
from hotdog_sql.downloading.shard import Outcome, Shard, fetch_shard, is_current, store_of


def receipt_of(shard: Shard) -> str:
    """Path of a shard's receipt, relative to the dataset."""
    return f"{RECEIPTS}{shard.run}-{shard.number:06d}.json"


def fetch_shard_once(shard: Shard) -> list[Outcome]:
    """Fetch the photos of a shard, unless another worker has done so and has left a receipt.

    Args:
        shard: what to fetch, and where it goes.

    Returns:
        What became of each photo.

    Raises:
        HotdogError: it could not be fetched (see `fetch_shard`), or the receipt not be written.
    """
    store = store_of(shard)
    receipt = receipt_of(shard)
    known = _read(store.read_if_there(receipt), shard)
    if known is not None:
        return known
    outcomes = fetch_shard(shard)
    if is_current(shard, store):  # else nobody would remove it
        store.write(_write(outcomes, shard), receipt)
    return outcomes


def _write(outcomes: list[Outcome], shard: Shard) -> bytes:
    return json.dumps({"shard": _mark(shard), "outcomes": outcomes}).encode()


def _read(receipt: bytes | None, shard: Shard) -> list[Outcome] | None:
    """The outcomes in a receipt; None where it is not this shard's, or has been cut short."""
    try:
        found = json.loads(receipt or b"null")
    except ValueError:  # a power cut can leave a file that is empty
        return None
    match found:
        case {"shard": str(mark), "outcomes": list(outcomes)} if mark == _mark(shard):
            return [(place, (Status(status), *others)) for place, (status, *others) in outcomes]
    return None


def _mark(shard: Shard) -> str:
    """What no other shard has: the run, and which photos go where."""
    photos = [(one.partition, one.folder, one.image_id) for one in shard.photos]
    text = json.dumps([shard.run, shard.number, shard.tar, photos])
    return sha256(text.encode()).hexdigest()
