"""Many strangers at one door. Arguments: endpoint key (hex), address, how many, for how many seconds at most.

Prints how many came and how they were turned away."""
import asyncio
import collections
import os
import sys
import time

import iroh

ends = collections.Counter()


async def stranger(key, address):
    builder = iroh.EndpointBuilder()
    builder.apply_minimal()
    builder.relay_mode(iroh.RelayMode.disabled())
    builder.secret_key(os.urandom(32))
    builder.bind_addr("0.0.0.0:0")
    endpoint = await builder.bind()
    try:
        remote = iroh.EndpointAddr(iroh.EndpointId.from_bytes(bytes.fromhex(key)), None, [address])
        connection = await asyncio.wait_for(endpoint.connect(remote, b"bothy/1"), 0.5)
        bi = await connection.open_bi()
        await bi.send().write_all(os.urandom(1000))
        ends[await asyncio.wait_for(connection.closed(), 5)] += 1
    except asyncio.TimeoutError:
        ends["no answer"] += 1
    except Exception as error:
        ends[f"{type(error).__name__}"] += 1
    finally:
        await endpoint.close()


async def main():
    key, address, most, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    until = time.time() + seconds
    running = set()
    for _ in range(most):
        if time.time() > until:
            break
        task = asyncio.create_task(stranger(key, address))
        running.add(task)
        task.add_done_callback(running.discard)
        while len(running) >= 64:
            await asyncio.sleep(0.005)
    await asyncio.gather(*running)
    print(sum(ends.values()), dict(ends.most_common(5)), flush=True)


asyncio.run(main())
