"""Virtual sensors with GATT: heart rate with a protected characteristic, the ways to pair, environment, battery."""
import asyncio, struct
from bumble import data_types, hci
from bumble.core import UUID, AdvertisingData
from bumble.device import Device, DeviceConfiguration
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host
from bumble.pairing import PairingConfig, PairingDelegate
from kernel import peer_controller

READ, NOTIFY, WRITE = Characteristic.Properties.READ, Characteristic.Properties.NOTIFY, Characteristic.Properties.WRITE
INDICATE = Characteristic.Properties.INDICATE
READABLE, WRITEABLE = Characteristic.Permissions.READABLE, Characteristic.Permissions.WRITEABLE
ENCRYPTED = READABLE | Characteristic.Permissions.READ_REQUIRES_ENCRYPTION
AUTHENTICATED = READABLE | Characteristic.Permissions.READ_REQUIRES_AUTHENTICATION

SECRET_SERVICE = 'b0d50000-0000-4000-8000-00805f9b34fb'
SECRET = 'b0d50001-0000-4000-8000-00805f9b34fb'
PASSKEY = 123456
short = UUID.from_16_bits


class Delegate(PairingDelegate):
    """Answers as the owner of the device would; `typed` is what the test lets him type."""

    def __init__(self, peer, io):
        super().__init__(io)
        self.peer = peer

    async def compare_numbers(self, number, digits):
        self.peer.say('compare', number)
        return self.peer.agrees

    async def get_number(self):
        self.peer.say('asked')
        return await self.peer.typed.get()

    async def display_number(self, number, digits):
        self.peer.say('shows', number)

    async def generate_passkey(self):
        return PASSKEY


class Peer:
    """One virtual GATT sensor. `io` is its pairing ability, `mitm` whether it insists on a passkey or number."""

    def __init__(self, air, name, address, say, io=PairingDelegate.NO_OUTPUT_NO_INPUT, mitm=False, keys=None):
        self.name, self.address, self.agrees, self.typed = name, address, True, asyncio.Queue()
        self.say = lambda what, *more: say(f'{name} {what}' + ''.join(f' {word}' for word in more))
        store = f'JsonKeyStore:{keys}/{name}.json' if keys else None
        self.device = Device(config=DeviceConfiguration(
            name=name, address=hci.Address(address), advertising_interval_min=100, advertising_interval_max=100,
            keystore=store))
        self.device.host = Host()
        self.controller = peer_controller(name, air)
        self.device.host.controller = self.controller
        delegate = Delegate(self, io)
        self.device.pairing_config_factory = lambda connection: PairingConfig(
            sc=True, mitm=mitm, bonding=True, delegate=delegate)
        self.device.on('connection', self.connected)
        self.values, self.streams, self.uuids = {}, [], []

    def connected(self, connection):
        self.say('connected')
        connection.on('pairing', lambda keys: self.say('paired'))
        connection.on('pairing_failure', lambda reason: self.say('pairing_failed', int(reason)))
        connection.on('disconnection', lambda reason: self.say('disconnected', int(reason)))

    def service(self, uuid, *characteristics):
        self.device.add_services([Service(uuid, list(characteristics))])
        self.uuids.append(uuid)
        for characteristic in characteristics:
            self.values[str(characteristic.uuid.to_hex_str()).lower()] = characteristic

    def stream(self, characteristic, every, make):
        """Notifies `make(n)` every so many seconds, whoever listens."""
        async def run():
            number = 0
            while True:
                await asyncio.sleep(every)
                number += 1
                try:
                    await self.device.notify_subscribers(characteristic, make(number))
                except Exception as error:
                    self.say('notify_failed', repr(error).replace(' ', '_'))
        self.streams.append(run)

    async def start(self):
        claimed = [uuid for uuid in self.uuids if not isinstance(uuid, str)]
        items = [data_types.Flags(AdvertisingData.Flags(6)), data_types.CompleteLocalName(self.name)]
        if claimed:
            items.append(data_types.IncompleteListOf16BitServiceUUIDs(claimed))
        self.device.advertising_data = bytes(AdvertisingData(items))
        self.device.scan_response_data = bytes(AdvertisingData([(AdvertisingData.TX_POWER_LEVEL, bytes([4]))]))
        await self.device.power_on()
        await self.device.start_advertising(auto_restart=True)
        self.tasks = [asyncio.ensure_future(run()) for run in self.streams]

    def lose(self):
        """The other side is gone without a word: the supervision time-out passes."""
        for connection in list(self.controller.le_connections.values()):
            self.controller.on_le_disconnected(connection, 8)

    async def drop(self):
        for connection in list(self.device.connections.values()):
            await connection.disconnect()

    async def forget(self):
        await self.device.keystore.delete_all()
        self.say('forgot')


def secret(peer, permissions, value=b'secret-42'):
    peer.service(SECRET_SERVICE, Characteristic(SECRET, READ, permissions, value))


def heart_rate(peer):
    measurement = Characteristic(short(0x2A37), NOTIFY, 0, b'')
    location = Characteristic(short(0x2A38), READ, READABLE, b'\x02')
    peer.service(short(0x180D), measurement, location)
    # 16 = RR intervals follow; in 1/1024 s.
    peer.stream(measurement, 0.2, lambda n: struct.pack('<BBH', 16, 60 + n % 60, 1024 - n % 60))


def battery(peer, level=87):
    value = Characteristic(short(0x2A19), READ | NOTIFY, READABLE, bytes([level]))
    peer.service(short(0x180F), value)


def environment(peer):
    temperature = Characteristic(short(0x2A6E), READ | NOTIFY, READABLE, struct.pack('<h', 2150))
    humidity = Characteristic(short(0x2A6F), READ | INDICATE, READABLE, struct.pack('<H', 4321))
    pressure = Characteristic(short(0x2A6D), READ, READABLE, struct.pack('<I', 1013250))
    peer.service(short(0x181A), temperature, humidity, pressure)
    peer.stream(temperature, 0.5, lambda n: struct.pack('<h', 2150 + n % 100))


def polar(peer):
    """Measurement data as a chest strap sends them: an ECG of 130 Hz once it was started through the control point."""
    def uuid(last):
        return f'fb005c8{last}-02e7-f387-1cad-8acd2d8df0c8'

    started = {}

    def command(connection, value):
        if value[0] == 2:
            started[value[1]] = 0
            peer.say('started', value[1])
            answer = bytes([0xF0, 2, value[1], 0, 0])
            asyncio.ensure_future(peer.device.indicate_subscribers(control, answer))

    control = Characteristic(uuid(1), WRITE | INDICATE, READABLE | WRITEABLE, CharacteristicValue(write=command))
    data = Characteristic(uuid(2), NOTIFY, 0, b'')
    peer.service(uuid(0), control, data)

    def frame(number):
        # Fourteen samples a frame, a ramp in microvolts.
        samples = b''.join(((number * 14 + n) % 2000 - 1000).to_bytes(3, 'little', signed=True) for n in range(14))
        return bytes([0]) + struct.pack('<QB', number * 14 * 7692307, 0) + samples

    async def run():
        number = 0
        while True:
            await asyncio.sleep(14 / 130)
            if 0 in started:
                number += 1
                await peer.device.notify_subscribers(data, frame(number))
    peer.streams.append(run)


def population(air, say, keys):
    """The peers that are always there."""
    def peer(name, last, *more, **options):
        return Peer(air, name, f'F0:F1:F2:F3:F4:{last}', say, *more, keys=keys, **options)

    heart = peer('Heart', 'F5')
    heart_rate(heart), battery(heart), secret(heart, ENCRYPTED)
    second = peer('Heart-Two', 'F6')
    heart_rate(second)
    shows = peer('Shows', 'F7', PairingDelegate.DISPLAY_OUTPUT_ONLY, mitm=True)
    secret(shows, AUTHENTICATED)
    types = peer('Types', 'F8', PairingDelegate.KEYBOARD_INPUT_ONLY, mitm=True)
    secret(types, AUTHENTICATED)
    compares = peer('Compares', 'F9', PairingDelegate.DISPLAY_OUTPUT_AND_YES_NO_INPUT, mitm=True)
    secret(compares, AUTHENTICATED)
    room = peer('Room', 'FA')
    environment(room), battery(room, 55)
    strap = peer('Strap', 'FB')
    polar(strap), battery(strap, 91)
    return [heart, second, shows, types, compares, room, strap]
