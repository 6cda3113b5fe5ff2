"""A gateway that is trusted and then misbehaves. Arguments: `keys`, or endpoint key (hex) and address.

With `keys`, prints `identity endpoint` (hex) for each try; otherwise one line a try: what was tried, and how it was ended."""
import asyncio
import hashlib
import os
import struct
import sys

import iroh

TRIES = ["unknown lane", "lane twice", "own frame on a lane", "huge length on a lane", "thousand streams", "second hello",
         "cut ping", "garbage on a lane"]


def frame(kind, body):
    return struct.pack("<IB", len(body) + 1, kind) + body


def keys(name):
    return (iroh.SecretKey.from_bytes(hashlib.sha256(name.encode() + b" identity").digest()),
            hashlib.sha256(name.encode() + b" endpoint").digest())


def hello(name):
    identity, seed = keys(name)
    body = bytes([1, 1]) + struct.pack("<Q", 1) + identity.public().to_bytes()
    body += iroh.SecretKey.from_bytes(seed).public().to_bytes()
    cert = body + identity.sign(b"bothy/endpoint/1\0" + body).to_bytes()
    return frame(0, b"BOTHY" + struct.pack("<HHQQ", 1, 1, 0, 7) + cert + b"\x07traitor" + b"\x00")


async def lane(connection, data):
    stream = await asyncio.wait_for(connection.open_uni(), 5)
    await stream.write_all(data)
    return stream


async def misbehave(name, connection, control):
    if name == "unknown lane":
        return [await lane(connection, b"\x09")]
    if name == "lane twice":
        return [await lane(connection, b"\x03"), await lane(connection, b"\x03")]
    if name == "own frame on a lane":
        return [await lane(connection, b"\x03" + frame(1, bytes(8)))]
    if name == "huge length on a lane":
        return [await lane(connection, b"\x03\xff\xff\xff\x7f" + bytes(1000))]
    if name == "thousand streams":
        return [await lane(connection, b"\x01" + os.urandom(100)) for _ in range(1000)]
    if name == "second hello":
        return await control.write_all(hello(name))
    if name == "cut ping":
        return await control.write_all(frame(1, b"123"))
    return [await lane(connection, b"\x01" + os.urandom(5000))]


async def run(name, key, address):
    builder = iroh.EndpointBuilder()
    builder.apply_minimal()
    builder.relay_mode(iroh.RelayMode.disabled())
    builder.secret_key(keys(name)[1])
    builder.bind_addr("127.0.0.1:0")
    builder.bind_addr("[::1]:0")
    endpoint = await builder.bind()
    remote = iroh.EndpointAddr(iroh.EndpointId.from_bytes(bytes.fromhex(key)), None, [address])
    connection = await asyncio.wait_for(endpoint.connect(remote, b"bothy/1"), 10)
    bi = await connection.open_bi()
    await bi.send().write_all(hello(name))
    size, kind = struct.unpack("<IB", await asyncio.wait_for(bi.recv().read_exact(5), 10))
    await bi.recv().read_exact(size - 1)
    assert kind == 0, "not admitted"
    try:
        held = await misbehave(name, connection, bi.send())
    except Exception as error:
        held = error
    try:
        why = await asyncio.wait_for(connection.closed(), 10)
    except asyncio.TimeoutError:
        why = "STILL OPEN"
    print(f"{name}: {why}", flush=True)
    del held
    await endpoint.close()


async def main():
    if sys.argv[1] == "keys":
        for name in TRIES:
            identity, seed = keys(name)
            print(identity.public().to_bytes().hex(), iroh.SecretKey.from_bytes(seed).public().to_bytes().hex())
        return
    for name in TRIES:
        try:
            await run(name, *sys.argv[1:3])
        except Exception as error:
            print(f"{name}: FAILED {error!r}", flush=True)


asyncio.run(main())
