"""Exit codes: the one place that maps errors to them."""

from hotdog_sql import errors

OK = 0
#: The options themselves are wrong; Typer's own code.
USAGE = 2
INPUT = 3
DATA = 4
TRANSFER = 5
DATASET = 6
#: A download ended with photos that failed for now.
INCOMPLETE = 7
#: `verify` found something missing, altered, undecodable or extra.
VERIFY_FAILED = 8
CLUSTER = 9
#: 128 and the number of the signal, as a shell reports it.
HANGUP = 129
INTERRUPTED = 130
TERMINATED = 143

#: Code and meaning, in the order in which the README lists them.
MEANINGS = {
    OK: "done; photos lost for good are reported",
    USAGE: "an option is unknown or its value is invalid",
    INPUT: "the command names a class, a query, a selection file or an extra that cannot be used",
    DATA: "an Open Images file is missing or damaged",
    TRANSFER: "an Open Images file could not be fetched",
    DATASET: "the dataset folder or an output cannot be used",
    INCOMPLETE: "some photos failed for now, or no host has answered: run the same command again",
    VERIFY_FAILED: "verify found photos missing, altered, undecodable or extra",
    CLUSTER: "the cluster cannot be used, or is lost: run the same command again",
    HANGUP: "stopped because its terminal was closed; run the same command again to resume",
    INTERRUPTED: "stopped with Ctrl-C; run the same command again to resume",
    TERMINATED: "stopped by another program (SIGTERM); run the same command again to resume",
}

_CODES: tuple[tuple[type[errors.HotdogError], int], ...] = (
    (errors.InputError, INPUT),
    (errors.DataError, DATA),
    (errors.TransferError, TRANSFER),
    (errors.DatasetError, DATASET),
    (errors.UnreachableError, INCOMPLETE),
    (errors.ClusterError, CLUSTER),
)


def exit_code(error: errors.HotdogError) -> int:
    """The exit code for an error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), 1)
