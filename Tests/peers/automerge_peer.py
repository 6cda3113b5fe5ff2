"""The Automerge of PyPI as a peer for tests and the bench: one JSON command a line in, one JSON answer a line out.

Which one is decided by PYTHONPATH: Tests/peers/setup installs the older core beside the environment.
"""

import base64
import json
import random
import struct
import sys
import time

import automerge.core as core

ROOT, ScalarType, ObjType = core.ROOT, core.ScalarType, core.ObjType
documents, states = {}, {}


def encode(data):
    return base64.b64encode(data).decode()


def decode(text):
    return base64.b64decode(text)


def scalar(kind, value):
    name = str(kind).split(".")[-1].lower()
    if name == "bytes":
        value = bytes(value).hex()
    elif name == "timestamp":
        value = str(round(value.timestamp() * 1000))
    elif name == "f64":
        value = struct.pack(">d", value).hex()
    elif isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return [name, value]


def show(document, item, with_marks):
    """Typed content; the test writes its own document in the same form."""
    value, object_id = item
    if not isinstance(value, ObjType):
        return scalar(*value)
    if value == ObjType.Map:
        keys = document.keys(object_id)
        return ["map", [[key, show(document, document.get(object_id, key), with_marks)] for key in keys]]
    if value == ObjType.List:
        return ["list", [show(document, each, with_marks) for each in document.values(object_id)]]
    if not with_marks:
        return ["text", document.text(object_id)]
    marks = [[m.start, m.end, m.name, scalar(*m.value)] for m in document.marks(object_id)]
    return ["text", document.text(object_id), sorted(marks)]


def content(document, with_marks):
    return ["map", [[key, show(document, document.get(ROOT, key), with_marks)] for key in document.keys(ROOT)]]


WORDS = ["a", "ß", "日本", "🏔️", "e\u0301", "moor ", "hut", "\n", "𝄞"]


def random_scalar(rng):
    return rng.choice([
        (ScalarType.Str, rng.choice(WORDS) * rng.randint(0, 4)), (ScalarType.Int, rng.randint(-10**12, 10**12)),
        (ScalarType.Uint, rng.randint(0, 2**63)), (ScalarType.F64, rng.uniform(-1e6, 1e6)),
        (ScalarType.Boolean, rng.random() < 0.5), (ScalarType.Null, None),
        (ScalarType.Bytes, rng.randbytes(rng.randint(0, 20))),
    ])


def objects(document):
    found = [(ObjType.Map, ROOT)]
    for kind, object_id in found:
        if kind == ObjType.Text:
            continue
        items = document.values(object_id)
        found += [(value, each) for value, each in items if isinstance(value, ObjType)]
    return found


def edit(document, rng, kind, object_id):
    """One random edit of one object, in its own transaction."""
    with document.transaction() as change:
        length = document.length(object_id)
        if kind == ObjType.Map:
            key = rng.choice("abcdefgh") + rng.choice(["", "ü", "𝄞"])
            roll = rng.random()
            if roll < 0.25:
                change.put_object(object_id, key, rng.choice([ObjType.Map, ObjType.List, ObjType.Text]))
            elif roll < 0.4:
                if document.get(object_id, key) is not None:
                    change.delete(object_id, key)
            else:
                change.put(object_id, key, *random_scalar(rng))
        elif kind == ObjType.List:
            roll = rng.random()
            if length and roll < 0.25:
                change.delete(object_id, rng.randrange(length))
            elif length and roll < 0.5:
                change.put(object_id, rng.randrange(length), *random_scalar(rng))
            elif roll < 0.65:
                change.insert_object(
                    object_id, rng.randint(0, length), rng.choice([ObjType.Map, ObjType.List, ObjType.Text]))
            else:
                change.insert(object_id, rng.randint(0, length), *random_scalar(rng))
        else:
            roll = rng.random()
            if length > 2 and roll < 0.2:
                start = rng.randrange(length - 1)
                end = rng.randint(start + 1, length)
                expand = rng.choice([
                    core.ExpandMark.Before, core.ExpandMark.After, core.ExpandMark.Both, core.ExpandMark.Neither])
                change.mark(object_id, start, end, rng.choice(["bold", "link"]), *random_scalar(rng), expand)
            elif length and roll < 0.4:
                change.delete(object_id, rng.randrange(length))
            else:
                at = rng.randint(0, length)
                for character in rng.choice(WORDS):
                    change.insert(object_id, at, ScalarType.Str, character)
                    at += 1


def timed(work):
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def answer(command):
    operation = command["op"]
    name = command.get("doc")
    document = documents.get(name)
    if operation == "new":
        documents[name] = core.Document(decode(command["actor"]))
    elif operation == "load":
        seconds, documents[name] = timed(lambda: core.Document.load(decode(command["data"])))
        if "actor" in command:
            documents[name].set_actor(decode(command["actor"]))
        return {"seconds": seconds}
    elif operation == "save":
        seconds, data = timed(document.save)
        return {"data": encode(data), "seconds": seconds}
    elif operation == "heads":
        return {"heads": sorted(head.hex() for head in document.get_heads())}
    elif operation == "content":
        return {"content": content(document, command["marks"])}
    elif operation == "edit":
        rng = random.Random(command["seed"])
        for _ in range(command["count"]):
            everything = objects(document)
            kinds = [ObjType.Map, ObjType.List, ObjType.Text]
            wanted = rng.choice(kinds)
            suitable = [each for each in everything if each[0] == wanted] or everything
            edit(document, rng, *rng.choice(suitable))
    elif operation == "merge":
        seconds, _ = timed(lambda: document.merge(documents[command["other"]]))
        return {"seconds": seconds}
    elif operation == "hashes":
        return {"hashes": [change.hash.hex() for change in document.get_changes([])]}
    elif operation == "connect":
        states[name] = core.SyncState()
    elif operation == "generate":
        message = document.generate_sync_message(states[name])
        return {"message": encode(message.encode()) if message is not None else None}
    elif operation == "receive":
        document.receive_sync_message(states[name], core.Message.decode(decode(command["message"])))
    else:
        raise ValueError(operation)
    return {}


if __name__ == "__main__":
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except BaseException as error:  # Rust's panics are no Exception.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
