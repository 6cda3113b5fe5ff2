"""Many gateways in one process, written from docs/protocol.md. Arguments: how many.

Prints `identity endpoint` for each, then reads one line `key address`, connects all, answers pings, and prints how many were
admitted; ends when its input ends."""
import asyncio
import base64
import hashlib
import os
import struct
import sys

import iroh


def text(key):
    return base64.b32encode(key).decode().rstrip("=").lower()


def frame(kind, body):
    return struct.pack("<IB", len(body) + 1, kind) + body


class Gateway:
    def __init__(self, number):
        self.identity = iroh.SecretKey.from_bytes(hashlib.sha256(b"identity %d" % number).digest())
        self.seed = hashlib.sha256(b"endpoint %d" % number).digest()
        self.key = iroh.SecretKey.from_bytes(self.seed).public().to_bytes()
        self.admitted = False

    def hello(self):
        body = bytes([1, 1]) + struct.pack("<Q", 1) + self.identity.public().to_bytes() + self.key
        cert = body + self.identity.sign(b"bothy/endpoint/1\0" + body).to_bytes()
        return frame(0, b"BOTHY" + struct.pack("<HHQQ", 1, 1, 0, 7) + cert + b"\x05fifty" + b"\x00")

    async def run(self, key, address):
        builder = iroh.EndpointBuilder()
        builder.apply_minimal()
        builder.relay_mode(iroh.RelayMode.disabled())
        builder.secret_key(self.seed)
        builder.bind_addr("0.0.0.0:0")
        self.endpoint = await builder.bind()
        remote = iroh.EndpointAddr(iroh.EndpointId.from_bytes(bytes.fromhex(key)), None, [address])
        for _ in range(30):
            try:
                self.connection = await asyncio.wait_for(self.endpoint.connect(remote, b"bothy/1"), 2)
                break
            except Exception:
                await asyncio.sleep(1)
        bi = await self.connection.open_bi()
        await bi.send().write_all(self.hello())
        while True:
            size, kind = struct.unpack("<IB", await bi.recv().read_exact(5))
            body = await bi.recv().read_exact(size - 1) if size > 1 else b""
            if kind == 0:
                self.admitted = body.startswith(b"BOTHY")
            elif kind == 1:
                await bi.send().write_all(frame(2, body + struct.pack("<qI", 0, 0xFFFFFFFF)))


async def main():
    gateways = [Gateway(number) for number in range(int(sys.argv[1]))]
    for gateway in gateways:
        print(text(gateway.identity.public().to_bytes()), text(gateway.key), flush=True)
    loop = asyncio.get_running_loop()
    key, address = (await loop.run_in_executor(None, sys.stdin.readline)).split()
    tasks = [asyncio.create_task(gateway.run(key, address)) for gateway in gateways]
    for _ in range(60):
        await asyncio.sleep(1)
        if all(gateway.admitted for gateway in gateways):
            break
    print("admitted", sum(gateway.admitted for gateway in gateways), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    print("lost", sum(task.done() for task in tasks), flush=True)
    os._exit(0)


asyncio.run(main())
