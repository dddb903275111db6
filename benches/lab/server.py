"""The server that everything is measured against: in memory, and it counts."""

import hashlib
import json
import subprocess

BUCKET = "bench"


class Server:
    """A running server. Its processor time is its own, not the tools'."""

    def __init__(self, program):
        self.program = program

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.program, "--bucket", BUCKET], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.endpoint, self.key, self.secret = (self.process.stdout.readline().strip() for _ in range(3))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def _order(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def counts(self):
        """What was asked since the last time."""
        return self._order("counts")

    def etag(self, key):
        """The ETag of an object; None if there is none."""
        return self._order(f"etag {BUCKET} {key}")["etag"]

    @staticmethod
    def md5(content):
        """The ETag of a content that was written in one piece."""
        return hashlib.md5(content).hexdigest()

    def latency(self, milliseconds):
        """What every request waits from now on."""
        self._order(f"latency {milliseconds}")
