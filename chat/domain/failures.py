"""The failures of a storage; each tells the outcome of the write."""


class StorageError(Exception):
    """A storage could not do the request."""


class StorageDown(StorageError):
    """The storage does not answer or can't work now. Nothing was written."""


class FileStoreDown(StorageDown):
    """The disk with the files does not take or give them now."""


class WriteRejected(StorageError):
    """The storage won't take these values, now or later. Nothing was written."""


class OutcomeUnknown(StorageError):
    """The storage went silent in the middle of a write, which may or may not have happened.

    What depends on it must not be acknowledged; `Messages.settled_id` tells how far the log is in the end.
    """
