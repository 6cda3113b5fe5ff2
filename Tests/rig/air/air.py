#!/usr/bin/env python3
"""The air around the kernel under test: a virtual adapter, beacons, and sensors with GATT; told what to do over a socket.

    air.py [--socket /run/air.sock] [--keys FOLDER] [--no-peers]

One command a line, one JSON answer a line:
    beacon NAME ADDRESS random|public EVERY_MS HEX     send this advertisement from now on
    silence NAME                                       that beacon no longer
    flood PER_SECOND                                   advertisements of ever new random addresses; 0 ends it
    mute | unmute                                      the adapter stops reporting, as a wedged one does until a reset
    unplug | plug                                      the adapter itself
    drop NAME | forget NAME                            a peer drops its links, loses its keys
    stop NAME | start NAME                             a peer stops and starts advertising
    type NAME NUMBER | agree NAME yes|no               what the owner of a peer types or confirms
    set NAME UUID HEX                                  the value of a characteristic
    events                                             what happened since the last asking
    state                                              reports sent, HCI commands seen
"""
import argparse, asyncio, json, os, random
from bumble import hci
import kernel, peers


class World:
    def __init__(self, options):
        self.options, self.happened, self.beacons, self.flooding = options, [], {}, None
        self.air = kernel.Air()
        self.controller = None
        self.sent = 0

    def say(self, text):
        self.happened.append(text)
        print('air:', text, flush=True)

    async def begin(self):
        self.plug()
        self.peers = {}
        if not self.options.no_peers:
            for peer in peers.population(self.air, self.say, self.options.keys):
                self.peers[peer.name] = peer
                await peer.start()

    def plug(self):
        transport = kernel.Vhci()
        self.controller = kernel.KernelController(transport, self.air)

    def unplug(self):
        self.sent += self.controller.reports
        self.controller.transport.close()
        self.air.remove_controller(self.controller)
        self.controller = None
        for peer in self.peers.values():
            peer.lose()

    def report(self, address, kind, data, rssi=-67):
        if self.controller:
            self.controller.report(3, 1 if kind == 'random' else 0, address, data, rssi)

    def beacon(self, name, address, kind, every, data):
        self.silence(name)
        on_air, data = bytes.fromhex(address.replace(':', ''))[::-1], bytes.fromhex(data)

        async def run():
            while True:
                self.report(on_air, kind, data)
                await asyncio.sleep(int(every) / 1000)
        self.beacons[name] = asyncio.ensure_future(run())

    def silence(self, name):
        task = self.beacons.pop(name, None)
        if task:
            task.cancel()

    def flood(self, rate):
        if self.flooding:
            self.flooding.cancel()
            self.flooding = None
        if rate == 0:
            return
        draw = random.Random(1)

        async def run():
            loop = asyncio.get_running_loop()
            begun, done = loop.time(), 0
            while True:
                await asyncio.sleep(0.01)
                while done < (loop.time() - begun) * rate:
                    done += 1
                    data = b'\x02\x01\x06\x05\xff\xff\xff' + draw.randbytes(2)
                    self.report(draw.randbytes(5) + b'\xff', 'random', data, -90)
        self.flooding = asyncio.ensure_future(run())

    async def obey(self, words):
        match words:
            case ['beacon', name, address, kind, every, data]: self.beacon(name, address, kind, every, data)
            case ['silence', name]: self.silence(name)
            case ['flood', rate]: self.flood(int(rate))
            case ['mute']: self.controller.muted = True
            case ['unmute']: self.controller.muted = False
            case ['unplug']: self.unplug()
            case ['plug']: self.plug()
            case ['drop', name]: await self.peers[name].drop()
            case ['forget', name]: await self.peers[name].forget()
            case ['stop', name]: await self.peers[name].device.stop_advertising()
            case ['start', name]: await self.peers[name].device.start_advertising(auto_restart=True)
            case ['type', name, number]: self.peers[name].typed.put_nowait(int(number))
            case ['agree', name, answer]: self.peers[name].agrees = answer == 'yes'
            case ['set', name, uuid, value]: self.peers[name].values[uuid.lower()].value = bytes.fromhex(value)
            case ['events']:
                happened, self.happened = self.happened, []
                return happened
            case ['state']:
                return {
                    'reports': self.sent + (self.controller.reports if self.controller else 0),
                    'commands': self.controller.commands if self.controller else {}}
            case _: raise ValueError(f'no such command: {words}')
        return 'ok'

    async def serve(self, reader, writer):
        while line := await reader.readline():
            try:
                answer = {'ok': await self.obey(line.decode().split())}
            except Exception as error:
                answer = {'error': repr(error)}
            writer.write(json.dumps(answer).encode() + b'\n')
            await writer.drain()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--socket', default='/run/air.sock')
    parser.add_argument('--keys')
    parser.add_argument('--no-peers', action='store_true')
    world = World(parser.parse_args())
    await world.begin()
    server = await asyncio.start_unix_server(world.serve, world.options.socket + '.new')
    os.chmod(world.options.socket + '.new', 0o666)
    os.rename(world.options.socket + '.new', world.options.socket)
    print('air: ready', flush=True)
    await server.serve_forever()


asyncio.run(main())
