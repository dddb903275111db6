"""The files that are synced: the same in every run."""

import os
import pathlib
import random

PER_FOLDER = 100


def make(folder, count, size):
    """Makes `count` files of `size` bytes, each with a content of its own, a hundred in each folder."""
    folder = pathlib.Path(folder)
    contents = random.Random(0)
    for number in range(count):
        if number % PER_FOLDER == 0:
            below = folder / f"{number // PER_FOLDER // 100:03}" / f"folder {number // PER_FOLDER % 100:02}"
            below.mkdir(parents=True)
        # Only the first bytes tell the files apart: making them must not take longer than syncing them.
        head = contents.randbytes(min(size, 32))
        with open(below / f"file {number:07}.bin", "wb") as file:
            file.write(head + bytes(size - len(head)))


def make_big(path, size):
    """One file of random bytes."""
    contents = random.Random(1)
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            file.write(contents.randbytes(1 << 20))


def count(folder):
    """Files in a folder, those of the tools themselves aside."""
    found = 0
    for at, folders, files in os.walk(folder):
        if ".s4" in folders:
            folders.remove(".s4")
        found += sum(file not in (".index", ".s4lock") for file in files)
    return found
