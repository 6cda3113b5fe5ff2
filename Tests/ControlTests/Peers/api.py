"""Foreign programs against a real gateway's API: schemathesis, websockets, promtool. Ends with 1 where one complains.

python api.py BOTHY
"""
import asyncio
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

import websockets

from daemon import Daemon

failures = []


def check(holds, what):
    print(("ok   " if holds else "FAIL ") + what, flush=True)
    if not holds:
        failures.append(what)


def get(daemon, path, token):
    request = urllib.request.Request(daemon.origin + path, headers={"Authorization": f"Bearer {token}"})
    return urllib.request.urlopen(request, timeout=20).read()


def metrics(daemon, token):
    text = get(daemon, "/metrics", token)
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    check(result.returncode == 0 and not result.stderr.strip(), f"promtool finds nothing wrong {result.stderr.decode()}")
    dashboard = open(os.path.join(os.path.dirname(__file__), "../../../Config/grafana-dashboard.json")).read()
    known = set(re.findall(r"^# TYPE (\w+)", text.decode(), re.M))
    missing = set(re.findall(r"bothy_\w+", dashboard)) - known
    check(not missing, f"the dashboard shows only what there is {missing}")


def samples(daemon, token):
    base = "/v1/sensors/anna-chest/ecg/samples"
    table = get(daemon, f"{base}?format=csv", token).decode().split("\r\n")
    numbers = [int(row.split(",")[1]) for row in table[1:] if row]
    check(numbers == list(range(numbers[0], numbers[0] + len(numbers))), f"CSV: {len(numbers)} samples, none missing")
    rows = [json.loads(row) for row in get(daemon, f"{base}?format=ndjson&limit=100", token).splitlines()]
    check([row["number"] for row in rows] == numbers[:100], "NDJSON: the same samples")
    pack = json.loads(get(daemon, f"{base}?format=senml&limit=100", token))
    check(len(pack) == 100 and all(record["u"] == "mV" for record in pack), "SenML: the same samples")
    seen, cursor = [], ""
    while cursor is not None and len(seen) < 1000:
        part = json.loads(get(daemon, f"{base}?limit=77&cursor={cursor}", token))
        seen += part["n"]
        cursor = part["cursor"]
    check(seen == numbers[:len(seen)] and len(seen) > 300, f"JSON by cursor: {len(seen)} samples, each once")
    coarse = json.loads(get(daemon, f"{base}?resolution=1000", token))
    check(all(low <= mean <= high for low, mean, high in zip(coarse["least"], coarse["v"], coarse["most"])), "rows at a resolution")


async def live(daemon, token):
    address = f"ws://127.0.0.1:{daemon.port}/v1/live?sensors=anna-chest,ben-belt"
    headers = {"Authorization": f"Bearer {token}"}
    async with websockets.connect(address, additional_headers=headers, subprotocols=["bothy.json.v1"]) as socket:
        hello = json.loads(await socket.recv())
        names = {stream["stream"]: stream["attribute"] for stream in hello["streams"]}
        next_number, count = {}, 0
        while count < 400:
            message = json.loads(await asyncio.wait_for(socket.recv(), 10))
            for part in message.get("streams", []) if message["type"] == "samples" else []:
                if names[part["stream"]] not in ("ecg", "respiration"):
                    continue
                expected = next_number.get(part["stream"], part["first"])
                if part["first"] != expected:
                    failures.append(f"a gap in {names[part['stream']]}")
                next_number[part["stream"]] = part["first"] + len(part["v"])
                count += len(part["v"])
        check(True, f"websockets: {count} live samples in order")
        cursor = hello["run"] + "/" + "-".join(f"{stream}.{number}" for stream, number in next_number.items())
    await asyncio.sleep(3)
    async with websockets.connect(f"{address}&after={cursor}", additional_headers=headers) as socket:
        while next_number:
            message = json.loads(await asyncio.wait_for(socket.recv(), 10))
            check(message["type"] != "dropped", f"nothing is dropped {message if message['type'] == 'dropped' else ''}")
            for part in message.get("streams", []) if message["type"] == "samples" else []:
                if part["stream"] in next_number:
                    check(part["first"] == next_number.pop(part["stream"]), f"{names[part['stream']]} goes on where it ended")
    try:
        await websockets.connect(address, additional_headers={**headers, "Origin": "http://evil.example"})
        check(False, "another site's page may not listen")
    except websockets.exceptions.InvalidStatus as error:
        check(error.response.status_code == 403, "another site's page may not listen")


def fuzz(daemon, token):
    """Not what would end the test's own access, nor what never ends."""
    result = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", f"{daemon.origin}/v1/openapi.json",
         "--url", daemon.origin, "-H", f"Authorization: Bearer {token}", "-H", "X-Bothy: 1", "--exclude-path", "/v1/live",
         "--exclude-path-regex", "^/v1/access/", "--max-examples", os.environ.get("BOTHY_EXAMPLES", "15"), "--checks",
         "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance", "--no-color",
         "--suppress-health-check", "all",
         # The library ends a connection whose query has a NUL in it, without an answer.
         "--generation-allow-x00", "false"], capture_output=True, text=True,
        cwd=daemon.folder)
    check(result.returncode == 0, "schemathesis finds nothing" if result.returncode == 0 else result.stdout[-6000:] + result.stderr[-2000:])


def main():
    daemon = Daemon(sys.argv[1])
    try:
        token = daemon.token()
        asyncio.run(live(daemon, token))
        metrics(daemon, token)
        samples(daemon, token)
        fuzz(daemon, token)
    finally:
        if failures:
            print(open(f"{daemon.folder}/log").read()[-1500:])
        daemon.end()
    sys.exit(1 if failures else 0)


main()
