"""The Rust core's part of `bothy-bench automerge`: the same lines over the same files. Prints seconds as JSON."""

import json
import os
import sys
import time

version, folder, rounds, puts = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if version == "older":
    # Two versions of one package cannot share an environment; Tests/peers/setup puts the older one beside it.
    sys.path.insert(0, os.path.join(sys.prefix, "automerge-1.0"))
import automerge.core as core  # noqa: E402

ROOT, Str, Int = core.ROOT, core.ScalarType.Str, core.ScalarType.Int
trace = [tuple(map(int, line.split())) for line in open(f"{folder}/trace")]
edits = [(position, chr(number) if number >= 0 else None) for position, number in trace]
long = open(f"{folder}/long", "rb").read()
forks = [open(f"{folder}/fork{index}", "rb").read() for index in (0, 1)]
seconds, figures = {}, {}


def timed(line, work):
    begin = time.process_time()
    result = work()
    seconds.setdefault(line, []).append(time.process_time() - begin)
    return result


def new(kind):
    document = core.Document(b"\1" * 16)
    with document.transaction() as change:
        made = change.put_object(ROOT, "object", kind)
    return document, made


def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")


def type_trace(document, text):
    with document.transaction() as change:
        insert, delete = change.insert, change.delete
        for position, character in edits:
            if character is None:
                delete(text, position)
            else:
                insert(text, position, Str, character)


def put_all(document):
    with document.transaction() as change:
        put = change.put
        for index in range(puts):
            put(ROOT, f"key{index}", Int, index)


def push_all(document, items):
    with document.transaction() as change:
        insert = change.insert
        for index in range(puts):
            insert(items, index, Int, index)


def synchronise(documents):
    states = [core.SyncState(), core.SyncState()]
    messages = size = quiet = turn = 0
    while quiet < 2:
        message = documents[turn].generate_sync_message(states[turn])
        if message is None:
            quiet += 1
        else:
            data = message.encode()
            messages, size, quiet = messages + 1, size + len(data), 0
            documents[1 - turn].receive_sync_message(states[1 - turn], core.Message.decode(data))
        turn = 1 - turn
    figures["sync messages"], figures["sync bytes"] = messages, size


def empty_call(document):
    """What the loop and a call that does next to nothing cost."""
    count = 200_000
    with document.transaction() as change:
        kind = change.object_type
        begin = time.process_time()
        for _ in range(count):
            kind(ROOT)
        return (time.process_time() - begin) / count


call = empty_call(core.Document())
for _ in range(rounds):
    if sum(seconds.get("text trace", [])) < 30:
        document, text = new(core.ObjType.Text)
        timed("text trace", lambda: type_trace(document, text))
        figures["size of the trace"] = len(timed("save the trace", document.save))
    document = core.Document(b"\1" * 16)
    timed("map puts", lambda: put_all(document))
    document, items = new(core.ObjType.List)
    timed("list pushes", lambda: push_all(document, items))
    before = resident()
    document = timed("load, one change an edit", lambda: core.Document.load(long))
    figures.setdefault("resident an op, loaded", (resident() - before) / len(edits))
    figures["size, one change an edit"] = len(timed("save, one change an edit", document.save))
    first, second = core.Document.load(forks[0]), core.Document.load(forks[1])
    timed("merge of forks", lambda: first.merge(second))
    meeting = [core.Document.load(data) for data in forks]
    timed("sync of forks", lambda: synchronise(meeting))

calls = {"text trace": len(edits), "map puts": puts, "list pushes": puts}
print(json.dumps({"call": call, "calls": calls, "seconds": seconds, "figures": figures}))
