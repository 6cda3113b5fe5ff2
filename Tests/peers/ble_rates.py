#!/usr/bin/env python3
"""How many advertisements a second foreign receivers take, for `bothy-bench ble`.

    ble_rates.py FILE SECONDS      FILE: one advertisement a line, ADDRESS RSSI HEX; prints JSON

habluetooth: its manager with one scanner and one callback that wants every device (dispatch, no values). bleparser: raw
reports to values.
"""
import asyncio, json, struct, sys, time, warnings

warnings.simplefilter('ignore')
import bleparser
from habluetooth import BaseHaRemoteScanner, BluetoothManager, HaBluetoothConnector, set_manager
from bluetooth_adapters import BluetoothAdapters

frames = []
for line in open(sys.argv[1]):
    address, rssi, data = line.split()
    frames.append((address, int(rssi), bytes.fromhex(data)))
seconds = float(sys.argv[2])


def rate(work):
    """Repeats `work` over all frames for about so long."""
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        done += work()
    return done / (time.perf_counter() - begun)


def by_bleparser():
    parser = bleparser.BleParser(discovery=True, filter_duplicates=False, report_unknown=False)
    events = []
    for address, rssi, data in frames:
        body = b'\x02\x01\x00\x00' + bytes.fromhex(address.replace(':', ''))[::-1] + bytes([len(data)]) + data + struct.pack('<b', rssi)
        events.append(b'\x04\x3e' + bytes([len(body)]) + body)
    read = 0

    def work():
        nonlocal read
        for event in events:
            message, _ = parser.parse_raw_data(event)
            read += message is not None
        return len(events)
    result = rate(work)
    assert read, 'bleparser read nothing'
    return result


class NoAdapters(BluetoothAdapters):
    default_adapter = 'hci0'

    async def refresh(self):
        pass

    @property
    def adapters(self):
        return {}


class Manager(BluetoothManager):
    seen = 0

    def _discover_service_info(self, info):
        self.seen += 1


class Scanner(BaseHaRemoteScanner):
    def feed(self, address, rssi, data, now):
        self._async_on_raw_advertisement(address, rssi, data, {}, now)


async def by_habluetooth():
    manager = Manager(NoAdapters())
    set_manager(manager)
    await manager.async_setup()
    scanner = Scanner('bench', 'bench', HaBluetoothConnector(object, 'bench', lambda: False), True)
    manager.async_register_scanner(scanner)

    turn = 0

    def work():
        nonlocal turn
        turn += 1
        now = time.monotonic()
        for address, rssi, data in frames:
            # The last byte changes, as a sequence number would: the same again is passed over early.
            scanner.feed(address, rssi, data[:-1] + bytes([turn & 255]), now)
        return len(frames)
    result = rate(work)
    assert manager.seen, 'habluetooth dispatched nothing'
    return result


print(json.dumps({'bleparser': by_bleparser(), 'habluetooth': asyncio.run(by_habluetooth())}))
