"""Damages checkpoints, and knows what the program must make of it."""

import re
import shutil
from pathlib import Path

DATA_NAME = re.compile(rb"data-\d{10}-[0-9a-f]+-\d+")


def epochs(folder):
    """The published checkpoints, ascending."""
    return sorted(int(path.name[9:]) for path in Path(folder).glob("manifest-*") if path.name[9:].isdigit())


def manifest(folder, epoch):
    return Path(folder) / f"manifest-{epoch:010}"


def files(folder, epoch):
    """The data files that a manifest refers to."""
    return [Path(folder) / name.decode() for name in sorted(set(DATA_NAME.findall(manifest(folder, epoch).read_bytes())))]


def gaps(folder):
    """What published checkpoints refer to that is not there. Always nothing, whenever a process was killed."""
    return [f"manifest {epoch} refers to {path.name}, which is not there" for epoch in epochs(folder) for path in files(folder, epoch) if not path.exists()]


def litter(folders):
    """What lies in the folders of a job and belongs to no checkpoint. Nothing is left when it has come to its end, whatever its former lives left.

    A life that was killed while it published may have left the manifest in one of two folders, and the data in both: that is a checkpoint.
    """
    wanted = {"manifest-%010d" % epoch for folder in folders for epoch in epochs(folder)}
    wanted |= {path.name for folder in folders for epoch in epochs(folder) for path in files(folder, epoch)}
    return [
        f"{path} is left over" for folder in folders for path in sorted(Path(folder).iterdir())
        if path.name not in wanted and not path.name.startswith("damaged-")]


def _flip(path, random):
    data = bytearray(path.read_bytes())
    bit = random.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    return f"bit {bit} of {path.name} flipped"


def _truncate(path, random):
    data = path.read_bytes()
    size = random.randrange(len(data))
    path.write_bytes(data[:size])
    return f"{path.name} cut from {len(data)} to {size} bytes"


def _zero(path, random):
    data = bytearray(path.read_bytes())
    first = random.randrange(len(data))
    last = min(len(data), first + 512)
    if not any(data[first:last]):
        return _flip(path, random)
    data[first:last] = bytes(last - first)
    path.write_bytes(data)
    return f"bytes {first} to {last} of {path.name} zeroed"


def _remove(path, random):
    path.unlink()
    return f"{path.name} removed"


def damage(folder, random):
    """Damages the newest checkpoint: its manifest or one of its data files. Says what was done."""
    newest = epochs(folder)[-1]
    place = random.choice([manifest(folder, newest)] + files(folder, newest))
    if place == manifest(folder, newest):
        kinds = [_flip, _flip, _truncate, _zero]  # without its manifest a checkpoint is not damaged but was never there
    elif place.name.startswith(f"data-{newest:010}-"):
        kinds = [_flip, _flip, _truncate, _zero, _remove]
    else:
        kinds = [_remove]  # of an earlier checkpoint's file, the newest may need some bytes and others not
    return random.choice(kinds)(place, random)


def expectation(before, after, ledger_epoch):
    """What a start must do: ("restore", E) or ("refuse", None). `before` is the folder as it was, `after` as it is now."""
    for epoch in reversed(epochs(before)):
        names = [manifest(before, epoch)] + files(before, epoch)
        if all((after / path.name).exists() and (after / path.name).read_bytes() == path.read_bytes() for path in names):
            return ("restore", epoch) if epoch == epochs(before)[-1] or ledger_epoch <= epoch else ("refuse", None)
    return ("refuse", None)


def copy(folder, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
