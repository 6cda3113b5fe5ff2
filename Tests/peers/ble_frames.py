#!/usr/bin/env python3
"""Frames of every family that foreign decoders share with us, each with what they read in it.

    ble_frames.py SEED COUNT      writes one JSON object a line

The frames are drawn anew for each seed. `read` maps a foreign decoder to {our attribute: value in our unit}; what a decoder
rounds away is said in `digits`, the decimals up to which its value may be held against ours.
"""
import json, random, struct, sys, warnings

warnings.simplefilter('ignore')
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from home_assistant_bluetooth import BluetoothServiceInfo
import bleparser, TheengsDecoder
from bthome_ble import BTHomeBluetoothDeviceData
from govee_ble import GoveeBluetoothDeviceData
from inkbird_ble import INKBIRDBluetoothDeviceData
from qingping_ble import QingpingBluetoothDeviceData
from ruuvitag_ble import RuuvitagBluetoothDeviceData
from xiaomi_ble import XiaomiBluetoothDeviceData

seed, count = int(sys.argv[1]), int(sys.argv[2])
draw = random.Random(seed)
G = 9.80665


class Info(BluetoothServiceInfo):
    """As their receiver hands it on: with the time of reception."""
    time = 0.0
    raw = None


def uuid(short):
    return f'0000{short}-0000-1000-8000-00805f9b34fb'


def info(frame):
    address = ':'.join(frame['address'][i:i + 2] for i in range(0, 12, 2)).upper()
    data = bytes.fromhex(frame['hex'])
    return Info(
        name=frame.get('name', ''), address=address, rssi=-60, source='',
        manufacturer_data={frame['company']: data} if 'company' in frame else {},
        service_data={uuid(frame['service']): data} if 'service' in frame else {},
        service_uuids=[uuid(frame['service'])] if 'service' in frame else [])


def home_assistant(device, frame, names, digits):
    """A decoder of the Home Assistant family: values by device class."""
    update = device.update(info(frame))
    found = {}
    for table in (update.entity_values, update.binary_entity_values):
        for key, value in table.items():
            if key.key in names and value.native_value not in (None, 'error'):
                name, factor = names[key.key] if isinstance(names[key.key], tuple) else (names[key.key], 1)
                found[name] = value.native_value if isinstance(value.native_value, bool) else value.native_value * factor
    return {'values': found, 'digits': digits} if found else None


def raw_event(frame):
    """The frame in an advertising report, as from a controller."""
    data = bytes.fromhex(frame['hex'])
    elements = b'\x02\x01\x06'
    if 'company' in frame:
        data = struct.pack('<H', frame['company']) + data
        elements += bytes([len(data) + 1, 0xFF]) + data
    else:
        data = bytes.fromhex(frame['service'])[::-1] + data
        elements += bytes([len(data) + 1, 0x16]) + data
    if frame.get('name'):
        name = frame['name'].encode()
        elements += bytes([len(name) + 1, 9]) + name
    body = b'\x02\x01\x00\x00' + bytes.fromhex(frame['address'])[::-1] + bytes([len(elements)]) + elements + b'\xc4'
    return b'\x04\x3e' + bytes([len(body)]) + body


def by_bleparser(frame, names, digits):
    keys = {bytes.fromhex(frame['address']): bytes.fromhex(frame['key'])} if frame.get('key') else {}
    parser = bleparser.BleParser(discovery=True, aeskeys=keys, filter_duplicates=False)
    message, _ = parser.parse_raw_data(raw_event(frame))
    return named(message, names, digits)


def by_theengs(frame, names, digits):
    asked = {'id': ':'.join(frame['address'][i:i + 2] for i in range(0, 12, 2)).upper(), 'rssi': -60}
    data = bytes.fromhex(frame['hex'])
    if 'company' in frame:
        asked['manufacturerdata'] = (struct.pack('<H', frame['company']) + data).hex()
    else:
        asked['servicedata'], asked['servicedatauuid'] = data.hex(), frame['service']
    if frame.get('name'):
        asked['name'] = frame['name']
    answer = TheengsDecoder.decodeBLE(json.dumps(asked))
    return named(json.loads(answer) if answer else None, names, digits)


def named(message, names, digits):
    found = {}
    for key, name in names.items():
        if message and message.get(key) is not None:
            name, factor = name if isinstance(name, tuple) else (name, 1)
            value = message[key]
            found[name] = value if isinstance(value, (bool, str)) else value * factor
    return {'values': found, 'digits': digits} if found else None


def seal(key, nonce, plain, also):
    sealed = AESCCM(bytes.fromhex(key), tag_length=4).encrypt(nonce, plain, also)
    return sealed[:-4], sealed[-4:]


def address(prefix=b''):
    return (prefix + draw.randbytes(6))[:6].hex()


def below(top):
    return draw.randrange(top)


# What each family's decoders call our attributes.
CLIMATE = {'temperature': 'temperature', 'humidity': 'humidity', 'battery': 'battery'}
THEENGS = {'tempc': 'temperature', 'hum': 'humidity', 'batt': 'battery'}


def ruuvi5():
    power = below(2047) << 5 | below(31)
    data = struct.pack(
        '>BhHHhhhHBH', 5, draw.randint(-16000, 16000), below(40001), below(65535), *(draw.randint(-2000, 2000) for _ in 'xyz'),
        power, below(255), below(65535))
    mac = address(b'\xc0')
    yield {'family': 'ruuvitag', 'company': 0x0499, 'hex': data.hex() + mac, 'address': mac}


def ruuvi3():
    data = struct.pack('>BBBBHhhhH', 3, below(201), below(256), below(100), below(65536),
                       *(draw.randint(-2000, 2000) for _ in 'xyz'), draw.randint(1800, 3600))
    yield {'family': 'ruuvitag', 'company': 0x0499, 'hex': data.hex(), 'address': address(b'\xc0')}


def ruuvi_air():
    mac = address(b'\xc0')
    climate = struct.pack('>hHH', draw.randint(-8000, 16000), below(40001), below(65535))
    e1 = b'\xe1' + climate + struct.pack('>HHHHH', *(below(10001) for _ in range(4)), below(40001))
    e1 += bytes([below(250), below(250)]) + below(14428400).to_bytes(3, 'big') + b'\xff' * 3 + below(1 << 24).to_bytes(3, 'big')
    e1 += bytes([draw.choice([0, 1, 64, 128, 193])]) + b'\xff' * 5 + bytes.fromhex(mac)
    yield {'family': 'ruuvitag', 'company': 0x0499, 'hex': e1.hex(), 'address': mac}
    six = b'\x06' + climate + struct.pack('>HH', below(10001), below(40001)) + bytes([below(250), below(250), below(255), 255, below(256)])
    six += bytes([draw.choice([0, 1, 64, 128, 193])]) + bytes.fromhex(mac[6:])
    yield {'family': 'ruuvitag', 'company': 0x0499, 'hex': six.hex(), 'address': mac}


def read_ruuvi(frame):
    return {
        'ruuvitag-ble': home_assistant(RuuvitagBluetoothDeviceData(), frame, {
            'temperature': 'temperature', 'humidity': 'humidity', 'pressure': 'pressure', 'voltage': ('voltage', .001),
            'movement_counter': 'movement', 'carbon_dioxide': 'co2', 'pm25': 'pm2_5', 'pm1': 'pm1', 'pm10': 'pm10',
            'volatile_organic_compounds': 'voc_index', 'nitrogen_dioxide': 'nox_index', 'illuminance': 'light'}, 2),
        'bleparser': by_bleparser(frame, {
            'temperature': 'temperature', 'humidity': 'humidity', 'pressure': 'pressure', 'voltage': 'voltage'}, 2),
        'TheengsDecoder': by_theengs(frame, {'tempc': 'temperature', 'hum': 'humidity', 'volt': 'voltage', 'tx': 'tx_power'}, 2)}


BTHOME = [
    (0x01, 'B', 0, 101, 'battery', 'battery'), (0x02, '<h', -5000, 9000, 'temperature', 'temperature'),
    (0x03, '<H', 0, 10001, 'humidity', 'humidity'), (0x04, 3, 30000, 110000, 'pressure', 'pressure'),
    (0x05, 3, 0, 1 << 24, 'illuminance', 'light'), (0x06, '<H', 0, 65536, 'mass', 'mass'),
    (0x08, '<h', -5000, 9000, 'dew_point', 'dew_point'), (0x0A, 3, 0, 1 << 24, 'energy', 'energy'),
    (0x0B, 3, 0, 1 << 24, 'power', 'power'), (0x0C, '<H', 0, 65536, 'voltage', 'voltage'),
    (0x0D, '<H', 0, 65536, 'pm25', 'pm2_5'), (0x0E, '<H', 0, 65536, 'pm10', 'pm10'), (0x12, '<H', 0, 65536, 'carbon_dioxide', 'co2'),
    (0x13, '<H', 0, 65536, 'volatile_organic_compounds', 'tvoc'), (0x14, '<H', 0, 10001, 'moisture', 'moisture'),
    (0x3D, '<H', 0, 65536, 'count', 'count'), (0x3F, '<h', -3600, 3600, 'rotation', 'rotation'),
    (0x42, 3, 0, 1 << 24, 'duration', 'duration'), (0x43, '<H', 0, 65536, 'current', 'current'),
    (0x44, '<H', 0, 65536, 'speed', 'speed'), (0x46, 'B', 0, 120, 'uv_index', 'uv_index'),
    (0x49, '<H', 0, 65536, 'volume_flow_rate', 'flow'), (0x4C, '<I', 0, 1 << 32, 'gas', 'gas'),
    (0x4E, '<I', 0, 1 << 32, 'volume', 'volume'), (0x4F, '<I', 0, 1 << 32, 'water', 'water'),
    (0x51, '<H', 0, 65536, 'acceleration', 'acceleration'), (0x52, '<H', 0, 65536, 'gyroscope', 'gyroscope'),
    (0x55, '<I', 0, 1 << 32, 'volume_storage', 'volume_stored'), (0x56, '<H', 0, 65536, 'conductivity', 'conductivity'),
    (0x5C, '<i', -(1 << 31), 1 << 31, 'power', 'power'), (0x5D, '<h', -32768, 32768, 'current', 'current'),
    (0x5E, '<H', 0, 36000, 'direction', 'direction'), (0x5F, '<H', 0, 65536, 'precipitation', 'precipitation'),
    (0x61, '<H', 0, 65536, 'rotational_speed', 'rotational_speed'), (0x62, '<i', -(1 << 31), 1 << 31, 'speed', 'speed'),
]


def bthome():
    body, names = b'', set()
    for id, form, low, high, _, name in sorted(draw.sample(BTHOME, 4)):
        if name in names:
            continue
        names.add(name)
        value = draw.randrange(low, high)
        body += bytes([id]) + (value.to_bytes(form, 'little') if isinstance(form, int) else struct.pack(form, value))
    yield {'family': 'bthome', 'service': 'fcd2', 'hex': (b'\x40' + body).hex(), 'address': address()}
    climate = bytes([0, below(256), 1, below(101), 2]) + struct.pack('<h', draw.randint(-3000, 6000)) + b'\3' + struct.pack('<H', below(10001))
    yield {'family': 'bthome', 'service': 'fcd2', 'hex': (b'\x40' + climate).hex(), 'address': address(),
           'name': 'ATC_123456'}
    mac, key, counter = address(), draw.randbytes(16).hex(), struct.pack('<I', below(1 << 32))
    sealed, tag = seal(key, bytes.fromhex(mac) + b'\xd2\xfc\x41' + counter, body, None)
    yield {'family': 'bthome', 'service': 'fcd2', 'hex': (b'\x41' + sealed + counter + tag).hex(), 'address': mac, 'key': key}


def read_bthome(frame):
    key = bytes.fromhex(frame['key']) if 'key' in frame else None
    read = {
        'bthome-ble': home_assistant(BTHomeBluetoothDeviceData(bindkey=key), frame, {row[4]: row[5] for row in BTHOME}, 2),
        'bleparser': by_bleparser(frame, {'temperature': 'temperature', 'humidity': 'humidity', 'pressure': 'pressure', 'battery': 'battery'}, 2)}
    if not key:
        read['TheengsDecoder'] = by_theengs(frame, {'tempc': 'temperature', 'hum': 'humidity', 'batt': 'battery'}, 2)
    return read


def xiaomi():
    objects = [
        struct.pack('<HBh', 0x1004, 2, draw.randint(-200, 500)), struct.pack('<HBH', 0x1006, 2, below(1001)),
        struct.pack('<HBhH', 0x100D, 4, draw.randint(-200, 500), below(1001)), struct.pack('<HBB', 0x100A, 1, below(101))]
    mac, number = address(b'\xa4\xc1\x38'), below(256)
    yield {'family': 'xiaomi', 'service': 'fe95', 'address': mac,
           'hex': (struct.pack('<HHB', 0x5050, 0x045B, number) + bytes.fromhex(mac)[::-1] + draw.choice(objects)).hex()}
    key, more = draw.randbytes(16).hex(), draw.randbytes(3)
    head = struct.pack('<HHB', 0x5858, 0x055B, number)
    reverse = bytes.fromhex(mac)[::-1]
    sealed, tag = seal(key, reverse + head[2:5] + more, draw.choice(objects), b'\x11')
    yield {'family': 'xiaomi', 'service': 'fe95', 'address': mac, 'key': key, 'hex': (head + reverse + sealed + more + tag).hex()}


def read_xiaomi(frame):
    key = bytes.fromhex(frame['key']) if 'key' in frame else None
    return {'xiaomi-ble': home_assistant(XiaomiBluetoothDeviceData(bindkey=key), frame, CLIMATE, 1), 'bleparser': by_bleparser(frame, CLIMATE, 1)}


def atc():
    mac, number, key = address(b'\xa4\xc1\x38'), below(256), draw.randbytes(16).hex()
    temperature, humidity, percent, millivolts = draw.randint(-4000, 8000), below(10001), below(101), draw.randint(2000, 3300)
    reverse = bytes.fromhex(mac)[::-1]
    yield {'family': 'atc', 'service': '181a', 'address': mac, 'hex': (
        reverse + struct.pack('<hHHBBB', temperature, humidity, millivolts, percent, number, below(4))).hex()}
    yield {'family': 'atc', 'service': '181a', 'address': mac, 'hex': (
        bytes.fromhex(mac) + struct.pack('>hBBHB', temperature // 10, humidity // 100, percent, millivolts, number)).hex()}
    sealed, tag = seal(key, reverse + b'\x0e\x16\x1a\x18' + bytes([number]), struct.pack('<hHBB', temperature, humidity, percent, below(4)), b'\x11')
    yield {'family': 'atc', 'service': '181a', 'address': mac, 'key': key, 'hex': (bytes([number]) + sealed + tag).hex()}
    sealed, tag = seal(key, reverse + b'\x0b\x16\x1a\x18' + bytes([number]), bytes([below(256), below(201), percent]), b'\x11')
    yield {'family': 'atc', 'service': '181a', 'address': mac, 'key': key, 'hex': (bytes([number]) + sealed + tag).hex()}


def read_atc(frame):
    read = {'bleparser': by_bleparser(frame, dict(CLIMATE, voltage='voltage'), 2)}
    if 'key' not in frame:
        read['TheengsDecoder'] = by_theengs(frame, dict(THEENGS, volt='voltage'), 2)
    return read


def govee():
    def packed():
        sign = draw.choice([0, 0x800000])
        return ((below(390 if sign else 600) * 1000 + below(1000)) | sign).to_bytes(3, 'big')
    plain = struct.pack('<hHB', draw.randint(-2000, 6000), below(10001), below(101))
    yield {'family': 'govee', 'company': 0xEC88, 'name': 'GVH5075_2762', 'hex': (b'\0' + packed() + bytes([below(101), 0])).hex(), 'address': address(b'\xa4\xc1\x38')}
    yield {'family': 'govee', 'company': 0xEC88, 'name': 'Govee_H5074_5FF4', 'hex': (b'\0' + plain + b'\2').hex(), 'address': address(b'\xe3\x8e\xc8')}
    yield {'family': 'govee', 'company': 0x0001, 'name': 'GVH5101_8B0F', 'hex': (b'\1\1' + packed() + bytes([below(101)])).hex(), 'address': address(b'\xa4\xc1\x38')}
    yield {'family': 'govee', 'company': 0x8801, 'name': 'Govee_H5179_3CD5', 'hex': (b'\xec\0\1\1' + plain).hex(), 'address': address(b'\x10\x08\x2c')}


def read_govee(frame):
    return {'govee-ble': home_assistant(GoveeBluetoothDeviceData(), frame, CLIMATE, 2), 'bleparser': by_bleparser(frame, CLIMATE, 1),
            'TheengsDecoder': by_theengs(frame, THEENGS, 1)}


def inkbird():
    temperature = draw.randint(-4000, 8000)
    for name in ['sps', 'tps']:
        yield {'family': 'inkbird', 'company': temperature & 0xFFFF, 'name': name, 'address': address(b'\x49\x42\x08'),
               'hex': (struct.pack('<HB', draw.randint(1, 10000), below(2)) + draw.randbytes(2) + bytes([below(101), 8])).hex()}


def read_inkbird(frame):
    return {'inkbird-ble': home_assistant(INKBIRDBluetoothDeviceData(), frame, CLIMATE, 2), 'TheengsDecoder': by_theengs(frame, THEENGS, 2)}


def qingping():
    mac = address(b'\x58\x2d\x34')
    body = b'\1\4' + struct.pack('<hH', draw.randint(-200, 500), below(1001)) + b'\2\1' + bytes([below(101)])
    body += draw.choice([b'', b'\x07\x02' + struct.pack('<H', draw.randint(3000, 11000))])
    yield {'family': 'qingping', 'service': 'fdcd', 'address': mac, 'hex': (b'\x08\x07' + bytes.fromhex(mac)[::-1] + body).hex()}
    body = b'\1\4' + struct.pack('<hH', draw.randint(-200, 500), below(1001)) + b'\x12\4' + struct.pack('<HH', below(1000), below(1000)) + b'\x13\2' + struct.pack('<H', below(10000))
    yield {'family': 'qingping', 'service': 'fdcd', 'address': mac, 'hex': (b'\x08\x0e' + bytes.fromhex(mac)[::-1] + body).hex()}


def read_qingping(frame):
    names = dict(CLIMATE, pressure='pressure', pm25='pm2_5', pm10='pm10', carbon_dioxide='co2')
    return {'qingping-ble': home_assistant(QingpingBluetoothDeviceData(), frame, names, 1),
            'bleparser': by_bleparser(frame, {'temperature': 'temperature', 'humidity': 'humidity', 'battery': 'battery', 'pm2.5': 'pm2_5', 'pm10': 'pm10', 'co2': 'co2'}, 1)}


def switchbot():
    yield {'family': 'switchbot', 'service': 'fd3d', 'address': address(),
           'hex': bytes([draw.choice(b'Ti'), 0, below(101), below(10), draw.choice([below(40), 128 | below(60)]), below(100) | draw.choice([0, 128])]).hex()}


def read_switchbot(frame):
    from switchbot.adv_parsers.meter import process_wosensorth
    found = process_wosensorth(bytes.fromhex(frame['hex']), None)
    return {'PySwitchbot': named({**found, 'c': found['temp']['c']} if found else None, {'c': 'temperature', 'humidity': 'humidity', 'battery': 'battery'}, 1)}


def ibeacon():
    yield {'family': 'ibeacon', 'company': 0x004C, 'address': address(),
           'hex': (b'\x02\x15' + draw.randbytes(16) + struct.pack('>HHb', below(65536), below(65536), draw.randint(-100, -20))).hex()}


def read_ibeacon(frame):
    return {'TheengsDecoder': by_theengs(frame, {'mjid': 'major_hex', 'mnid': 'minor_hex', 'uuid': 'uuid'}, 0)}


FAMILIES = [
    (ruuvi5, read_ruuvi), (ruuvi3, read_ruuvi), (ruuvi_air, read_ruuvi), (bthome, read_bthome), (xiaomi, read_xiaomi), (atc, read_atc),
    (govee, read_govee), (inkbird, read_inkbird), (qingping, read_qingping), (switchbot, read_switchbot), (ibeacon, read_ibeacon)]

for make, read in FAMILIES:
    for _ in range(count):
        for frame in make():
            frame['read'] = {peer: found for peer, found in read(frame).items() if found}
            print(json.dumps(frame))
