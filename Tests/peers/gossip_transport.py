"""Carries gossip frames between a test and iroh: accepts one connection of /iroh-gossip/0 and hands its frames on.

Out: "endpoint ID ADDRESS", then "frame HEX" for each that came. In: a frame in hexadecimal a line, to be sent.
"""

import asyncio
import struct
import sys

import iroh

ALPN = b"/iroh-gossip/0"


async def main():
    builder = iroh.EndpointBuilder()
    builder.apply_minimal()
    builder.alpns([ALPN])
    builder.relay_mode(iroh.RelayMode.disabled())
    builder.bind_addr("127.0.0.1:0")
    endpoint = await builder.bind()
    sockets = [str(socket) for socket in endpoint.bound_sockets()]
    print("endpoint", endpoint.id(), sockets[0], flush=True)
    incoming = await endpoint.accept_next()
    connection = await (await incoming.accept()).connect()
    print("peer", connection.remote_id(), flush=True)
    stream = await connection.accept_bi()
    receive, send = stream.recv(), stream.send()

    async def outgoing():
        loop = asyncio.get_running_loop()
        while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            body = bytes.fromhex(line)
            await send.write_all(struct.pack(">I", len(body)) + body)

    task = asyncio.create_task(outgoing())
    while True:
        length = struct.unpack(">I", await receive.read_exact(4))[0]
        print("frame", (await receive.read_exact(length)).hex(), flush=True)


asyncio.run(main())
