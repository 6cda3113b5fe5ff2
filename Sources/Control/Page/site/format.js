// Numbers and times for people.

const space = "\u202f";

export function bytes(count) {
    if (count == null || !Number.isFinite(count)) return "–";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let at = 0;
    while (count >= 1024 && at < units.length - 1) { count /= 1024; at += 1; }
    return `${count < 10 && at > 0 ? count.toFixed(1) : Math.round(count)}${space}${units[at]}`;
}

export function count(number) {
    if (number == null || !Number.isFinite(number)) return "–";
    if (Math.abs(number) < 10_000) return String(Math.round(number));
    const units = ["", "k", "M", "G", "T"];
    let at = 0;
    while (Math.abs(number) >= 1000 && at < units.length - 1) { number /= 1000; at += 1; }
    return `${number < 100 ? number.toFixed(1) : Math.round(number)}${space}${units[at]}`;
}

export function rate(number) {
    if (number == null || !Number.isFinite(number)) return "–";
    return number >= 100 ? count(number) : number.toFixed(number >= 10 || number === 0 ? 0 : 1);
}

export function duration(seconds) {
    if (seconds == null || !Number.isFinite(seconds)) return "–";
    if (seconds < 1) return `${Math.round(seconds * 1000)}${space}ms`;
    if (seconds < 90) return `${Math.round(seconds)}${space}s`;
    if (seconds < 5400) return `${Math.round(seconds / 60)}${space}min`;
    if (seconds < 129_600) return `${Math.round(seconds / 3600)}${space}h`;
    return `${Math.round(seconds / 86_400)}${space}days`;
}

export function ago(milliseconds) {
    if (milliseconds == null) return "never";
    return milliseconds < 2000 ? "just now" : `${duration(milliseconds / 1000)} ago`;
}

export function bound(milliseconds) {
    if (milliseconds == null || !Number.isFinite(milliseconds)) return "unknown";
    return `±${space}${milliseconds < 1 ? "1 ms" : duration(milliseconds / 1000)}`;
}

/** A measured value, with the digits its scale is good for. */
export function value(number, scale) {
    if (number == null) return "–";
    if (typeof number === "boolean") return number ? "on" : "off";
    if (typeof number !== "number") return String(number);
    if (!Number.isFinite(number)) return "–";
    if (scale != null && scale < 0) return number.toFixed(Math.min(3, -scale));
    if (Number.isInteger(number)) return Math.abs(number) < 1e7 ? String(number) : count(number);
    const size = Math.abs(number);
    return size >= 1000 ? number.toFixed(0) : size >= 10 ? number.toFixed(1) : size >= 0.01 || size === 0 ? number.toFixed(2)
        : number.toPrecision(2);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short" });

export const time = (milliseconds) => clock.format(milliseconds);
export const date = (milliseconds) => day.format(milliseconds);

export function moment(milliseconds) {
    const today = new Date().toDateString() === new Date(milliseconds).toDateString();
    return today ? time(milliseconds) : `${date(milliseconds)}, ${time(milliseconds)}`;
}

const short = { heartrate: "Heart rate", ecg: "ECG", ppg: "PPG", hrv: "HRV", imu: "IMU", rr: "RR", rssi: "RSSI", gps: "GPS", co2: "CO₂", spo2: "SpO₂", uv: "UV" };

/** `skin_temperature` as people write it. */
export function title(text) {
    return text.split(/[_ ]/).map((word, index) => short[word.toLowerCase()]
        ?? (index === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word)).join(" ");
}
