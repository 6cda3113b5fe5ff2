// The one live connection of the page. Whoever shows live values subscribes to streams here; the connection is made, kept
// and made again behind their backs.
import { decode } from "./frames.js";
import { get, onSignedOut, Refused } from "./api.js";

/** Milliseconds of newest samples kept of each stream, and how many at most. */
export const keptMs = 70_000;
const mostKept = 20_000;

class Live extends EventTarget {
    constructor() {
        super();
        this.streams = new Map();
        this.clock = { offset_ms: 0, error_ms: null, settled: false };
        this.state = "connecting";
        this.dropped = 0;
        this.selection = { sensors: null, every: false, history: 65_000 };
        this.tries = 0;
        this.serverAhead = 0;
        document.addEventListener("visibilitychange", () => this.send({ type: document.hidden ? "pause" : "resume" }));
    }

    /** Watches these sensors (null: all). */
    select(sensors, every = false) {
        const same = this.selection.every === every && JSON.stringify(this.selection.sensors) === JSON.stringify(sensors);
        if (same && this.socket) return;
        this.selection = { ...this.selection, sensors, every };
        if (this.socket?.readyState === WebSocket.OPEN) this.send({ type: "select", ...this.selection });
        else this.connect();
    }

    focus(sensor) { this.send({ type: "focus", sensor }); }

    send(message) {
        if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    }

    stop() {
        this.stopped = true;
        this.socket?.close();
    }

    connect() {
        if (this.socket || this.stopped) return;
        clearTimeout(this.timer);
        const query = new URLSearchParams({ history: this.selection.history });
        if (this.selection.sensors) query.set("sensors", this.selection.sensors.join(","));
        if (this.selection.every) query.set("every", "true");
        const scheme = location.protocol === "https:" ? "wss" : "ws";
        const socket = new WebSocket(`${scheme}://${location.host}/v1/live?${query}`, "bothy.frames.v1");
        this.socket = socket;
        socket.binaryType = "arraybuffer";
        socket.onopen = () => { this.tries = 0; };
        socket.onmessage = (event) => this.receive(event.data);
        socket.onclose = () => this.lost(socket);
    }

    async lost(socket) {
        if (this.socket !== socket) return;
        this.socket = null;
        if (this.stopped) return;
        this.become("lost");
        this.tries += 1;
        const wait = Math.min(500 * 1.6 ** this.tries, 8000) * (0.75 + Math.random() / 2);
        // A browser does not say why a WebSocket was refused; asking once tells whether the session is over.
        try { await get("/v1/session"); } catch (error) {
            if (error instanceof Refused && error.status === 401) { onSignedOut(); return; }
        }
        this.timer = setTimeout(() => this.connect(), wait);
    }

    become(state) {
        if (this.state === state) return;
        this.state = state;
        this.dispatchEvent(new Event("state"));
    }

    receive(data) {
        if (typeof data !== "string") {
            for (const part of decode(data)) this.take(part);
            this.dispatchEvent(new Event("samples"));
            return;
        }
        const message = JSON.parse(data);
        if (message.type === "streams") this.learn(message);
        else if (message.type === "clock") this.clock = message.clock;
        else if (message.type === "dropped") {
            this.dropped += message.count;
            this.streams.get(message.stream)?.gaps.push(message);
        } else if (message.type === "tier") this.interval = message.interval_ms;
    }

    learn(message) {
        const before = this.run === message.run ? this.streams : new Map();
        this.run = message.run;
        this.clock = message.clock;
        // How far the gateway's clock is ahead of ours, so that "now" on a chart is its now.
        this.serverAhead = message.now_ms - Date.now();
        this.streams = new Map();
        for (const info of message.streams) {
            // What was thinned has no place among what is whole.
            const known = info.whole && before.get(info.stream)?.whole === false ? null : before.get(info.stream);
            this.streams.set(info.stream, {
                ...info, t: known?.t ?? [], v: known?.v ?? [], last: known?.last ?? -1, gaps: known?.gaps ?? [],
            });
        }
        this.become("live");
        this.dispatchEvent(new Event("streams"));
    }

    take({ stream, first, samples }) {
        const kept = this.streams.get(stream);
        if (!kept) return;
        const factor = 10 ** Math.abs(samples.scale);
        const unit = (value) => typeof value !== "number" && typeof value !== "bigint" ? value
            : samples.scale < 0 ? Number(value) / factor : Number(value) * factor;
        for (let index = 0; index < samples.times.length; index += 1) {
            if (first + index <= kept.last) continue;
            // A jump in what should be whole is a hole in the line.
            if (kept.whole && kept.last >= 0 && first + index > kept.last + 1) { kept.t.push(NaN); kept.v.push(null); }
            kept.last = first + index;
            kept.t.push(Number(samples.times[index]) / 1e6 + this.clock.offset_ms);
            kept.v.push(samples.width === 1 ? unit(samples.values[index])
                : samples.values.slice(index * samples.width, (index + 1) * samples.width).map(unit));
        }
        this.trim(kept);
    }

    trim(kept) {
        const oldest = kept.t[kept.t.length - 1] - keptMs;
        let cut = Math.max(0, kept.t.length - mostKept);
        while (cut < kept.t.length && kept.t[cut] < oldest) cut += 1;
        if (cut > 512 || kept.t.length > mostKept) {
            kept.t.splice(0, cut);
            kept.v.splice(0, cut);
        }
    }

    /** The gateway's time, in Unix milliseconds. */
    now() { return Date.now() + this.serverAhead; }

    of(sensor, attribute) {
        for (const stream of this.streams.values()) {
            if (stream.sensor === sensor && stream.attribute === attribute) return stream;
        }
        return null;
    }
}

export const live = new Live();
