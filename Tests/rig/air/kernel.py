"""The virtual controller behind the kernel's /dev/vhci, and the air it shares with the virtual sensors.

Works around what Bumble 0.0.236 lacks for this: its vhci transport closes for good on a failed write; it routes ACL by
the sender's random address, where the kernel uses its public one; it only sends ADV_IND; with LL_PRIVACY set the kernel
waits 20 s for an event that never comes.
"""
import asyncio, os, struct
from bumble import controller as bumble_controller, core, hci, ll
from bumble.controller import Controller
from bumble.link import LocalLink

ADDRESS = '00:11:22:33:44:55'


class Vhci:
    """/dev/vhci as a transport that stays open while the adapter is down."""

    def __init__(self):
        self.fd = os.open('/dev/vhci', os.O_RDWR | os.O_NONBLOCK)
        os.write(self.fd, bytes([0xFF, 0]))
        self.source = self.sink = self
        self.controller = None
        asyncio.get_running_loop().add_reader(self.fd, self.readable)

    def set_packet_sink(self, sink):
        self.controller = sink

    def readable(self):
        try:
            packet = os.read(self.fd, 4096)
        except (BlockingIOError, OSError):
            return
        if packet and packet[0] != 0xFF and self.controller:
            self.controller.on_packet(packet)

    def on_packet(self, packet):
        try:
            os.write(self.fd, packet)
        except OSError:
            pass

    def close(self):
        asyncio.get_running_loop().remove_reader(self.fd)
        os.close(self.fd)
        self.on_packet = lambda packet: None

    async def wait_for_termination(self):
        await asyncio.get_running_loop().create_future()


class Air(LocalLink):
    def send_acl_data(self, sender, dest, transport, data):
        if transport == core.PhysicalTransport.LE:
            connection = sender.le_connections.get(dest)
            peer = self.find_le_controller(dest)
            if connection and peer:
                address = connection.self_address
                asyncio.get_running_loop().call_soon(lambda: peer.on_link_acl_data(address, transport, data))
            return
        super().send_acl_data(sender, dest, transport, data)


def _send_advertising_data(self):
    if self.enabled:
        pdu = ll.AdvInd(advertiser_address=self.address, data=self.advertising_data)
        self.controller.send_advertising_pdu(pdu)


bumble_controller.LegacyAdvertiser.send_advertising_data = _send_advertising_data

NOT_HERE = (
    hci.LeFeatureMask.LL_PRIVACY
    | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
    | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
)


class KernelController(Controller):
    """The kernel's adapter. `muted` makes it stop reporting, as a wedged one does, until it is reset."""

    RSSI = -67
    muted = False

    def __init__(self, transport, air):
        super().__init__(
            'kernel', host_source=transport.source, host_sink=transport.sink, link=air,
            public_address=hci.Address(ADDRESS, hci.Address.PUBLIC_DEVICE_ADDRESS))
        self.le_features = self.le_features & ~NOT_HERE
        self.commands = {}
        self.reports = 0
        self.transport = transport

    def on_advertising_pdu(self, pdu):
        peer = self.link.find_le_controller(pdu.advertiser_address)
        advertiser = peer.le_legacy_advertiser if peer else None
        if advertiser is None or not advertiser.enabled:
            return super().on_advertising_pdu(pdu)
        kind = {4: 1}.get(int(advertiser.advertising_type), int(advertiser.advertising_type))
        self.report(kind, pdu.advertiser_address.address_type, bytes(pdu.advertiser_address), pdu.data, self.RSSI)
        if kind in (0, 2) and self.le_scan_type == 1:
            self.report(
                4, pdu.advertiser_address.address_type, bytes(pdu.advertiser_address), advertiser.scan_response_data,
                self.RSSI)
        pending = self.pending_le_connection
        if pending and pending.peer_address == pdu.advertiser_address and kind in (0, 1):
            self.create_le_connection(pdu.advertiser_address)

    def report(self, kind, address_type, address, data, rssi):
        """One LE Advertising Report, written by hand: a thousand a second must cost little."""
        if self.muted or not self.le_scan_enable:
            return
        self.reports += 1
        body = struct.pack('<BBBB', 2, 1, kind, address_type) + address + bytes([len(data)]) + data
        body += struct.pack('<b', rssi)
        self.transport.on_packet(bytes([4, 0x3E, len(body)]) + body)

    def on_hci_packet(self, packet):
        if isinstance(packet, hci.HCI_Command):
            self.commands[packet.name] = self.commands.get(packet.name, 0) + 1
            if packet.name == 'HCI_RESET_COMMAND':
                self.muted = False
        super().on_hci_packet(packet)


def peer_controller(name, air):
    controller = Controller(name, link=air)
    controller.le_features = controller.le_features & ~NOT_HERE
    return controller
