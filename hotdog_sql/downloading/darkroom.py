"""What is done to a photo between its arrival and the disk: nothing, unless it is asked for."""

import os
from threading import BoundedSemaphore, Event
from typing import TYPE_CHECKING

from hotdog_sql.downloading.inspection import Bytes, RefusedError
from hotdog_sql.downloading.options import DownloadOptions
from hotdog_sql.downloading.photo import Photo
from hotdog_sql.options import Source

if TYPE_CHECKING:
    from hotdog_sql.images.transform import Transformed


class Darkroom:
    """Decodes and alters photos; used by many threads at once.

    As many photos are in hand as there are cores: decoded they are a hundred times as large as
    their files, and more of them at once would not be done sooner.
    """

    def __init__(self, options: DownloadOptions, stopped: Event) -> None:
        """Decodes nothing yet.

        Args:
            options: what is to be done.
            stopped: set when all is to end; photos that wait for their turn are then let go.
        """
        self._options = options
        self._stopped = stopped
        self._places = BoundedSemaphore(os.cpu_count() or 1)

    def develop(self, data: Bytes, photo: Photo, source: Source) -> "Transformed | None":
        """Do to a photo what the options ask for.

        Args:
            data: the photo as it came.
            photo: its row of the selection.
            source: where it came from.

        Returns:
            What has become of it; None where it is to be kept as it came.

        Raises:
            RefusedError: no picture can be made of it.
        """
        if not self._options.decodes:
            return None
        from hotdog_sql.images.decode import UndecodableError, check
        from hotdog_sql.images.transform import degrees, transform

        with self._places:
            if self._stopped.is_set():
                return None
            try:
                if not self._options.alterations:
                    check(data)
                    return None
                return transform(
                    data,
                    degrees(photo.rotation, source),
                    upright=self._options.upright,
                    max_side=self._options.max_side,
                )
            except UndecodableError as error:
                raise RefusedError(error.reason) from error
