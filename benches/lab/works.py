"""What is measured."""

import os
import shutil
import subprocess

from . import measure as process
from . import trees
from .server import Server
from .tools import Seat


FEW = 100


class Bench:
    """Measures the tools in turn, and keeps what each took."""

    def __init__(self, binaries, tools, home, options):
        self.binaries = binaries
        self.tools = tools
        self.home = home
        self.options = options
        self.results = []
        self.out = set()
        self.labs = 0

    def many(self, usual):
        """How many files."""
        count = self.options.files or usual
        return count // 10 if self.options.quick and not self.options.files else count

    @property
    def latency(self):
        return self.options.latency

    def lab(self, latency=None):
        return Lab(self, self.latency if latency is None else latency)

    def in_turn(self, work, latency=None):
        """Each tool in turn, as often as wanted, each time with a server and a home of its own."""
        for run in range(self.options.runs):
            for name in self.tools:
                with self.lab(latency) as lab:
                    yield from self.attempt(work, name, lab, run)

    def attempt(self, work, name, lab, run):
        """A tool that fails is left out of the rest of the work, and the report says why."""
        if (work, name) in self.out:
            return
        self.at = (work, name, run)
        yield Turn(self, self.tools[name](self.binaries, lab.server, lab.home), lab)

    def fail(self, failure):
        work, name, run = self.at
        self.out.add((work, name))
        self.results.append({"work": work, "tool": name, "run": run, "failed": str(failure)})


class Lab:
    """A server and a folder, for as long as they are needed."""

    def __init__(self, bench, latency):
        self.bench = bench
        self.wanted = latency

    def __enter__(self):
        self.home = self.bench.home / "lab"
        self.home.mkdir()
        self.server = Server(self.bench.binaries.server).__enter__()
        self.server.latency(self.wanted)
        return self

    def __exit__(self, *_):
        self.server.__exit__()
        # Whoever makes many files right after many were deleted pays for that: ext4 passes by inodes that are not free for long.
        if sum(len(files) for _, _, files in os.walk(self.home)) > FEW:
            self.bench.labs += 1
            self.home.rename(self.bench.home / f"done {self.bench.labs}")
        else:
            shutil.rmtree(self.home)


class Turn:
    """A tool whose turn it is."""

    def __init__(self, bench, tool, lab):
        self.bench = bench
        self.tool = tool
        self.lab = lab

    def seat(self, name, place="place"):
        """A machine of this tool."""
        home = self.tool.home / name
        seat = Seat(home, home / "folder", f"{self.tool.name}/{place}")
        if not home.exists():
            seat.folder.mkdir(parents=True)
            self.tool.settle(seat)
        return seat

    def run(self, seat, verb):
        """Runs without measuring."""
        return process.run(verb(seat), self.tool.environment(seat), seat.folder, self.bench.options.limit, self.lab.server)

    def timed(self, step, seat, verb):
        """Runs and keeps what it took. What was written before is on the disk: it is not this tool's to wait for."""
        os.sync()
        took = self.run(seat, verb)
        work, name, run = self.bench.at
        self.bench.results.append({"work": work, "step": step, "tool": name, "run": run, **took})
        return took


def small(bench, work="small", usual=10_000, latency=None):
    count, size = bench.many(usual), bench.options.size or 4096
    for turn in bench.in_turn(work, latency):
        one, two = turn.seat("one"), turn.seat("two")
        trees.make(one.folder, count, size)
        try:
            turn.timed("upload", one, turn.tool.first_up)
            turn.timed("download", two, turn.tool.first_down)
            expect(trees.count(two.folder), count)
        except process.Failed as failure:
            bench.fail(failure)


def small_far(bench):
    """As `small`, with the latency of another continent."""
    small(bench, "small-far", 2_000, bench.latency or 30)


def big(bench):
    size = (bench.options.big or (100 if bench.options.quick else 1024)) << 20
    for turn in bench.in_turn("big"):
        one, two = turn.seat("one"), turn.seat("two")
        trees.make_big(one.folder / "big", size)
        try:
            turn.timed("upload", one, turn.tool.first_up)
            turn.timed("download", two, turn.tool.first_down)
            expect((two.folder / "big").stat().st_size, size)
        except process.Failed as failure:
            bench.fail(failure)


def idle(bench, work="idle", usual=10_000, latency=None):
    """Nothing has changed; then one file has. Tools that remember nothing share a folder and a place that one of them has
    filled: only what is there counts for them."""
    count, size = bench.many(usual), bench.options.size or 16
    with bench.lab(0) as lab:
        seats = {}
        shared = None
        for name in bench.tools:
            for turn in bench.attempt(work, name, lab, 0):
                try:
                    if turn.tool.remembers or not shared:
                        seat = turn.seat("one")
                        trees.make(seat.folder, count, size)
                        turn.run(seat, turn.tool.first_up)
                        # What was written this very moment is looked at again by the tools that are careful.
                        turn.run(seat, turn.tool.up)
                        shared = shared if turn.tool.remembers else seat
                    else:
                        turn.tool.settle(shared)
                        seat = shared
                    seats[name] = seat
                except process.Failed as failure:
                    bench.fail(failure)
        lab.server.latency(bench.latency if latency is None else latency)
        for run in range(bench.options.runs):
            for name in bench.tools:
                for turn in bench.attempt(work, name, lab, run):
                    try:
                        turn.timed("no change", seats[name], turn.tool.up)
                        changed = seats[name].folder / "000" / "folder 00" / "file 0000007.bin"
                        changed.write_bytes(f"{name} {run}".encode())
                        took = turn.timed("one file changed", seats[name], turn.tool.up)
                        expect(took["requests"]["write"] > 0, True)
                        turn.run(seats[name], turn.tool.up)
                    except process.Failed as failure:
                        bench.fail(failure)


def idle_many(bench):
    idle(bench, "idle-many", 100_000)


def idle_far(bench):
    idle(bench, "idle-far", 100_000, bench.latency or 30)


def million(bench):
    """Nothing has changed in very many files, beside what it takes to look at them."""
    count = bench.many(1_000_000)
    with bench.lab() as lab:
        for turn in bench.attempt("million", "s4", lab, 0):
            seat = turn.seat("one")
            trees.make(seat.folder, count, 0)
            limit, bench.options.limit = bench.options.limit, 7_200
            turn.run(seat, turn.tool.first_up)
            turn.run(seat, turn.tool.up)
            for run in range(bench.options.runs):
                bench.at = ("million", "find", run)
                turn.timed("no change", seat, lambda seat: ["find", seat.folder, "-printf", "%p %s %T@\\n"])
                bench.at = ("million", "s4", run)
                turn.timed("no change", seat, turn.tool.up)
            bench.options.limit = limit


def rename(bench):
    """A folder with much in it gets another name here, and then there."""
    count, size = bench.many(1_000), bench.options.size or 64 << 10
    for turn in bench.in_turn("rename"):
        one, two = turn.seat("one"), turn.seat("two")
        trees.make(one.folder / "old", count, size)
        (one.folder / "beside").write_bytes(b"stays")
        try:
            turn.run(one, turn.tool.first_up)
            turn.run(two, turn.tool.first_down)
            turn.run(one, turn.tool.up)
            (one.folder / "old").rename(one.folder / "new")
            turn.timed("upload", one, turn.tool.renamed)
            turn.timed("download", two, turn.tool.down)
            expect(trees.count(two.folder / "new"), count)
        except process.Failed as failure:
            bench.fail(failure)


def start(bench):
    """What needs no server."""
    with bench.lab() as lab:
        for run in range(bench.options.runs * 10):
            for turn in bench.attempt("start", "s4", lab, run):
                seat, s4 = turn.seat("one"), bench.binaries.s4
                for words in (["version"], ["targets"]):
                    turn.timed(" ".join(words), seat, lambda _, words=words: [s4, *words])
                environment = turn.tool.environment
                turn.tool.environment = lambda seat: environment(seat) | {"COMPLETE": "fish"}
                turn.timed("completion", seat, lambda _: [s4, "--", "s4", "sync", "b"])


def expect(found, wanted):
    if found != wanted:
        raise process.Failed(f"it did not do the work: {found} instead of {wanted}")


WORKS = {
    "start": start,
    "small": small,
    "small-far": small_far,
    "big": big,
    "idle": idle,
    "idle-many": idle_many,
    "idle-far": idle_far,
    "rename": rename,
    "million": million,
}
