/// Every setting there is. The file may be empty: each default is meant to be right for a box in the field.
public enum Schema {
    public static let settings: [Setting] = [
        Setting("name", .text(100), "How this gateway is called by people; the host's name unless set."),
        Setting("role", .choice(["field", "hub"]), "field", "A hub keeps what field gateways send it."),
        Setting("log", .record(log), "What is told on standard error."),
        Setting("store", .record(store), "The ring of recorded measurements."),
        Setting("intake", .record(intake), "Bounds on what comes in."),
        Setting("simulated", .record(simulated), "Sensors that are computed, for demonstration and tests."),
        Setting(
            "decoders", .list(of: .text(4_096), most: 16), "Folders of decoder files; without any, /etc/bothy/decoders."
        ),
        Setting("bluetooth", .record(bluetooth), "Sensors by radio."),
        Setting("serial", .list(of: .record(serial), most: 64), "Sensors on serial ports, a port an entry."),
        Setting("control", .record(control), "The page and the API."),
        Setting("peering", .record(peering), "Other gateways and hubs."),
        Setting("rooms", .record(rooms), "Shared rooms."),
    ]

    private static let mebibyte: Int64 = 1 << 20

    private static let log: [Setting] = [
        Setting("level", .choice(["error", "warning", "notice", "info", "debug"]), "info", "The least that is told."),
        Setting(
            "form", .choice(["auto", "text", "journal", "json"]), "auto",
            "How lines look; auto is text on a terminal and journal priorities under systemd."),
    ]

    private static let store: [Setting] = [
        Setting(
            "cap", .bytes(16 * mebibyte...16_384 * 1_024 * mebibyte), "2 GiB", "The most the ring may take on disk."),
        Setting("max_age", .duration(60_000...3_650 * 86_400_000, or: ["none"]), "none", "Older samples are let go."),
        Setting(
            "free_floor", .bytes(0...1_024 * 1_024 * mebibyte), "256 MiB",
            "Free space on the disk that the ring leaves alone."),
        Setting(
            "policy", .choice(["thin", "drop-oldest", "refuse"]), "thin",
            "What happens when the ring is full: thin keeps averages of old samples that nobody else has, refuse keeps "
                + "the old and records nothing new."),
        Setting("protected", .whole(0...90), "20", "Percent of the ring, the newest, that are never thinned."),
        Setting(
            "commit_every", .duration(1_000...60_000, or: ["auto"]), "auto",
            "How long a sample may wait before it is on disk; auto is 1 s at 100 samples/s or more, else 10 s."),
    ]

    private static let intake: [Setting] = [
        Setting(
            "quota_factor", .decimal(1...100), "2",
            "A sensor may send this many times its declared rate; what is above is counted as overflow."),
        Setting("least_quota", .whole(1...1_000_000), "100", "Samples a second that every sensor may send."),
        Setting("quotas", .table(of: .whole(1...1_000_000), most: 4_096), "Samples a second, by sensor id."),
    ]

    private static let simulated: [Setting] = [
        Setting("scenario", .text(4_096), "A scenario file; its sensors are recorded as if they were real."),
        Setting("seed", .whole(0...Int64.max), "1", "The same seed gives the same values."),
        Setting("speed", .decimal(0.01...10_000), "1", "Times real time."),
    ]

    private static let bluetooth: [Setting] = [
        Setting(
            "mode", .choice(["off", "auto", "exclusive", "shared"]), "auto",
            "Shared leaves power and keys to bluetoothd; auto is exclusive unless it runs."),
        Setting("adapters", .list(of: .text(17), most: 8), "hci0 or an address; all of them unless set."),
        Setting("duty", .whole(1...100), "100", "Percent of the time that the radio listens while a sensor needs it."),
        Setting("idle_duty", .whole(1...100), "10", "The same while none does."),
        Setting("connections", .whole(1...16), "5", "Sensors connected at the same time on an adapter."),
        Setting("helper", .text(107), "Socket of the privileged helper; /run/bothy-radio/helper.sock where it exists."),
        Setting("sensors", .list(of: .record(bluetoothSensor), most: 512), "Sensors that are recorded."),
    ]

    private static let bluetoothSensor: [Setting] = [
        Setting("address", .text(17), required: true, "AA:BB:CC:DD:EE:FF, as `bothy scan` shows it."),
        Setting("id", .text(64), "The sensor's id here; made from the address unless set."),
        Setting("name", .text(100), "What people call it."),
        Setting("decoder", .text(64), "The description to use; whichever recognises it unless set."),
        Setting("connect", .flag, "Whether to connect; decided by the description unless set."),
    ]

    private static let unit: [Setting] = [
        Setting("unit", .whole(0...255), required: true, "The unit's address on the line."),
        Setting("id", .text(64), required: true, "The sensor's id."),
        Setting("name", .text(100), "How people call it; the id unless set."),
        Setting("decoder", .text(64), required: true, "The description of its registers."),
    ]

    private static let serial: [Setting] = [
        Setting(
            "port", .text(4_096), required: true,
            "/dev/serial/by-id/… stays with the device, by-path with the socket; `bothy port list` shows both."),
        Setting(
            "protocol", .choice(["nmea", "dsmr", "sml", "modbus", "decoder"]), required: true,
            "What speaks there; decoder: as the decoder's file says."),
        Setting("id", .text(64), "The sensor's id; for Modbus each unit has its own."),
        Setting("name", .text(100), "How people call it; the id unless set."),
        Setting("decoder", .text(64), "The description of its frames, lines or further NMEA fields."),
        Setting("units", .list(of: .record(unit), most: 32), "Modbus only: the units on the line."),
        Setting("baud", .whole(50...4_000_000), "The line's speed; the decoder's, or 9600, unless set."),
        Setting("data_bits", .whole(5...8), "8", "Bits of a byte."),
        Setting("parity", .choice(["none", "even", "odd", "mark", "space"]), "none", "The parity bit."),
        Setting("stop_bits", .whole(1...2), "1", "Stop bits."),
        Setting("flow", .choice(["none", "rtscts", "xonxoff"]), "none", "Flow control."),
        Setting("dtr", .choice(["leave", "on", "off"]), "leave", "DTR once the port is open."),
        Setting("rts", .choice(["leave", "on", "off"]), "leave", "RTS once the port is open."),
        Setting(
            "rs485", .choice(["off", "high", "low"]), "off",
            "The driver switches an RS-485 transceiver by RTS, which is high or low while sending."),
        Setting(
            "silence", .duration(1_000...86_400_000), "30 s",
            "Without data for so long, the sensor is said to be silent."),
        Setting("answer", .duration(20...60_000), "500 ms", "Modbus: how long an answer may take."),
        Setting("retries", .whole(0...10), "2", "Modbus: how often a question is repeated."),
        Setting(
            "unchecked", .flag, "false", "DSMR: take telegrams without a checksum, as meters before version 4 send."),
    ]

    private static let control: [Setting] = [
        Setting("listen", .text(100), "127.0.0.1:8087", "Address and port of page and API, or 'off'."),
        Setting("insecure", .flag, "false", "Allow an address beyond this machine without TLS."),
        Setting("hosts", .list(of: .text(253), most: 16), "Further host names under which the page may be reached."),
    ]

    private static let peering: [Setting] = [
        Setting(
            "mode", .choice(["off", "auto", "on"]), "auto",
            "Auto opens the network when the first peer is trusted or the first room is made, not before."),
        Setting(
            "discovery", .choice(["off", "quiet", "on"]), "on",
            "Being found on the local network; quiet listens, and answers only known gateways."),
        Setting("relay", .text(256), "none", "Where direct ways fail: none, n0, or the URL of a relay."),
        Setting(
            "bind", .list(of: .text(100), most: 4),
            "Local addresses of the transport, one of each family; any unless set."),
        Setting("port", .whole(1...65_535), "21847", "UDP port on which gateways of a local network find each other."),
        Setting("metered", .flag, "false", "The network costs money: fewer signs of life."),
    ]

    private static let rooms: [Setting] = [
        Setting(
            "accept_control", .choice(["none", "rate", "all"]), "rate",
            "What a room may change here: nothing, sensor rates, or also whether a sensor is recorded.")
    ]
}
