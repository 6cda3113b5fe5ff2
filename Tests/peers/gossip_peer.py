"""The gossip of PyPI's iroh 0.35 as a peer: joins a topic at the endpoint it is told, says what it hears, broadcasts what it reads.

Arguments: topic in hexadecimal, endpoint id, address.
"""

import asyncio
import sys

import iroh


class Ears(iroh.GossipMessageCallback):
    async def on_message(self, message):
        kind = message.type()
        name = str(kind).split(".")[-1].lower()
        if name == "received":
            print("received", message.as_received().content.hex(), flush=True)
        else:
            print(name, flush=True)


async def main():
    topic, endpoint, address = sys.argv[1:]
    iroh.iroh_ffi.uniffi_set_event_loop(asyncio.get_running_loop())
    options = iroh.NodeOptions()
    options.ipv4_addr = "127.0.0.1:0"
    options.node_discovery = iroh.NodeDiscoveryConfig.NONE
    node = await iroh.Iroh.memory_with_options(options)
    key = iroh.PublicKey.from_string(endpoint)
    await node.net().add_node_addr(iroh.NodeAddr(key, None, [address]))
    sender = await node.gossip().subscribe(bytes.fromhex(topic), [endpoint], Ears())
    print("subscribed", flush=True)
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        await sender.broadcast(bytes.fromhex(line))


asyncio.run(main())
