"""One run of one program: how long, and what it took."""

import os
import signal
import subprocess
import tempfile
import time


class Failed(Exception):
    """The program did not do its work."""


# By what S3 asks for them, in US dollars: Standard in us-east-1.
WRITES = {"PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"}
LISTS = {"ListObjects", "ListObjectsV2", "ListBuckets", "ListMultipartUploads", "ListParts", "ListObjectVersions"}
DELETES = {"DeleteObject", "DeleteObjects", "AbortMultipartUpload"}


def classes(counts):
    """Requests by class."""
    sums = {"write": 0, "list": 0, "read": 0, "delete": 0}
    for operation, times in counts["operations"].items():
        kind = "write" if operation in WRITES else "list" if operation in LISTS else "delete" if operation in DELETES else "read"
        sums[kind] += times
    sums["read"] += counts["unknown"]
    return sums


def dollars(requests):
    return (requests["write"] + requests["list"]) * 5e-6 + requests["read"] * 4e-7


def run(command, environment, folder, limit, lab=None):
    """Runs a command to its end; returns what it took."""
    if lab:
        lab.counts()
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], env=environment, cwd=folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
        )
        try:
            status, usage = wait(process, began + limit)
        finally:
            # Nothing that it started may go on beside the next one.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wall = time.perf_counter() - began
        said.seek(0)
        words = said.read().decode(errors="replace").strip()
    if status is None:
        raise Failed(f"took more than {limit} s")
    if status != 0:
        raise Failed(f"exit code {status}: {words[-300:]}")
    took = {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024}
    if lab:
        counts = lab.counts()
        requests = classes(counts)
        took |= {"requests": requests, "up": counts["bytes_in"], "down": counts["bytes_out"], "usd": dollars(requests)}
    return took


def wait(process, end):
    """Exit code and usage; no code if the time is over."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage
        if time.perf_counter() > end:
            os.killpg(process.pid, signal.SIGKILL)
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = -signal.SIGKILL
            return None, usage
        time.sleep(0.001)
