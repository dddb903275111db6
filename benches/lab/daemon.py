"""What is measured of the daemon."""

import json
import os
import random
import signal
import statistics
import subprocess
import time

from . import measure, trees
from .server import Server
from .tools import S4, Seat

EVERY = 0.002
PATIENCE = 300
MONTH = 30 * 86_400
TICKS = os.sysconf("SC_CLK_TCK")


class Machine:
    """A folder, and the daemon that looks after it."""

    def __init__(self, lab, name):
        self.lab = lab
        home = lab.home / name
        self.folder = home / "folder"
        self.folder.mkdir(parents=True)
        self.seat = Seat(home, self.folder, "place")
        self.tool = S4(lab.binaries, lab.server, home)
        self.tool.settle(self.seat)
        self.process = None

    def environment(self):
        return self.tool.environment(self.seat) | {"XDG_RUNTIME_DIR": str(self.seat.home)}

    def s4(self, *words):
        command = [str(self.lab.binaries.s4), *words]
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True)

    def start(self):
        """Starts the daemon, and waits until both sides are the same."""
        command = [str(self.lab.binaries.s4), "daemon", *self.lab.options.options]
        self.said = open(self.seat.home / "said", "w+b")
        self.process = subprocess.Popen(command, env=self.environment(), stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said)
        until("the daemon is in sync", self.is_in_sync, 0.1)

    def is_in_sync(self):
        said = self.s4("status", "--json").stdout
        return any(json.loads(line).get("state") == "in-sync" for line in said.splitlines())

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def processor(self):
        """Seconds of processor time so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def mib(self, field="VmRSS"):
        """Memory in use, or the most that was (VmHWM)."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))

    def watches(self):
        count = 0
        for descriptor in os.listdir(f"/proc/{self.process.pid}/fdinfo"):
            try:
                with open(f"/proc/{self.process.pid}/fdinfo/{descriptor}") as info:
                    count += sum(line.startswith("inotify ") for line in info)
            except FileNotFoundError:
                pass  # it was closed meanwhile
        return count


class Lab:
    """A server and some machines, for as long as they are needed."""

    def __init__(self, binaries, home, options):
        self.binaries = binaries
        self.home = home
        self.options = options
        self.machines = []

    def __enter__(self):
        self.server = Server(self.binaries.server).__enter__()
        self.server.latency(self.options.latency)
        return self

    def __exit__(self, *_):
        for machine in self.machines:
            machine.stop()
        self.server.__exit__()

    def machine(self, name):
        self.machines.append(Machine(self, name))
        return self.machines[-1]


def until(what, is_so, every=EVERY):
    """Waits until something is so; returns when that was."""
    end = time.perf_counter() + PATIENCE
    while not is_so():
        if time.perf_counter() > end:
            raise SystemExit(f"daemon: this did not come to be: {what}")
        time.sleep(every)
    return time.perf_counter()


def read(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def spread(name, seconds):
    tenth = statistics.quantiles(seconds, n=10)[-1] if len(seconds) > 1 else seconds[0]
    return {f"{name}, median": f"{statistics.median(seconds):.3f} s", f"{name}, 9 of 10 within": f"{tenth:.3f} s"}


def travel(lab):
    """From an edit to the object, and to the other machine."""
    one, two = lab.machine("one"), lab.machine("two")
    trees.make(one.folder, 100, 1_000)
    one.start()
    two.start()
    until("the other machine has the files", lambda: trees.count(two.folder) == 100, 0.1)
    dice, to_object, to_file = random.Random(0), [], []
    for run in range(lab.options.runs):
        time.sleep(dice.uniform(0, 5) if lab.options.rest is None else lab.options.rest)
        # Half of them are new ones.
        key, content = f"edited-{run // 2}", os.urandom(1_000)
        (one.folder / key).write_bytes(content)
        began = time.perf_counter()
        etag = lab.server.md5(content)
        there = until("the object is there", lambda: lab.server.etag(f"place/{key}") == etag)
        here = until("the file is there", lambda: read(two.folder / key) == content)
        to_object.append(there - began)
        to_file.append(here - began)
    return spread("write() to object", to_object) | spread("write() to file there", to_file) | {"objects": to_object, "files": to_file}


def idle(lab):
    """What a folder costs in which nothing happens."""
    one = lab.machine("one")
    trees.make(one.folder, lab.options.files, 100)
    synced = one.s4("sync")
    if synced.returncode:
        raise SystemExit(f"daemon: {synced.stderr}")
    one.start()
    time.sleep(lab.options.before)
    lab.server.counts()
    began, before = time.perf_counter(), one.processor()
    time.sleep(lab.options.seconds)
    used, passed, counts = one.processor() - before, time.perf_counter() - began, lab.server.counts()
    requests = measure.classes(counts)
    return {
        "files": lab.options.files,
        "share of a core": f"{100 * used / passed:.2f} %",
        "memory": f"{one.mib():.1f} MiB",
        "memory, at most": f"{one.mib('VmHWM'):.1f} MiB",
        "folders": sum(1 for at, _, _ in os.walk(one.folder) if ".s4" not in at.removeprefix(str(one.folder))),
        "watches": one.watches(),
        "requests": f"{requests} in {passed:.0f} s",
        "a month of that": f"${measure.dollars(requests) * MONTH / passed:.3f}",
    }


def day(lab):
    """Many edits, and what they leave in memory."""
    one, two = lab.machine("one"), lab.machine("two")
    trees.make(one.folder, 1_000, 1_000)
    one.start()
    two.start()
    until("the other machine has the files", lambda: trees.count(two.folder) == 1_000, 0.1)
    before, began, dice = [one.mib(), two.mib()], time.perf_counter(), random.Random(0)
    for edit in range(lab.options.edits):
        (one.folder / f"edited-{dice.randrange(500)}").write_bytes(os.urandom(1_000))
        if edit % 100 == 99:
            (one.folder / "mark").write_text(str(edit))
            until("edits arrive", lambda: read(two.folder / "mark") == str(edit).encode(), 0.01)
    last = {path.name: path.read_bytes() for path in one.folder.glob("edited-*")}
    until("all edits have arrived", lambda: all(read(two.folder / name) == content for name, content in last.items()), 0.1)
    after = [one.mib(), two.mib()]
    return {
        "edits": f"{lab.options.edits} in {time.perf_counter() - began:.0f} s",
        "memory of the writer": f"{before[0]:.1f} MiB before, {after[0]:.1f} MiB after",
        "memory of the reader": f"{before[1]:.1f} MiB before, {after[1]:.1f} MiB after",
    }


WORKS = {"travel": travel, "idle": idle, "day": day}
