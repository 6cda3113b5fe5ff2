"""Loro's part of `bothy-bench automerge`: the text trace, and saving it. Prints seconds as JSON."""

import json
import sys
import time

import loro

folder, rounds = sys.argv[1], int(sys.argv[2])
trace = [tuple(map(int, line.split())) for line in open(f"{folder}/trace")]
edits = [(position, chr(number) if number >= 0 else None) for position, number in trace]
seconds, figures = {}, {}


def timed(line, work):
    begin = time.process_time()
    result = work()
    seconds.setdefault(line, []).append(time.process_time() - begin)
    return result


def type_trace(document, text):
    insert, delete = text.insert, text.delete
    for position, character in edits:
        if character is None:
            delete(position, 1)
        else:
            insert(position, character)
    document.commit()


count = 200_000
empty = loro.LoroDoc().get_text("text")
begin = time.process_time()
for _ in range(count):
    empty.is_empty
call = (time.process_time() - begin) / count
if callable(empty.is_empty):
    begin = time.process_time()
    for _ in range(count):
        empty.is_empty()
    call = (time.process_time() - begin) / count

for _ in range(rounds):
    document = loro.LoroDoc()
    text = document.get_text("text")
    timed("text trace", lambda: type_trace(document, text))
    figures["size of the trace"] = len(timed("save the trace", lambda: document.export(loro.ExportMode.Snapshot())))

print(json.dumps({"call": call, "calls": {"text trace": len(edits)}, "seconds": seconds, "figures": figures}))
