"""Speaks with a gateway as somebody who means it no good. Arguments: endpoint key (hex), address, what to try.

Prints one line a try: what was tried, and how the gateway ended it."""
import asyncio
import hashlib
import os
import struct
import sys

import iroh


def frame(kind, body):
    return struct.pack("<IB", len(body) + 1, kind) + body


async def dial(key, address, seed=None, alpn=b"bothy/1"):
    builder = iroh.EndpointBuilder()
    builder.apply_minimal()
    builder.relay_mode(iroh.RelayMode.disabled())
    if seed is not None:
        builder.secret_key(seed)
    builder.bind_addr("127.0.0.1:0")
    builder.bind_addr("[::1]:0")
    endpoint = await builder.bind()
    remote = iroh.EndpointAddr(iroh.EndpointId.from_bytes(bytes.fromhex(key)), None, [address])
    return endpoint, await endpoint.connect(remote, alpn)


def hello_body(seed):
    """A hello as the document has it, with a certificate signed by a key of our own."""
    identity = iroh.SecretKey.from_bytes(hashlib.sha256(b"identity" + seed).digest())
    endpoint = iroh.SecretKey.from_bytes(seed)
    body = bytes([1, 1]) + struct.pack("<Q", 1) + identity.public().to_bytes() + endpoint.public().to_bytes()
    cert = body + identity.sign(b"bothy/endpoint/1\0" + body).to_bytes()
    return b"BOTHY" + struct.pack("<HHQQ", 1, 1, 0, 7) + cert + b"\x03bad" + b"\x00"


async def speak(connection, data, streams=1):
    replies = b""
    try:
        for _ in range(streams):
            bi = await asyncio.wait_for(connection.open_bi(), 1)
            await bi.send().write_all(data)
        replies = await asyncio.wait_for(bi.recv().read(4096), 8)
    except Exception as error:
        replies = str(error).encode()
    return replies


TRIES = {
    "garbage": lambda seed: os.urandom(2000),
    "huge length": lambda seed: b"\xff\xff\xff\xff\x00",
    "empty frame": lambda seed: b"\x00\x00\x00\x00",
    "no hello": lambda seed: frame(1, b"12345678"),
    "message first": lambda seed: frame(16, b"give me everything"),
    "other version": lambda seed: frame(0, b"BOTHY" + struct.pack("<HH", 7, 9)),
    "cut hello": lambda seed: frame(0, b"BOTHY" + struct.pack("<HH", 1, 1)),
    "stranger": lambda seed: frame(0, hello_body(seed)),
    "forged certificate": lambda seed: frame(0, hello_body(seed)[:60] + b"\x55" + hello_body(seed)[61:]),
    "certificate of another": lambda seed: frame(0, hello_body(b"x" * 32)),
    "silence": lambda seed: b"",
}


async def main():
    key, address = sys.argv[1:3]
    for name, make in TRIES.items():
        if len(sys.argv) > 3 and name not in sys.argv[3:]:
            continue
        seed = os.urandom(32)
        try:
            endpoint, connection = await asyncio.wait_for(dial(key, address, seed), 8)
        except Exception as error:
            print(f"{name}: not even connected: {error}", flush=True)
            continue
        reply = await speak(connection, make(seed))
        try:
            why = await asyncio.wait_for(connection.closed(), 8)
        except asyncio.TimeoutError:
            why = "STILL OPEN"
        print(f"{name}: {why} | {reply[:80]!r}", flush=True)
        await endpoint.close()


asyncio.run(main())
