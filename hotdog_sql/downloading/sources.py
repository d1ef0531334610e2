"""The addresses of a photo, one for each source."""

from urllib.parse import quote

from hotdog_sql.downloading.photo import Photo
from hotdog_sql.options import Source


def address(photo: Photo, source: Source, mirror_url: str) -> str:
    """Where the source has the photo; empty where it has none.

    Args:
        photo: the photo.
        source: mirror, original or thumbnail.
        mirror_url: address, ending in a slash, under which `{Subset}/{ImageID}.jpg` lies.
    """
    match source:
        case Source.MIRROR:
            if not photo.subset:
                return ""
            return f"{mirror_url}{quote(photo.subset, safe='')}/{photo.image_id}.jpg"
        case Source.ORIGINAL:
            return photo.original_url
        case Source.THUMBNAIL:
            return photo.thumbnail_url
