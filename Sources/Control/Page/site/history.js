// What a stream measured, fetched as coarsely as a chart of that width can show.
import { get } from "./api.js";
import { keptMs, live } from "./live.js";
import { firstAt } from "./paint.js";

/** Rows a chart asks for at most; more than pixels help nobody. */
const mostRows = 3000;

export class History {
    constructor(sensor, attribute) {
        [this.sensor, this.attribute] = [sensor, attribute];
        this.path = `/v1/sensors/${encodeURIComponent(sensor)}/${encodeURIComponent(attribute.name)}/samples`;
        this.got = null;
    }

    /** The newest samples at hand, where they cover all of `from` to `to`. */
    atHand(from, to) {
        const stream = live.of(this.sensor, this.attribute.name);
        if (!stream || stream.t.length === 0) return null;
        if (to - from > keptMs - 5000 || to < live.now() - keptMs) return null;
        // Attributes of which only the newest value is shown live are not whole between.
        if (!stream.whole && to < live.now() - 2000) return null;
        const begin = Math.max(0, firstAt(stream.t, from) - 1);
        return { t: stream.t.slice(begin), v: stream.v.slice(begin) };
    }

    /** Points from `from` to `to` for a chart `width` pixels wide; what was got before where that is enough. */
    async load(from, to, width) {
        const room = (to - from) * 0.5;
        const [begin, end] = [from - room, Math.min(to + room, live.now())];
        const rate = this.attribute.rate || 1;
        const raw = ((end - begin) / 1000) * rate <= mostRows;
        const step = raw ? 0 : Math.max(1, Math.ceil((to - from) / Math.min(width, mostRows / 2)));
        const got = this.got;
        const fits = got && got.from <= from && got.to >= Math.min(to, live.now() - Math.max(5000, step))
            && got.step <= step * 1.5 && got.step >= step / 2.5;
        if (fits) return got.points;
        this.aborter?.abort();
        this.aborter = new AbortController();
        const query = new URLSearchParams({ from: (begin / 1000).toFixed(3), to: (end / 1000).toFixed(3) });
        if (step) query.set("resolution", step);
        const answer = await get(`${this.path}?${query}`, { signal: this.aborter.signal });
        const points = { t: answer.t, v: answer.v, step };
        if (answer.least) [points.least, points.most] = [answer.least, answer.most];
        this.got = { from: begin, to: end, step, points };
        return points;
    }

    export(from, to, form) {
        const query = new URLSearchParams({ from: (from / 1000).toFixed(3), to: (to / 1000).toFixed(3), format: form });
        return `${this.path}?${query}`;
    }
}
